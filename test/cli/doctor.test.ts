import { afterEach, describe, expect, it } from 'vitest';
import { examine } from '../../src/doctor/examine.ts';
import { examined } from '../../src/doctor/examined.ts';
import type { Finding, Seen } from '../../src/doctor/need.ts';
import { needs } from '../../src/doctor/needs.ts';
import { type Probe, Unreachable } from '../../src/doctor/probe.ts';
import { proveWrites, type WriteTiming } from '../../src/doctor/writing.ts';
import { API_KEY, SECRET } from '../providers/support.ts';
import { type Stub, type StubOptions, startStub } from '../servers/stub/stub.ts';
import { startHerald } from '../support/herald.ts';
import { startStubNotify, v2Error } from '../support/stub-notify.ts';
import { altered, capabilitiesAt, given, probeOf, run } from './support.ts';

const stubs: Stub[] = [];
afterEach(async () => {
  for (const one of stubs.splice(0)) await one.stop();
});

async function start(options: StubOptions = {}): Promise<{ stub: Stub; probe: Probe }> {
  const stub = await startStub({ indexLagMs: 0, ...options });
  stubs.push(stub);
  return { stub, probe: probeOf(stub.url) };
}

const trials = (pattern: RegExp) => needs().filter(({ id }) => pattern.test(id));
const aboutConsents = /^own:|Consent|^search:Patient|^form:Patient|^paging$|^post-search$/;
const missingOf = (findings: readonly Finding[]) =>
  findings.filter((one) => one.verdict === 'missing').map((one) => one.id);
const bodyOf = (resourceType: string, id: string, more: object = {}) => ({ resourceType, id, ...more });

/** What falls away with these two. */
const switchedOff = ['Consent.patient', 'Patient.link'];
const lostOwn = [
  'own:authorities',
  'own:consents-of-history',
  'own:linked-records',
  'own:objections',
  'search:Consent.patient',
  'search:Patient.link',
];

/** An include along what is ignored brings nothing along, and nobody can tell without looking at records. */
const lostWhere = (unknownParameters: string) =>
  unknownParameters === 'ignored' ? lostOwn : [...lostOwn, 'result:Consent._include'].sort();

