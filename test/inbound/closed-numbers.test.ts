import type { CommunicationRequest, Patient, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, identifierSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';
import { createFingerprint } from '../../src/objections/fingerprint.ts';
import { decide } from '../../src/policy/decide.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { gatherFacts } from '../../src/send/gather.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type FhirStore, StoreError } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

const now = new Date('2027-01-13T10:00:00Z');
const clock = { now: () => now };
const fingerprint = createFingerprint(Buffer.alloc(32, 7));
const NUMBER = '+447700900123';
let store: FhirStore;
let close: () => void;

beforeEach(async () => {
  const database = openDatabase(':memory:');
  store = new SqliteFhirStore(database, { clock });
  close = () => database.close();
  await store.commit([{ op: 'create', resource: patient() }]);
});
afterEach(() => close());

const patient = (): Patient & { id: string } => ({
  resourceType: 'Patient',
  id: 'maya',
  identifier: [{ system: system.nhsNumber, value: '9990000018' }],
  name: [{ family: 'Osei', given: ['Maya'] }],
  birthDate: '1984-06-14',
  telecom: [
    { system: 'phone', value: '07700 900123', use: 'mobile', rank: 1 },
    { system: 'email', value: 'maya@example.org' },
  ],
});
const check = (code: 'check-contact' | 'triage-inbound', status: Task['status']) =>
  store.commit([
    {
      op: 'create',
      resource: {
        resourceType: 'Task',
        id: `${code}-${status}`,
        identifier: [
          { system: identifierSystem.closedNumber, value: fingerprint({ system: 'phone', value: NUMBER }) ?? '' },
        ],
        status,
        intent: 'order',
        code: { coding: [{ system: codeSystem('task-code'), code }] },
      },
    },
  ]);
const request = (change: Partial<CommunicationRequest> = {}): CommunicationRequest => ({
  resourceType: 'CommunicationRequest',
  status: 'active',
  extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/contact-us` }],
  subject: { reference: 'Patient/maya' },
  requester: { reference: 'Practitioner/clerk' },
  medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
  payload: [
    {
      contentAttachment: {
        contentType: 'application/json',
        data: Buffer.from('{"phone":"0113 496 0123"}').toString('base64'),
      },
    },
  ],
  ...change,
});
const decided = async (change: Partial<CommunicationRequest> = {}, from: FhirStore = store) => {
  const facts = await gatherFacts(request(change), {
    store: from,
    clock,
    policy: defaultPolicy,
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
    providerChannels: ['sms', 'email'],
    findTemplate: async () => ({ kind: 'none' }),
    fingerprint,
  });
  const decision = decide(facts);
  if (decision.kind === 'refuse') return decision.reasons.map((one) => `${one.code} ${one.clause}`);
  return decision.kind === 'send' ? decision.delivery.channel : decision.kind;
};
const emergency = {
  priority: 'stat',
  reasonCode: [{ coding: [{ system: system.actReason, code: 'ETREAT' }] }],
  note: [{ text: 'Lab called: dangerous result.' }],
  extension: [
    { url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/contact-us` },
    {
      url: structureDefinition('emergency'),
      extension: [
        { url: 'decidedBy', valueReference: { reference: 'Practitioner/clerk' } },
        { url: 'noSeniorBecause', valueString: 'Night' },
      ],
    },
  ],
} as const satisfies Partial<CommunicationRequest>;

describe('a number that no text goes to for now', () => {
  it.each([
    ['check-contact', 'requested', ['no-contact VER-1']],
    ['check-contact', 'in-progress', ['no-contact VER-1']],
    ['check-contact', 'cancelled', ['no-contact VER-1']],
    ['check-contact', 'completed', 'sms'],
    ['check-contact', 'entered-in-error', 'sms'],
    ['triage-inbound', 'requested', ['objection OBJ-11']],
    ['triage-inbound', 'on-hold', ['objection OBJ-11']],
    ['triage-inbound', 'cancelled', 'sms'],
    ['triage-inbound', 'completed', 'sms'],
  ] as const)('VER-1, OBJ-11: %s, %s', async (code, status, expected) => {
    await check(code, status);
    expect(await decided()).toEqual(expected);
  });

  it('OBJ-11: another way is still open', async () => {
    await check('triage-inbound', 'requested');
    const { medium: _medium, ...any } = request();
    expect(await decided({ ...any, medium: [] as never })).not.toBe('sms');
    const email = [{ coding: [{ system: codeSystem('channel'), code: 'email' }] }];
    expect(await decided({ medium: [...email, ...(request().medium ?? [])] })).toBe('email');
  });

  it('EMG-1: an emergency lifts a wish of nobody certain, and never the doubt whose number it is', async () => {
    await check('triage-inbound', 'requested');
    expect(await decided(emergency)).toBe('sms');
    await check('check-contact', 'requested');
    expect(await decided(emergency)).toEqual(['no-contact VER-1']);
  });

  it('contract 4: what could not be read is unknown, and unknown never sends', async () => {
    const silent: FhirStore = Object.create(store, {
      search: {
        value: (type: 'Task', params: readonly (readonly [string, string])[], cursor?: string) => {
          if (type === 'Task' && params.some(([name]) => name === 'identifier')) {
            throw new StoreError('unavailable', 'silent');
          }
          return store.search(type, params, cursor);
        },
      },
    });
    expect(await decided({}, silent)).toBe('unknown');
  });
});
