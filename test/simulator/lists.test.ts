import { describe, expect, it } from 'vitest';
import { SimulatorClock } from '../../src/simulator/clock.ts';
import { type Notification, Notifications } from '../../src/simulator/notifications.ts';
import { openTables } from '../../src/simulator/tables.ts';
import { clientOf, raw, SETTLED_MS, sendText, startSimulator } from './support.ts';

interface Page {
  readonly notifications: { readonly id: string }[];
  readonly links: { readonly current: string; readonly next?: string };
}

const idsOf = (page: Page): string[] => page.notifications.map(({ id }) => id);

describe('5.6: the list of notifications', () => {
  it('is newest first in pages; there is a next page after every one that is not empty', async () => {
    const simulator = await startSimulator({ service: { pageSize: 2 } });
    const sent = [await sendText(simulator), await sendText(simulator), await sendText(simulator)];
    const client = clientOf(simulator);
    const first: Page = (await client.getNotifications()).data;
    expect(idsOf(first)).toEqual([sent[2], sent[1]]);
    expect(first.links).toEqual({
      current: `${simulator.url}/v2/notifications`,
      next: `${simulator.url}/v2/notifications?older_than=${sent[1]}`,
    });
    const second: Page = (await client.getNotifications(undefined, undefined, undefined, sent[1])).data;
    expect(idsOf(second)).toEqual([sent[0]]);
    expect(second.links.next).toBe(`${simulator.url}/v2/notifications?older_than=${sent[0]}`);
    const third: Page = (await client.getNotifications(undefined, undefined, undefined, sent[0])).data;
    expect(third).toEqual({
      notifications: [],
      links: { current: `${simulator.url}/v2/notifications?older_than=${sent[0]}` },
    });
  });

  it('each key type lists its own, and any reads any by id', async () => {
    const simulator = await startSimulator();
    const live = await sendText(simulator, '07700900123', { reference: 'r' });
    const test = (
      await clientOf(simulator, 'test').sendSms(simulator.templates.sms, '07700900123', {
        personalisation: { body: 'x' },
        reference: 'r',
      })
    ).data.id;
    const listed = async (key: 'normal' | 'team' | 'test') =>
      idsOf((await clientOf(simulator, key).getNotifications(undefined, undefined, 'r')).data);
    expect(await listed('normal')).toEqual([live]);
    expect(await listed('test')).toEqual([test]);
    expect(await listed('team')).toEqual([]);
    expect((await clientOf(simulator, 'team').getNotificationById(test)).status).toBe(200);
  });

  it('several values of a filter, statuses that stand for several, and the links that carry them on', async () => {
    const simulator = await startSimulator();
    const failed = await sendText(simulator, '07700900002');
    const delivered = await sendText(simulator, '07700900123');
    await simulator.control.advance(SETTLED_MS);
    const created = await sendText(simulator, '07700900123', { reference: 'r' });
    const list = async (query: string) => (await raw(simulator, 'GET', `/v2/notifications?${query}`)).body as Page;
    expect(idsOf(await list('status=failed'))).toEqual([failed]);
    expect(idsOf(await list('status=accepted'))).toEqual([created]);
    expect(idsOf(await list('status=received'))).toEqual([delivered]);
    expect(idsOf(await list('reference='))).toEqual([]);
    expect(idsOf(await list('reference=R'))).toEqual([]);
    expect(idsOf(await list('include_jobs=true'))).toHaveLength(3);
    const two = await list('status=delivered&status=permanent-failure&template_type=sms&template_type=email');
    expect(idsOf(two)).toEqual([delivered, failed]);
    expect(two.links.next).toBe(`${two.links.current}&older_than=${failed}`);
    expect(two.links.current).toContain('status=delivered&status=permanent-failure');
  });

  it('an unknown id to page from gives an empty page', async () => {
    const simulator = await startSimulator();
    await sendText(simulator);
    const query = 'older_than=11111111-1111-4111-8111-111111111111';
    expect(((await raw(simulator, 'GET', `/v2/notifications?${query}`)).body as Page).notifications).toEqual([]);
  });

  it('rows of the same microsecond are skipped by paging', async () => {
    const database = openTables(':memory:');
    const notifications = new Notifications(database, new SimulatorClock({ now: () => new Date(0) }, 0));
    const row = {
      channel: 'sms',
      key_type: 'normal',
      status: 'created',
      reference: null,
      recipient: '',
      normalised: '',
      template_id: '',
      template_version: 1,
      body: '',
      subject: null,
      sent_us: null,
      updated_us: null,
      international: 0,
      multiplier: 1,
      fragments: 1,
      unsubscribe_url: null,
    } as const;
    const rows: Notification[] = [1, 2, 2, 3].map((created_us, index) => ({ ...row, id: `n${index}`, created_us }));
    await database.write(() => {
      for (const one of rows) notifications.insert(one);
    });
    const page = notifications.list({ keyType: 'normal', olderThan: 'n2', pageSize: 10 });
    expect(page.map(({ id }) => id)).toEqual(['n0']);
    database.close();
  });

  it('12.2: two messages may have one reference, and are both found', async () => {
    const simulator = await startSimulator();
    const ids = [
      await sendText(simulator, '07700900123', { reference: 'r' }),
      await sendText(simulator, '07700900123', { reference: 'r' }),
    ];
    const page: Page = (await clientOf(simulator).getNotifications(undefined, undefined, 'r')).data;
    expect(idsOf(page)).toEqual(ids.toReversed());
    expect(simulator.control.ledger().countByReference).toEqual({ r: 2 });
    expect(simulator.control.ledger('other').messages).toEqual([]);
  });

  it('5.5: an unknown id is not found', async () => {
    const simulator = await startSimulator();
    expect(await raw(simulator, 'GET', '/v2/notifications/11111111-1111-4111-8111-111111111111')).toMatchObject({
      status: 404,
      body: { status_code: 404, errors: [{ error: 'NoResultFound', message: 'No result found' }] },
    });
  });
});