describe('contract 2: a search that a server does not have is found missing, however it answers', () => {
  it.each(['refused', 'ignored', 'warned'] as const)('%s', async (unknownParameters) => {
    const { probe } = await start({ unknownParameters, withoutParameters: switchedOff });
    const findings = await examine(probe, await capabilitiesAt(probe), trials(aboutConsents));
    expect(missingOf(findings).sort()).toEqual(lostWhere(unknownParameters));
    const { cost, severity } = findings.find((one) => one.id === 'search:Consent.patient') ?? {};
    expect([severity, cost]).toEqual(['needed', expect.stringContaining('nothing is sent')]);
  });

  it.each(['refused', 'ignored', 'warned'] as const)(
    '%s, although its CapabilityStatement has it',
    async (unknownParameters) => {
      const whole = await start();
      const { probe } = await start({ unknownParameters, withoutParameters: switchedOff });
      const findings = await examine(probe, await capabilitiesAt(whole.probe), trials(aboutConsents));
      expect(missingOf(findings).sort()).toEqual(lostWhere(unknownParameters));
    },
  );

  it('ignored, and no link shows it: counting does', async () => {
    const whole = await start();
    const { probe } = await start({ unknownParameters: 'ignored', withoutParameters: switchedOff });
    await given(
      probe,
      bodyOf('Patient', 'p1'),
      bodyOf('Consent', 'c1', {
        status: 'active',
        scope: { text: 'x' },
        category: [{ text: 'x' }],
        policyRule: { text: 'x' },
      }),
      bodyOf('Organization', 'o1', { name: 'Example' }),
    );
    const silent = altered(probe, async (asked, ask) => {
      const { body, ...answer } = await ask(asked);
      const { link: _link, ...rest } = body;
      return { ...answer, body: rest };
    });
    const findings = await examine(silent, await capabilitiesAt(whole.probe), trials(/^search:(Consent|Patient)/));
    expect(missingOf(findings).sort()).toEqual(['search:Consent.patient', 'search:Patient.link']);
    const seen = (id: string) => findings.find((one) => one.id === id)?.seen;
    expect(seen('search:Consent.patient')).toBe('ignored: every record matches');
    expect(seen('search:Consent.category')).toBe('counted: it leaves out what does not match');
    expect(findings.filter((one) => one.verdict === 'claimed').map((one) => one.id)).toContain('search:Patient.active');
  });

  it('answered, and not in the CapabilityStatement, by which Herald goes', async () => {
    const { probe } = await start();
    const without = await start({ withoutParameters: ['Consent.patient'] });
    const findings = await examine(probe, await capabilitiesAt(without.probe), trials(/^search:Consent/));
    expect(missingOf(findings)).toEqual(['search:Consent.patient']);
  });

  it('a modifier or prefix that is passed over', async () => {
    const { probe } = await start();
    // As HAPI takes a modifier of a string that it does not know.
    const lenient = altered(probe, (asked, ask) =>
      ask({ ...asked, path: asked.path.replace(/family%3A[a-z-]+=/, 'family=') }),
    );
    const findings = await examine(lenient, await capabilitiesAt(probe), trials(/^form:Patient\.(family|identifier)/));
    expect(findings.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['form:Patient.family:exact', 'claimed'],
      ['form:Patient.family:contains', 'claimed'],
      ['form:Patient.family:missing', 'claimed'],
      ['form:Patient.identifier:of-type', 'works'],
    ]);
  });

  it('includes, in one direction and the other, name what is refused', async () => {
    const { probe } = await start({ withoutParameters: ['Task.focus'] });
    const [include] = await examine(probe, await capabilitiesAt(probe), trials(/^result:Task\._include$/));
    expect(include).toMatchObject({ verdict: 'missing', seen: 'refused: Task:focus' });
    const [reverse] = await examine(
      probe,
      await capabilitiesAt(probe),
      trials(/^result:CommunicationRequest\._revinclude$/),
    );
    expect(reverse).toMatchObject({ verdict: 'missing', seen: 'refused: Task:focus' });
  });
});

describe('ACC-2: an examination reads no record of a person', () => {
  it('not even from a server that ignores all that it is asked', async () => {
    const everything = needs().flatMap(({ id }) => /^search:(.+)$/.exec(id)?.[1] ?? []);
    const { probe, stub } = await start({
      unknownParameters: 'ignored',
      withoutParameters: everything.filter((one) => !one.endsWith('._id')),
    });
    const whole = await start();
    await given(
      probe,
      bodyOf('Patient', 'p1', { name: [{ family: 'Marlowe' }] }),
      bodyOf('Organization', 'o1', { name: 'x' }),
    );
    await given(probe, bodyOf('RelatedPerson', 'r1', { patient: { reference: 'Patient/p1' } }));
    const answers: string[] = [];
    const watched = altered(probe, async (asked, ask) => {
      const answer = await ask(asked);
      answers.push(JSON.stringify(answer.body));
      return answer;
    });
    await stub.emptyLedger();
    await examine(
      watched,
      await capabilitiesAt(whole.probe),
      trials(/Patient|RelatedPerson|^own:|^paging$|^transaction$/),
    );
    expect(answers.filter((one) => one.includes('Marlowe') || one.includes('"p1"') || one.includes('"r1"'))).toEqual(
      [],
    );
    expect((await stub.calls()).flatMap((one) => one.wrote)).toEqual([]);
  });
});

