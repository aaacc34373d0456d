import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { NotifyClient } from 'notifications-node-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { passThrough } from '../../src/simulator/templates.ts';
import { openDatabase } from '../../src/store/database.ts';
import { clientOf, SETTLED_MS, sendLetter, sendText, startSimulator } from './support.ts';

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'notify.sqlite');
}

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly url: string;
  readonly apiKey: string;
}

async function startProgram(env: Record<string, string>): Promise<Running> {
  const child = spawn(process.execPath, ['src/simulator/main.ts'], {
    env: { PATH: process.env.PATH ?? '', SIMULATOR_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.includes('/v2/notifications/sms')) break;
  }
  const find = (pattern: RegExp): string => pattern.exec(lines.join('\n'))?.[1] ?? '';
  return { child, lines, url: find(/listening on (\S+)/), apiKey: find(/API key +(\S+)/) };
}

describe('the simulator by itself', () => {
  it('prints its address, key and page, and stops cleanly on SIGTERM', async () => {
    const { child, lines, url } = await startProgram({});
    expect(lines[0]).toBe(`notify simulator listening on ${url}`);
    expect(lines.join('\n')).toContain(`phones and inboxes  ${url}/`);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('prints where callbacks go, and a curl that works as it stands', async () => {
    const { lines, url, apiKey } = await startProgram({
      SIMULATOR_RETURNED_LETTER_URL: 'http://127.0.0.1:9/letters',
      SIMULATOR_CALLBACK_TOKEN: '0123456789',
    });
    const printed = lines.join('\n');
    expect(printed).toMatch(/receipts +nowhere \(SIMULATOR_CALLBACK_URL/);
    expect(printed).toMatch(/returned letters +http:\/\/127\.0\.0\.1:9\/letters/);
    const curl = printed.slice(printed.indexOf('curl '));
    const [, token = ''] = /\$\(curl -s (\S+)\)/.exec(curl) ?? [];
    const [, body = ''] = /-d '([^']+)'/.exec(curl) ?? [];
    const [address = ''] = curl.trim().split(/\s+/).slice(-1);
    const authorization = `Bearer ${await (await fetch(token)).text()}`;
    const reply = await fetch(address, { method: 'POST', headers: { authorization }, body });
    expect([reply.status, address]).toEqual([201, `${url}/v2/notifications/sms`]);
    const { data } = await new NotifyClient(url, apiKey).getNotifications();
    expect(data.notifications).toMatchObject([{ type: 'sms', phone_number: '07700 900123' }]);
  });

  it('kill -9 loses no message that was answered with 201', async () => {
    const data = temporaryFile();
    const first = await startProgram({ SIMULATOR_DATA: data });
    const client = new NotifyClient(first.url, first.apiKey);
    const answered: string[] = [];
    const personalisation = { body: 'x' };
    const send = async (reference: string): Promise<void> => {
      await client.sendSms(passThrough.sms, '07700900123', { personalisation, reference });
      answered.push(reference);
      if (answered.length === 20) first.child.kill('SIGKILL');
    };
    await Promise.allSettled(Array.from({ length: 60 }, (_, n) => send(`r${n}`)));
    expect(answered.length).toBeGreaterThanOrEqual(20);
    const second = await startProgram({ SIMULATOR_DATA: data });
    const again = new NotifyClient(second.url, second.apiKey);
    const { data: page } = await again.getNotifications();
    const references = page.notifications.map((one) => one.reference);
    expect(references).toEqual(expect.arrayContaining(answered));
    expect(new Set(references).size).toBe(references.length);
  });

  it.each([
    [{ SIMULATOR_PORT: 'x' }],
    [{ SIMULATOR_CALLBACK_URL: 'x', SIMULATOR_CALLBACK_TOKEN: '0123456789' }],
    [{ SIMULATOR_CALLBACK_URL: 'http://127.0.0.1:1/', SIMULATOR_CALLBACK_TOKEN: 'short' }],
    [{ SIMULATOR_RETURNED_LETTER_URL: 'http://127.0.0.1:1/' }],
  ])('a wrong setting %j exits with 78', async (env) => {
    const child = spawn(process.execPath, ['src/simulator/main.ts'], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: 'ignore',
    });
    expect(await once(child, 'exit')).toEqual([78, null]);
  });
});

describe('a second start on the same file', () => {
  it('has the messages and their steps, callbacks, faults, templates, settings, counts and time', async () => {
    const data = temporaryFile();
    const startedAt = Date.now();
    const clock = { now: () => new Date(startedAt) };
    const first = await startSimulator({ data, clock });
    await first.control.setCallbacks({ deliveryReceipt: { url: 'http://127.0.0.1:9/', token: '0123456789' } });
    await first.control.pauseCallbacks(true);
    const done = await sendText(first, '07700900123', { reference: 'r' });
    await first.control.advance(SETTLED_MS);
    const pending = await sendText(first);
    await first.control.addFault({ fault: 'hang', operation: 'lookup', count: 5 });
    await first.control.receiveText('07700900123', 'Hi');
    await first.control.changeService({ dailyLimits: { sms: 2, email: 9, international_sms: 9 } });
    await first.control.putTemplate(first.templates.email, { type: 'email', name: 'E', subject: 's', body: 'b' });
    const before = first.control.state();
    await first.close();

    const second = await startSimulator({ data, clock });
    expect(second.control.state()).toEqual(before);
    const ledger = second.control.ledger().messages;
    expect(ledger.map(({ id, status }) => [id, status])).toEqual([
      [done, 'delivered'],
      [pending, 'created'],
    ]);
    expect((await clientOf(second).getTemplateById(second.templates.email)).data.version).toBe(2);
    expect((await clientOf(second).getReceivedTexts()).data.received_text_messages).toHaveLength(1);
    await expect(sendText(second)).rejects.toMatchObject({ response: { status: 429 } });
    await second.control.advance(SETTLED_MS);
    expect(second.control.ledger().messages.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  });

  it('has letters, their PDFs and what is still to come of them', async () => {
    const data = temporaryFile();
    const startedAt = Date.now();
    const clock = { now: () => new Date(startedAt) };
    const first = await startSimulator({ data, clock });
    const id = await sendLetter(first);
    await first.control.advance(SETTLED_MS);
    const pdf = await clientOf(first).getPdfForLetterNotification(id);
    await first.close();
    const second = await startSimulator({ data, clock });
    expect((await clientOf(second).getPdfForLetterNotification(id)).equals(pdf)).toBe(true);
    await second.control.advance(7 * 24 * 3_600_000);
    expect((await clientOf(second).getNotificationById(id)).data).toMatchObject({
      status: 'received',
      line_1: 'Pat Example',
    });
    await second.control.reset();
    await expect(clientOf(second).getPdfForLetterNotification(id)).rejects.toMatchObject({ response: { status: 404 } });
  });

  it('opens a file of before there were letters', async () => {
    const data = temporaryFile();
    const old = openDatabase(data);
    old.sql.exec(`CREATE TABLE templates (id TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
      name TEXT NOT NULL, subject TEXT, body TEXT NOT NULL, archived INTEGER NOT NULL, created_us INTEGER NOT NULL,
      updated_us INTEGER, PRIMARY KEY (id, version)) STRICT;
      INSERT INTO templates VALUES ('${passThrough.sms}', 1, 'sms', 'Text', NULL, 'Old: ((body))', 0, 1, NULL);
      CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`);
    const service = { permissions: ['sms', 'letter'], dailyLimits: { sms: 9, email: 9, international_sms: 9 } };
    old.sql.prepare('INSERT INTO settings VALUES (?, ?)').run('service', JSON.stringify(service));
    old.close();
    const simulator = await startSimulator({ data });
    expect((await clientOf(simulator).getTemplateById(passThrough.sms)).data).toMatchObject({
      body: 'Old: ((body))',
      postage: null,
    });
    const id = await sendLetter(simulator);
    await simulator.control.advance(SETTLED_MS);
    expect((await clientOf(simulator).getNotificationById(id)).data).toMatchObject({ is_cost_data_ready: true });
  });

  it('goes on with the draws of a seeded fault', async () => {
    const strikes = async (restartAt: number | undefined): Promise<string> => {
      const data = temporaryFile();
      let simulator = await startSimulator({ data });
      await simulator.control.addFault({ fault: 'error-500', probability: 0.5, seed: 3 });
      let pattern = '';
      for (let i = 0; i < 16; i += 1) {
        if (i === restartAt) {
          await simulator.close();
          simulator = await startSimulator({ data });
        }
        pattern += await sendText(simulator).then(
          () => '.',
          () => 'x',
        );
      }
      return pattern;
    };
    expect(await strikes(8)).toBe(await strikes(undefined));
  });
});