describe('5.10: the list of received texts', () => {
  it('is newest first in pages, for any key, with a next page after every one that is not empty', async () => {
    const simulator = await startSimulator({ service: { pageSize: 2 } });
    const sent: (string | undefined)[] = [];
    for (const message of ['one', 'two', 'three']) {
      sent.push(await simulator.control.receiveText('07700 900123', message));
      await simulator.control.advance(1);
    }
    const client = clientOf(simulator, 'test');
    const first = (await client.getReceivedTexts()).data;
    const ids = (page: typeof first) => page.received_text_messages.map(({ id }) => id);
    const address = `${simulator.url}/v2/received-text-messages`;
    expect(ids(first)).toEqual([sent[2], sent[1]]);
    expect(first.links).toEqual({ current: address, next: `${address}?older_than=${sent[1]}` });
    const second = (await client.getReceivedTexts(sent[1])).data;
    expect(ids(second)).toEqual([sent[0]]);
    expect(second.links.next).toBe(`${address}?older_than=${sent[0]}`);
    expect((await client.getReceivedTexts(sent[0])).data).toEqual({
      received_text_messages: [],
      links: { current: address },
    });
    expect((await raw(simulator, 'GET', '/v2/received-text-messages?page=2')).status).toBe(400);
  });

  it('12.1: is purged as messages are', async () => {
    const simulator = await startSimulator();
    await simulator.control.receiveText('07700 900123', 'old');
    await simulator.control.advance(9 * 24 * 3_600_000);
    await simulator.control.receiveText('07700 900123', 'new');
    await simulator.control.perform('purge');
    const { data } = await clientOf(simulator).getReceivedTexts();
    expect(data.received_text_messages.map(({ content }) => content)).toEqual(['new']);
  });
});