describe('contract 4: paging', () => {
  const paging = async (probe: Probe) => (await examine(probe, await capabilitiesAt(probe), trials(/^paging$/)))[0];

  it('is not proven where there is nothing to page through', async () => {
    const { probe } = await start();
    await given(probe, bodyOf('Organization', 'o1', { name: 'One' }));
    expect(await paging(probe)).toMatchObject({ verdict: 'unproven' });
  });

  it('works where the next link leads on', async () => {
    const { probe } = await start();
    await given(probe, bodyOf('Organization', 'o1', { name: 'One' }), bodyOf('Organization', 'o2', { name: 'Two' }));
    expect(await paging(probe)).toMatchObject({ verdict: 'works', seen: 'followed, over Organization' });
  });

  it('is missing where it leads elsewhere, and nobody is asked there', async () => {
    const { probe, stub } = await start();
    const other = await start();
    await given(probe, bodyOf('Organization', 'o1', { name: 'One' }), bodyOf('Organization', 'o2', { name: 'Two' }));
    await stub.arm({
      method: 'GET',
      path: '^/Organization',
      times: 'always',
      trouble: { kind: 'next-elsewhere', to: `${other.stub.url}/Organization?x=1` },
    });
    expect(await paging(probe)).toMatchObject({ verdict: 'missing', severity: 'needed' });
    expect(await other.stub.calls()).toEqual([]);
  });
});

describe('contract 1: what stands between', () => {
  const only = trials(/^read:Patient$|^search:Patient\._id$/);

  it('a token that is not accepted is said so, and not shown', async () => {
    const { stub } = await start({ token: 'the-right-token' });
    const { code, out, err } = await run(['doctor', '--store', stub.url, '--token', 'the-wrong-token', '--json']);
    expect([code, err]).toEqual([2, '']);
    const seen = JSON.parse(out).findings.find((one: Finding) => one.id === 'read:Patient');
    expect(seen).toMatchObject({ verdict: 'missing', seen: 'answers 401: the token is not accepted' });
    expect(out).not.toMatch(/the-(right|wrong)-token/);
  }, 60_000);

  it('the credentials of the configured server do not go to another', async () => {
    const { stub } = await start({ token: 'the-right-token' });
    const env = { HERALD_FHIR_STORE: 'https://fhir.example.org/r4', HERALD_FHIR_STORE_TOKEN: 'the-right-token' };
    const { code, out } = await run(['doctor', '--store', stub.url, '--json'], env);
    const seen = JSON.parse(out).findings.find((one: Finding) => one.id === 'read:Patient');
    expect([code, seen.seen]).toEqual([2, 'answers 401: the token is not accepted']);
  }, 60_000);

  it('a page for people in place of a CapabilityStatement: 1', async () => {
    const { stub } = await start();
    await stub.arm({ path: '^/metadata$', times: 'always', trouble: { kind: 'html' } });
    const { code, out, err } = await run(['doctor', '--store', stub.url]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^HERALD_FHIR_STORE: GET metadata answers 200 and no CapabilityStatement\. Give .+\.$/);
  });

  it('a server that asks for patience lacks nothing', async () => {
    const { stub, probe } = await start();
    await stub.arm({
      method: 'GET',
      path: '^/Patient',
      times: 2,
      trouble: { kind: 'status', status: 429, retryAfter: 0 },
    });
    expect(missingOf(await examine(probe, await capabilitiesAt(probe), only))).toEqual([]);
  });

  it('an answer that does not come is a finding; a server that goes away ends it', async () => {
    const { stub } = await start();
    const probe = probeOf(stub.url, 200);
    const capabilities = await capabilitiesAt(probe);
    await stub.arm({ method: 'GET', path: '^/Patient/', times: 'always', trouble: { kind: 'hang' } });
    const [read] = await examine(probe, capabilities, only);
    expect(read).toMatchObject({ verdict: 'missing', seen: 'there was no answer in time' });
    const gone = altered(probe, async () => {
      throw new Unreachable('gone');
    });
    await expect(examine(gone, capabilities, needs())).rejects.toThrow(Unreachable);
  });
});

