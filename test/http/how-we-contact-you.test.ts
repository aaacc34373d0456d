import { createHash } from 'node:crypto';
import type { ActivityDefinition, Composition, Endpoint } from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { type FhirStore, StoreError } from '../../src/store/fhir-store.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { faultsOf, r4 } from '../validate/support.ts';

let running: TestApp | undefined;
afterEach(() => running?.close());

async function started(
  change: Parameters<typeof startApp>[0] = {},
  resources = [...shippedMessageTypes, ...shippedEndpoints],
) {
  running = startApp({ policy: { ...defaultPolicy, contactLine: 'Ring us on 0113 496 0123.' }, ...change });
  await running.store.commit(resources.map((resource) => ({ op: 'create', resource })));
  return running;
}
const page = async (app: TestApp) => (await app.nobody('get', '/how-we-contact-you')).text;

describe('ACC-3: GET /how-we-contact-you', () => {
  it('needs no token, and says ways, purposes, lawful bases, how to object, hours and who writes', async () => {
    const answer = await (await started()).nobody('get', '/how-we-contact-you');
    expect([answer.status, answer.type]).toEqual([200, 'text/html']);
    for (const said of [
      'Example NHS Trust',
      '<b>Text message</b>',
      '<b>Letter</b>',
      'Appointment reminder',
      '<a href="https://www.legislation.gov.uk/eur/2016/679/article/9">UK GDPR Article 9(1)(h), health or social care</a>',
      'Implied consent',
      'You have the right to object',
      'Ring us on 0113 496 0123.',
      '<b>STOP</b>',
      'Monday to Friday, 9am to 5pm',
      'call 999',
    ]) {
      expect(answer.text).toContain(said);
    }
  });

  it('speaks of what is in use now, and of nothing else', async () => {
    const [sms, ...others] = shippedEndpoints;
    const off = { ...sms, status: 'off' } as Endpoint & { id: string };
    const retired = shippedMessageTypes.map((one): ActivityDefinition & { id: string } =>
      one.id === 'appointment-reminder' ? { ...one, status: 'retired' } : one,
    );
    const text = await page(await started({}, [...retired, off, ...others]));
    expect(text).not.toContain('Text message');
    expect(text).not.toContain('<b>NHS App</b>');
    expect(text).not.toContain('Appointment reminder');
    // It goes by text alone.
    expect(text).not.toContain('Call announcement');
    expect(text).toContain('Appointment confirmation');
  });

  it('follows the configuration: another type, another basis, other hours', async () => {
    const own = {
      ...(shippedMessageTypes[0] as ActivityDefinition & { id: string }),
      id: 'own',
      url: 'https://trust.example/ActivityDefinition/own',
      title: 'Bus <timetable>',
    };
    const policy = {
      ...defaultPolicy,
      lawfulBases: [{ label: 'our own basis' }],
      teamHours: { ...defaultPolicy.teamHours, to: '20:00' },
    };
    const text = await page(await started({ policy }, [own, ...shippedEndpoints]));
    for (const said of ['Bus &lt;timetable&gt;', 'Our own basis', '9am to 8pm']) expect(text).toContain(said);
    expect(text).not.toContain('<timetable>');
  });

  it('loads nothing and runs nothing: its policy allows its own style alone', async () => {
    const answer = await (await started()).nobody('get', '/how-we-contact-you');
    const style = /<style>([\s\S]*)<\/style>/.exec(answer.text)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(answer.headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(answer.text).not.toMatch(/<script|\sstyle=|src=|@import|url\(/);
  });

  it('can be read by everybody: a language, one first heading, headings that name their parts', async () => {
    const text = await page(await started());
    expect(text).toContain('<html lang="en-GB">');
    expect(text.match(/<h1>/g)).toHaveLength(1);
    const ids = [...text.matchAll(/<h2 id="(\w+)">/g)].map(([, id]) => id);
    expect([...text.matchAll(/<a href="#(\w+)">/g)].map(([, id]) => id)).toEqual(ids);
    expect([...text.matchAll(/aria-labelledby="(\w+)"/g)].map(([, id]) => id)).toEqual(ids);
    expect(new Set(ids).size).toBe(7);
  });

  it('is a FHIR resource to machines: a valid Composition with the same words', async () => {
    const app = await started();
    const html = await page(app);
    const answer = await app.nobody('get', '/how-we-contact-you').set('Accept', 'application/fhir+json');
    expect([answer.status, answer.type]).toEqual([200, 'application/fhir+json']);
    const composition = JSON.parse(answer.text) as Composition;
    expect(faultsOf(r4, composition)).toEqual([]);
    expect(composition.section?.map((one) => one.title)).toContain('If you do not want messages');
    for (const one of composition.section ?? []) {
      const words = one.text?.div.replace(/^<div [^>]*>|<\/div>$/g, '') ?? '-';
      expect(html).toContain(words);
    }
  });

  it('a store that does not answer is asked again later; nothing half is shown', async () => {
    let down = true;
    const app = await started({
      wrapStore: (store) =>
        searching(store, () => (down ? Promise.reject(new StoreError('unavailable', 'down')) : undefined)),
    });
    const answer = await app.nobody('get', '/how-we-contact-you');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '10']);
    down = false;
    expect((await app.nobody('get', '/how-we-contact-you')).status).toBe(200);
  });

  it('many visitors at once cost one look at the store', async () => {
    let asked = 0;
    const app = await started({
      wrapStore: (store) =>
        searching(store, () => {
          asked++;
          return undefined;
        }),
    });
    await Promise.all(Array.from({ length: 20 }, () => supertest(app.app).get('/how-we-contact-you')));
    expect(asked).toBe(2);
  });
});

/** A store whose searches are answered by something else, where that answers. */
function searching(store: FhirStore, instead: () => Promise<never> | undefined): FhirStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => (name === 'search' ? instead() : undefined) ?? value.apply(target, args);
    },
  });
}
