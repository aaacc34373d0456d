import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import type { Probe } from '../../src/doctor/probe.ts';
import { apply } from '../../src/install/apply.ts';
import { digestOf, placeOf } from '../../src/install/content.ts';
import shippedBefore from '../../src/install/generated/shipped-before.json' with { type: 'json' };
import { plan } from '../../src/install/plan.ts';
import { isTheTrusts, type Shipped, shippedResources } from '../../src/install/shipped.ts';
import { type Stub, type StubOptions, startStub } from '../servers/stub/stub.ts';
import { altered, given, probeOf, run } from './support.ts';

let stub: Stub;
let probe: Probe;
const start = async (options: StubOptions = {}): Promise<void> => {
  stub = await startStub({ indexLagMs: 0, ...options });
  probe = probeOf(stub.url);
};
beforeEach(() => start());
afterEach(() => stub.stop());

const restart = async (options: StubOptions): Promise<void> => {
  await stub.stop();
  await start(options);
};
const shipped = (place: string): Shipped => {
  const found = shippedResources().find((one) => placeOf(one) === place);
  if (found === undefined) throw new Error(`${place} is not shipped`);
  return found;
};
const habits = { createGuard: 'if-none-match' } as const;
const codeSystem = shipped('CodeSystem/channel');
const messageType = shipped('ActivityDefinition/care-message');
const channel = shipped('Endpoint/channel-sms');
const kinds: readonly (readonly [string, Shipped])[] = [
  ['a profile or terminology', codeSystem],
  ['a message type', messageType],
  ['a channel', channel],
];

/** Plans, and does it. */
async function install(resource: Shipped) {
  const planned = await plan(probe, resource);
  const doable = planned.change === 'new' || planned.change === 'changed';
  return { ...planned, ...(doable ? await apply(probe, planned, habits) : {}) };
}
const stored = async (place: string) => (await probe.ask({ path: place })).body;
const numberOf = async (type: string) =>
  new Set((await stub.dump()).filter((one) => one.resourceType === type).map((one) => one.id)).size;

describe('contract 1: npx herald install', () => {
  it('puts everything there in one go, never people; again it changes nothing', async () => {
    await restart({ profile: 'hapi-like', token: 'a-token-1' });
    const env = { HERALD_FHIR_STORE: stub.url, HERALD_FHIR_STORE_TOKEN: 'a-token-1' };
    const first = await run(['install', '--yes', '--json'], env);
    expect([first.code, first.err]).toEqual([0, '']);
    const report = JSON.parse(first.out);
    expect(report.resources.map((one: { change: string; result: string }) => `${one.change} ${one.result}`)).toEqual(
      shippedResources().map(() => 'new written'),
    );
    expect(report.reindex).toContain('POST $reindex');

    const there = await stub.dump();
    expect(there.map((one) => `${one.resourceType}/${one.id}`).sort()).toEqual(shippedResources().map(placeOf).sort());
    expect(there.map(digestOf).sort()).toEqual(shippedResources().map(digestOf).sort());
    const types = [...new Set(there.map((one) => one.resourceType))];
    expect(types.filter((one) => /Patient|Person|Practitioner|Communication|Consent/.test(one))).toEqual([]);

    await stub.emptyLedger();
    const second = await run(['install', '--yes'], env);
    expect([second.code, second.out.split('\n').at(-1)]).toEqual([0, `${shippedResources().length} same.`]);
    expect((await stub.calls()).filter((one) => one.method !== 'GET')).toEqual([]);
    expect(first.out + second.out).not.toContain('a-token-1');
  }, 120_000);

  it('writes what is used before what uses it', () => {
    const places = shippedResources().map(placeOf);
    const at = (place: string): number => places.indexOf(place);
    expect(at('CodeSystem/channel')).toBeLessThan(at('ValueSet/channel'));
    expect(at('ValueSet/channel')).toBeLessThan(at('StructureDefinition/channel-template'));
    expect(at('StructureDefinition/channel-template')).toBeLessThan(at('StructureDefinition/herald-message-type'));
    expect(at('StructureDefinition/herald-message-type')).toBeLessThan(at('ActivityDefinition/care-message'));
    expect(at('SearchParameter/task-due')).toBeLessThan(at('ActivityDefinition/care-message'));
  });

  it('the embedded store needs nothing', async () => {
    expect(await run(['install', '--json'])).toEqual({
      code: 0,
      out: JSON.stringify({ store: 'embedded', resources: [] }, null, 2),
      err: '',
    });
  });
});