describe('contract 3: --write proves on a test patient what only writes can show', () => {
  const quick: Partial<WriteTiming> = { lagMs: 3_000, pollMs: 20 };

  async function proofs(options: StubOptions, alter: (probe: Probe) => Probe = (probe) => probe, timing = quick) {
    const { stub, probe } = await start(options);
    await given(probe, bodyOf('Patient', 'test-patient'));
    const capabilities = await capabilitiesAt(probe);
    const { seen, left } = await proveWrites(examined(alter(probe), capabilities), { patient: 'test-patient', timing });
    const verdicts = Object.fromEntries([...seen].map(([id, one]): [string, Seen['verdict']] => [id, one.verdict]));
    return { stub, probe, verdicts, left, seen: (id: string) => [...seen].find(([one]) => one === id)?.[1]?.seen };
  }

  const all = {
    'own-id': 'works',
    'read-after-write': 'works',
    'labels-kept': 'works',
    'extensions-kept': 'works',
    'create-guard': 'works',
    'stale-update': 'works',
    'labels-removed': 'works',
    'history-written': 'works',
    rollback: 'works',
    'index-lag': 'works',
    'search-cache': 'works',
    paging: 'works',
    'conditional-create': 'works',
    'references-checked': 'works',
    'clean-up': 'works',
  };
  const { rollback: _rollback, ...withoutTransactions } = all;

  it.each<[string, StubOptions, object]>([
    ['a strict server', { transactions: true, conditionalCreate: true }, all],
    ['no transactions', { conditionalCreate: true }, withoutTransactions],
    ['no conditional create', { transactions: true }, { ...all, 'conditional-create': 'missing' }],
    ['HAPI', { profile: 'hapi-like' }, { ...all, 'labels-removed': 'missing' }],
    ['Medplum', { profile: 'medplum-like' }, { ...all, 'create-guard': 'missing', 'references-checked': 'missing' }],
    ['an index that lags', { transactions: true, conditionalCreate: true, indexLagMs: 300 }, all],
    [
      'HAPI’s cache under another name',
      { profile: 'hapi-like', software: 'x' },
      { ...all, 'create-guard': 'missing', 'labels-removed': 'missing' },
    ],
  ])('%s', async (_what, options, expected) => {
    const { verdicts, left, stub } = await proofs(options, deleting);
    expect(verdicts).toEqual(expected);
    expect(left).toEqual([]);
    const made = (await stub.dump()).filter((one) => one.resourceType === 'Communication');
    // Whatever becomes of the cleaning up: nothing of it counts.
    expect(new Set(made.map((one) => Reflect.get(one, 'status')))).toEqual(new Set(['entered-in-error']));
  });

  it.each<[Partial<StubOptions>, string]>([
    [{ searchCacheMs: 60_000 }, 'there is a cache, and it is read past'],
    [{ searchCacheMs: 0 }, 'no cache is seen'],
  ])('%j: tells whether there is a search cache', async (options, expected) => {
    expect((await proofs(options)).seen('search-cache')).toBe(expected);
  });

  it('labels and extensions that are lost', async () => {
    const { verdicts, seen } = await proofs({ dropsLabels: true, dropsExtensions: true });
    expect(verdicts).toMatchObject({ 'labels-kept': 'missing', 'extensions-kept': 'missing' });
    expect(verdicts['labels-removed']).toBeUndefined();
    expect(seen('labels-kept')).toBe('2 of 2 labels are lost');
  });

  it('a cache that is not read past', async () => {
    const { verdicts, seen } = await proofs({ searchCacheMs: 60_000 }, (probe) =>
      altered(probe, ({ headers: _headers, ...asked }, ask) => ask(asked)),
    );
    expect([verdicts['search-cache'], verdicts['index-lag']]).toEqual(['missing', 'works']);
    expect(seen('search-cache')).toBe('an equal search asked before is still answered as it was then');
  });

  it('an index that takes too long', async () => {
    const { verdicts, seen } = await proofs({ indexLagMs: 60_000 }, undefined, { lagMs: 200, pollMs: 50 });
    expect(verdicts['index-lag']).toBe('missing');
    expect(seen('index-lag')).toBe('not found within 0.2 seconds');
    expect(verdicts['search-cache']).toBeUndefined();
  });

  it('a transaction that is carried out entry by entry', async () => {
    const { verdicts, seen } = await proofs({ transactions: true }, (probe) =>
      altered(probe, async (asked, ask) => {
        if (asked.path !== '') return ask(asked);
        const bundle = asked.body as { entry: { resource: object; request: { url: string; ifMatch?: string } }[] };
        for (const { resource, request } of bundle.entry) {
          const headers: Record<string, string> = request.ifMatch === undefined ? {} : { 'If-Match': request.ifMatch };
          await ask({ method: 'PUT', path: request.url, headers, body: resource });
        }
        return { status: 200, header: () => undefined, body: { resourceType: 'Bundle', type: 'transaction-response' } };
      }),
    );
    expect(verdicts.rollback).toBe('missing');
    expect(seen('rollback')).toBe('carried out entry by entry: what came before the failed one is there');
  });

  it('a stale version that is taken', async () => {
    const { verdicts } = await proofs({}, (probe) =>
      altered(probe, ({ headers = {}, ...asked }, ask) => {
        const { 'If-Match': _ifMatch, ...others } = headers;
        return ask({ ...asked, headers: others });
      }),
    );
    expect(verdicts['stale-update']).toBe('missing');
  });

  it('a server that writes nothing', async () => {
    const { stub, probe } = await start();
    await given(probe, bodyOf('Patient', 'test-patient'));
    await stub.set({ readOnly: true });
    const server = examined(probe, await capabilitiesAt(probe));
    const { seen, left } = await proveWrites(server, { patient: 'test-patient', timing: quick });
    expect([...seen].map(([id, one]) => [id, one.verdict])).toEqual([
      ['own-id', 'missing'],
      ['clean-up', 'works'],
    ]);
    expect(left).toEqual([]);
  });

  it('where DELETE is refused it says what is left, marked entered-in-error', async () => {
    const { seen, left, probe, verdicts } = await proofs({});
    expect(verdicts['clean-up']).toBe('missing');
    expect(left).toHaveLength(3);
    expect(seen('clean-up')).toBe(`DELETE answers 405; left, marked entered-in-error: ${left.join(', ')}`);
    for (const place of left) {
      expect((await probe.ask({ path: place })).body).toMatchObject({ status: 'entered-in-error' });
    }
  });

  it('what cannot be looked at afterwards is named', async () => {
    const { seen, left } = await proofs({}, (probe) =>
      altered(probe, async (asked, ask) => {
        if (asked.method === 'DELETE') throw new Unreachable('the connection was cut');
        return ask(asked);
      }),
    );
    expect(seen('clean-up')).toBe(`not known to be gone or marked: ${left.join(', ')}`);
  });

  it('what the server made under an id of its own, and did not tell, is found and taken away', async () => {
    const { stub, verdicts } = await proofs({ conditionalCreate: true }, (probe) =>
      altered(deleting(probe), async (asked, ask) => {
        const answer = await ask(asked);
        if (asked.method === 'POST' && asked.path === 'Communication') throw new Unreachable('the connection was cut');
        return answer;
      }),
    );
    expect([verdicts['conditional-create'], verdicts['clean-up']]).toEqual([undefined, 'works']);
    const own = (await stub.calls())
      .filter((one) => one.method === 'POST' && one.path === '/Communication')
      .flatMap((one) => one.wrote);
    expect(own).toHaveLength(1);
  });

  it('a server that is gone from the first write on', async () => {
    const { verdicts, seen } = await proofs({}, (probe) =>
      altered(probe, async (asked, ask) => {
        if (asked.method !== 'GET') throw new Unreachable('the connection was cut');
        return ask(asked);
      }),
    );
    expect(verdicts).toEqual({ 'clean-up': 'missing' });
    expect(seen('clean-up')).toMatch(/^not known to be gone or marked: Communication\/[0-9a-f-]{36}$/);
  });

  it('a proof that is cut off leaves the others, and the cleaning up', async () => {
    const { verdicts } = await proofs({ conditionalCreate: true }, (probe) =>
      altered(deleting(probe), async (asked, ask) => {
        if (asked.path.endsWith('/_history')) throw new Unreachable('the connection was cut');
        return ask(asked);
      }),
    );
    expect(verdicts['history-written']).toBeUndefined();
    expect([verdicts['conditional-create'], verdicts['clean-up']]).toEqual(['works', 'works']);
  });

  it('VER-1: nothing is written about a patient who is not there: 64', async () => {
    const { stub } = await start();
    const { code, out, err } = await run(['doctor', '--store', stub.url, '--write', '--patient', 'nobody']);
    expect([code, out, err]).toEqual([
      64,
      '',
      '--patient: reading that Patient answers 404. Give the id of a Patient that is there for tests.',
    ]);
    expect((await stub.calls()).flatMap((one) => one.wrote)).toEqual([]);
  });
});

/** A stub has no DELETE: this has. */
function deleting(probe: Probe): Probe {
  const gone = new Set<string>();
  return altered(probe, async (asked, ask) => {
    if (asked.method === 'DELETE') {
      gone.add(asked.path);
      return { status: 204, header: () => undefined, body: {} };
    }
    if (asked.method !== 'PUT' && gone.has(asked.path)) return { status: 410, header: () => undefined, body: {} };
    return ask(asked);
  });
}

describe('contract 1: GOV.UK Notify', () => {
  const token = 'callback-token-1';
  const env = (url: string, key = API_KEY) => ({
    GOVUK_NOTIFY_API_KEY: key,
    GOVUK_NOTIFY_URL: url,
    GOVUK_NOTIFY_CALLBACK_TOKEN: token,
  });
  const provider = async (given: NodeJS.ProcessEnv) => {
    const { code, out } = await run(['doctor', '--json'], given);
    expect(out).not.toContain(SECRET);
    expect(out).not.toContain(token);
    const findings = JSON.parse(out).findings as Finding[];
    return {
      code,
      verdicts: Object.fromEntries(findings.map((one) => [one.id.replace('provider:', ''), one.verdict])),
      findings,
    };
  };

  it('the simulator stands in where nothing is configured: 0', async () => {
    const { code, verdicts } = await provider({});
    expect([code, verdicts]).toEqual([0, { configured: 'claimed' }]);
  });

  it('what the service would refuse is named by its variable: 2', async () => {
    const { code, verdicts, findings } = await provider({ GOVUK_NOTIFY_URL: 'http://127.0.0.1:9999' });
    expect([code, verdicts]).toEqual([2, { configured: 'missing' }]);
    expect(findings[0]?.seen).toMatch(
      /GOVUK_NOTIFY_API_KEY: it is missing.*GOVUK_NOTIFY_CALLBACK_TOKEN: it is missing/,
    );
  });

  it.each<[string, (notify: Awaited<ReturnType<typeof startStubNotify>>) => void, number, object]>([
    ['all is well', () => {}, 0, { reachable: 'works', key: 'works', templates: 'works' }],
    [
      'a key that was revoked',
      (notify) => notify.script('GET /v2/templates', v2Error(403, ['AuthError', 'Invalid token: API key revoked'])),
      2,
      { reachable: 'works', key: 'missing', templates: 'unproven' },
    ],
    [
      'a clock that is out',
      (notify) =>
        notify.script(
          'GET /v2/templates',
          v2Error(403, ['AuthError', 'Error: Your system clock must be accurate to within 30 seconds']),
        ),
      2,
      { reachable: 'works', key: 'missing', templates: 'unproven' },
    ],
    [
      'no template that adds nothing',
      (notify) => {
        notify.templates = [];
      },
      2,
      { reachable: 'works', key: 'works', templates: 'missing' },
    ],
    [
      'something else than Notify',
      (notify) => notify.script('GET /v2/templates', { status: 200, body: 'Welcome' }),
      2,
      { reachable: 'missing', key: 'unproven', templates: 'unproven' },
    ],
  ])('%s', async (_what, prepare, code, expected) => {
    const notify = await startStubNotify();
    prepare(notify);
    try {
      const seen = await provider(env(notify.url));
      expect(seen).toMatchObject({ code, verdicts: { configured: 'works', 'key-kind': 'unproven', ...expected } });
      expect(notify.requests.filter((one) => one.method !== 'GET')).toEqual([]);
    } finally {
      await notify.close();
    }
  });
});