describe('contract 1: nothing is changed unless somebody says so', () => {
  const env = () => ({ HERALD_FHIR_STORE: stub.url });
  const written = async () => (await stub.calls()).filter((one) => one.method === 'PUT' || one.method === 'POST');

  it('--dry-run shows it', async () => {
    const { code, out } = await run(['install', '--dry-run'], env());
    expect(code).toBe(0);
    expect(out).toMatch(
      /^new +ActivityDefinition +https:\/\/herald\.example\/fhir\/ActivityDefinition\/care-message$/m,
    );
    expect(out).toMatch(/^new +Endpoint +Endpoint\/channel-sms$/m);
    expect(out).toContain(`\n${shippedResources().length} new.`);
    expect(await written()).toEqual([]);
  }, 60_000);

  it('where nobody can be asked it wants --yes: 64', async () => {
    const { code, err } = await run(['install'], env());
    expect([code, err]).toEqual([
      64,
      '--yes: it is missing, and nobody can be asked. Give --yes, or --dry-run to look only.',
    ]);
    expect(await written()).toEqual([]);
  }, 60_000);

  it('somebody at a terminal is asked, and a no is a no: 1', async () => {
    const { code, err } = await run(['install'], env(), 'y');
    expect([code, err]).toEqual([
      1,
      `Write these ${shippedResources().length} resources? Type yes to go on: \nNothing was changed.`,
    ]);
    expect(await written()).toEqual([]);
  }, 60_000);
});

describe('contract 1: what is there already', () => {
  it.each(kinds)('%s under another id is known by what it stands for, and not doubled', async (_kind, resource) => {
    await given(probe, { ...resource, id: 'another-id' });
    expect(await install(resource)).toMatchObject({ change: 'same', place: `${resource.resourceType}/another-id` });
    expect(await numberOf(resource.resourceType)).toBe(1);
  });

  it('a profile that was changed is put right, under the id that it has there', async () => {
    await given(probe, { ...codeSystem, id: 'another-id', title: 'Somebody changed this' });
    expect(await install(codeSystem)).toMatchObject({
      change: 'changed',
      result: 'written',
      place: 'CodeSystem/another-id',
    });
    expect(digestOf(await stored('CodeSystem/another-id'))).toBe(digestOf(codeSystem));
    expect(await numberOf('CodeSystem')).toBe(1);
  });

  it.each([
    ['0.0.9', { change: 'changed', note: 'version 0.0.9 before' }],
    ['0.10.0', { change: 'kept', note: 'version 0.10.0 is newer than ours' }],
  ])('a profile of version %s', async (version, expected) => {
    await given(probe, { ...codeSystem, version });
    expect(await plan(probe, codeSystem)).toMatchObject(expected);
  });

  it.each(kinds.slice(1))('%s that the trust changed is kept', async (_kind, resource) => {
    const own = { ...resource, status: resource.resourceType === 'Endpoint' ? 'off' : 'retired' };
    await given(probe, own);
    expect(await install(resource)).toMatchObject({ change: 'kept', note: "the trust's own" });
    expect(await stored(placeOf(resource))).toMatchObject(own);
  });

  it.each(kinds.slice(1))('%s of the trust’s own making, under its own id, is kept', async (_kind, resource) => {
    const own = { ...resource, id: 'our-own', name: 'OurOwn' };
    await given(probe, own);
    expect(await install(resource)).toMatchObject({ change: 'kept', place: `${resource.resourceType}/our-own` });
    expect(await numberOf(resource.resourceType)).toBe(1);
  });

  it('a message type as an earlier release shipped it is brought up to date', async () => {
    const place = placeOf(messageType);
    const earlier = { ...messageType, title: 'As it was' };
    const digests: Record<string, string[]> = shippedBefore.digests;
    const before = digests[place] ?? [];
    digests[place] = [...before, digestOf(earlier)];
    try {
      await given(probe, earlier);
      expect(await install(messageType)).toMatchObject({
        change: 'changed',
        result: 'written',
        note: 'as shipped earlier',
      });
      expect(await stored(place)).toMatchObject({
        title: messageType.resourceType === 'ActivityDefinition' && messageType.title,
      });
    } finally {
      digests[place] = before;
    }
  });

  it('what ever was shipped is on record', () => {
    const digests: Readonly<Record<string, readonly string[]>> = shippedBefore.digests;
    const missing = [...shippedMessageTypes, ...shippedEndpoints].filter(
      (one) => !digests[placeOf(one)]?.includes(digestOf(one)),
    );
    // Run: npx node scripts/build-shipped.ts
    expect(missing.map(placeOf)).toEqual([]);
    expect(shippedResources().filter(isTheTrusts).length).toBe(shippedMessageTypes.length + shippedEndpoints.length);
  });

  it('something else that has the id is left alone', async () => {
    await given(probe, { ...codeSystem, url: 'https://elsewhere.example.org/CodeSystem/channel' });
    expect(await install(codeSystem)).toMatchObject({ change: 'unclear', note: 'something else has its id' });
  });

  it('what came in between looking and writing is not written over', async () => {
    const planned = await plan(probe, codeSystem);
    await given(probe, { ...codeSystem, title: 'Somebody was quicker' });
    expect(await apply(probe, planned, habits)).toMatchObject({
      result: 'refused',
      note: 'answers 412: it was changed meanwhile; run this again',
    });
    expect(await stored(placeOf(codeSystem))).toMatchObject({ title: 'Somebody was quicker' });

    const again = await plan(probe, codeSystem);
    await given(probe, { ...codeSystem, title: 'And again' });
    expect(await apply(probe, again, habits)).toMatchObject({ result: 'refused' });
    expect(await stored(placeOf(codeSystem))).toMatchObject({ title: 'And again' });
  });

  it('the same on HAPI, which passes over If-None-Match', async () => {
    await restart({ profile: 'hapi-like' });
    const planned = await plan(probe, codeSystem);
    await given(probe, { ...codeSystem, title: 'Somebody was quicker' });
    expect(await apply(probe, planned, { createGuard: 'if-match-zero' })).toMatchObject({ result: 'refused' });
    expect(await stored(placeOf(codeSystem))).toMatchObject({ title: 'Somebody was quicker' });
  });

  it('a server that cannot search by address is asked by id', async () => {
    await restart({ indexLagMs: 0, withoutParameters: ['CodeSystem.url'] });
    expect(await install(codeSystem)).toMatchObject({ change: 'new', result: 'written' });
    expect(await install(codeSystem)).toMatchObject({ change: 'same' });
  });

  it('a server that says nothing gets nothing', async () => {
    await stub.arm({ method: 'GET', times: 'always', trouble: { kind: 'status', status: 403 } });
    expect(await plan(probe, codeSystem)).toMatchObject({ change: 'unclear' });
  });
});