describe('contract 12: npx herald doctor, whole', () => {
  it('on a server and a provider that have all that is needed: 0', async () => {
    const notify = await startStubNotify();
    const { stub, probe } = await start({ profile: 'hapi-like', token: 'store-token-1' });
    await stub.set({ token: null });
    await given(probe, bodyOf('Patient', 'test-patient'));
    await stub.set({ token: 'store-token-1' });
    const env = {
      HERALD_FHIR_STORE: stub.url,
      HERALD_FHIR_STORE_TOKEN: 'store-token-1',
      GOVUK_NOTIFY_API_KEY: API_KEY,
      GOVUK_NOTIFY_URL: notify.url,
      GOVUK_NOTIFY_CALLBACK_TOKEN: 'callback-token-1',
    };
    const { code, out, err } = await run(['doctor', '--write', '--patient', 'test-patient'], env);
    await notify.close();
    expect([code, err]).toEqual([0, '']);
    const lines = out.split('\n');
    expect(lines[0]).toBe(`${stub.url}: HAPI FHIR Server 1`);
    expect(out).toMatch(/^Consent +works +read; search; /m);
    expect(out).toMatch(/^Installed +missing +our profiles and extensions; /m);
    expect(out).toContain(
      '  Writes: an update can take a label away (degrades)\n    seen:   labels only add up\n    costs:  ',
    );
    expect(out).toContain('    remedy: HAPI FHIR: not documented, as far as we looked.');
    expect(lines.at(-2)).toMatch(
      /^\d+ work, \d+ by the server's own word, 1 not proven, 8 missing, 0 of them needed\.$/,
    );
    expect(lines.at(-1)).toBe('Everything that is needed is there.');
    expect(out).not.toContain('store-token-1');
  }, 180_000);

  it('on Herald itself, by its own interface', async () => {
    const herald = await startHerald();
    try {
      const { code, out } = await run(['doctor', '--store', `${herald.url}/fhir`, '--token', 'demo-ig', '--json']);
      const { store, software, summary, findings } = JSON.parse(out) as {
        store: string;
        software: string;
        summary: Record<string, number>;
        findings: readonly (Finding & { remedy?: string })[];
      };
      expect([store, software.split(' ')[0]]).toEqual([`${herald.url}/fhir`, 'Herald']);
      // Nobody but Herald writes these (contract 2), and nobody takes versions away through it.
      expect(missingOf(findings)).toEqual([
        'expunge',
        ...['CommunicationRequest', 'Communication', 'Provenance', 'AuditEvent'].map((one) => `write:${one}`),
      ]);
      expect([code, summary.missing]).toEqual([2, 5]);
      expect(findings.filter((one) => /^(own|search|result|form):/.test(one.id) && one.verdict !== 'works')).toEqual(
        [],
      );
      expect(findings.filter((one) => one.group === 'Installed').map((one) => one.verdict)).toEqual(
        Array(6).fill('works'),
      );
      expect(findings.every((one) => (one.verdict === 'missing') === (one.remedy !== undefined))).toBe(true);
    } finally {
      await herald.close();
    }
  }, 180_000);

  it('on the embedded store: 0', async () => {
    const { code, out } = await run(['doctor']);
    expect(code).toBe(0);
    expect(out).toContain('The embedded store has all that Herald needs.');
  });
});