describe('contract 1: servers that take it in their own way', () => {
  it('a type that is refused is reported, and the rest goes on: 1', async () => {
    await stub.arm({ method: 'PUT', path: '^/ConceptMap/', times: 'always', trouble: { kind: 'status', status: 422 } });
    const { code, out } = await run(['install', '--yes', '--json'], { HERALD_FHIR_STORE: stub.url });
    const results = (JSON.parse(out).resources as { resourceType: string; result: string; note?: string }[]).map(
      ({ resourceType, result, note }) => [resourceType, result, note],
    );
    expect(code).toBe(1);
    expect(results.filter(([, result]) => result === 'refused')).toEqual([
      ['ConceptMap', 'refused', expect.stringMatching(/^answers 422/)],
    ]);
    expect(results.filter(([, result]) => result === 'written')).toHaveLength(shippedResources().length - 1);
  }, 120_000);

  it('a server that makes ids itself gets it under an id of its own, once', async () => {
    await restart({ indexLagMs: 0, updateAsCreate: false, conditionalCreate: true });
    expect(await install(codeSystem)).toMatchObject({
      change: 'new',
      result: 'written',
      note: "under the server's own id",
    });
    expect(await install(codeSystem)).toMatchObject({ change: 'same' });
    expect(await numberOf('CodeSystem')).toBe(1);
  });

  it('says so when the server stored something else', async () => {
    await restart({ indexLagMs: 0, dropsExtensions: true });
    expect(await install(messageType)).toMatchObject({
      result: 'written',
      note: 'the server stored it with changes of its own',
    });
  });

  it('one answer that does not come is that one resource’s', async () => {
    const planned = await plan(probe, codeSystem);
    const cut = altered(probe, async (asked, ask) => {
      if (asked.method === 'PUT') await stub.arm({ method: 'PUT', trouble: { kind: 'cut' } });
      return ask(asked);
    });
    await expect(apply(cut, planned, habits)).rejects.toThrow('the connection was cut');
    await stub.disarm();
    await stub.arm({ method: 'PUT', path: '^/CodeSystem/channel$', trouble: { kind: 'cut' } });
    const { code, out } = await run(['install', '--yes', '--json'], { HERALD_FHIR_STORE: stub.url });
    const refused = (JSON.parse(out).resources as { place: string; result: string }[]).filter(
      (one) => one.result === 'refused',
    );
    expect([code, refused.map((one) => one.place)]).toEqual([1, ['CodeSystem/channel']]);
  }, 120_000);
});
