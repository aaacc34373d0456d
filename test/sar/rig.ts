import type {
  Bundle,
  Communication,
  CommunicationRequest,
  Patient,
  Provenance,
  RelatedPerson,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import type { Caller } from '../../src/auth/caller.ts';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import type { HistoryDeps } from '../../src/sar/ask.ts';
import { type AccessAsk, exportSubjectAccess } from '../../src/sar/export.ts';
import { bundleForms } from '../../src/sar/forms.ts';
import type { HistoryEntry, SubjectHistory } from '../../src/sar/history.ts';
import { openTestStore, type TestStore } from '../store/open-store.ts';

export const base = 'https://trust.example/fhir';
export const officer: Caller = {
  client: 'demo-sar',
  role: 'sar',
  fhirUser: { reference: 'Practitioner/officer' },
  requestId: 'request-1',
};

export interface SarRig extends TestStore {
  readonly deps: HistoryDeps;
  ask(change?: Partial<AccessAsk>): Promise<SubjectHistory>;
  entries(change?: Partial<AccessAsk>): Promise<HistoryEntry[]>;
  bundle(change?: Partial<AccessAsk>): Promise<Bundle>;
}

/** A store with one person, Ada Example, and her request. */
export async function sarRig(): Promise<SarRig> {
  const test = openTestStore();
  const deps: HistoryDeps = {
    ...{ store: test.store, clock: { now: () => new Date('2026-06-20T12:00:00Z') } },
    ...{ controller: { ods: 'RXX', name: 'Example NHS Trust' }, policy: defaultPolicy },
  };
  const ask = (change: Partial<AccessAsk> = {}) =>
    exportSubjectAccess(deps, {
      ...{ patientId: 'ada', taskId: 'sar-1', stage: 'review', form: 'document', period: {}, caller: officer },
      ...change,
    });
  await test.put(
    ada,
    aRequestTask(),
    { resourceType: 'Practitioner', id: 'officer', name: [{ given: ['Gareth'], family: 'Pritchard' }] },
    { resourceType: 'Practitioner', id: 'lead', name: [{ given: ['Helen'], family: 'Okafor' }] },
    { resourceType: 'Practitioner', id: 'clerk', name: [{ given: ['Amina'], family: 'Yusuf' }] },
  );
  return {
    ...test,
    ...{ deps, ask },
    entries: async (change) => collected((await ask(change)).entries()),
    bundle: async (change) => JSON.parse(await textOf(bundleForms.document.write(await ask(change), base))) as Bundle,
  };
}

export async function collected<T>(found: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of found) all.push(one);
  return all;
}

export const textOf = async (parts: AsyncIterable<string | Uint8Array>): Promise<string> =>
  (await collected(parts)).join('');

export const ada: Patient & { id: string } = {
  resourceType: 'Patient',
  id: 'ada',
  identifier: [{ system: system.nhsNumber, value: '9991230009' }],
  name: [{ given: ['Ada'], family: 'Example' }],
  birthDate: '1990-01-01',
  telecom: [{ system: 'phone', value: '07700 900123', use: 'mobile' }],
};

export const kim: RelatedPerson & { id: string } = {
  resourceType: 'RelatedPerson',
  id: 'kim',
  active: true,
  patient: { reference: 'Patient/ada' },
  name: [{ given: ['Kim'], family: 'Sample' }],
  telecom: [
    { system: 'phone', value: '07700 900456' },
    { system: 'email', value: 'kim@example.org' },
  ],
  address: [{ line: ['12 Invented Row'], city: 'Leeds', postalCode: 'LS1 9ZZ' }],
};

type Input = NonNullable<Task['input']>[number];

export function aRequestTask(change: Partial<Task> = {}): Task & { id: string } {
  return {
    resourceType: 'Task',
    id: 'sar-1',
    identifier: [{ system: 'https://trust.example/sar', value: 'SAR-2026-0042' }],
    status: 'in-progress',
    intent: 'order',
    code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
    for: { reference: 'Patient/ada' },
    authoredOn: '2026-05-31',
    restriction: { period: { start: '2026-05-31', end: '2026-06-30' } },
    ...change,
  };
}

export const parameter = (code: string) => ({ coding: [{ system: codeSystem('task-parameter'), code }] });

/** A reviewer's decision. */
export function decision(
  kind: 'mask' | 'show',
  reference: string,
  detail: { path?: string; text?: string; ground?: string },
): Input {
  const parts = [
    ...(detail.path === undefined ? [] : [{ url: 'path', valueString: detail.path }]),
    ...(detail.text === undefined ? [] : [{ url: 'text', valueString: detail.text }]),
    ...(detail.ground === undefined ? [] : [{ url: 'ground', valueCode: detail.ground }]),
  ];
  return {
    type: parameter(kind),
    valueReference: { reference },
    extension: [{ url: structureDefinition('mask-detail'), extension: parts }],
  };
}

/** Reviewed, and approved by another than the one who prepared it. */
export function approved(input: readonly Input[] = []): (Resource & { id: string })[] {
  const verdict = { coding: [{ system: codeSystem('decision'), code: 'release-approved' }] };
  const by = (id: string, role: string): Provenance & { id: string } => ({
    resourceType: 'Provenance',
    id: `by-${id}`,
    target: [{ reference: 'Task/sar-1' }],
    recorded: '2026-06-10T09:00:00Z',
    agent: [
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: role }] },
        who: { reference: `Practitioner/${id}` },
      },
    ],
  });
  return [
    aRequestTask({
      status: 'completed',
      input: [...input, { type: parameter('all-read'), valueBoolean: true }],
      output: [{ type: parameter('decision'), valueCodeableConcept: verdict }],
    }),
    by('officer', 'author'),
    by('lead', 'verifier'),
  ];
}

/** Writes over what is there. */
export async function rewritten(rig: SarRig, ...resources: readonly (Resource & { id: string })[]): Promise<void> {
  await rig.store.commit(resources.map((resource) => ({ op: 'update', resource })));
}

export function aMessage(id: string, change: Partial<Communication> = {}): Communication & { id: string } {
  return {
    resourceType: 'Communication',
    id,
    extension: [
      {
        url: structureDefinition('contact-point-used'),
        valueContactPoint: { system: 'phone', value: '07700 900123' },
      },
    ],
    status: 'completed',
    category: [{ coding: [{ system: codeSystem('direction'), code: 'outbound' }] }],
    medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
    subject: { reference: 'Patient/ada' },
    sent: '2026-06-01T09:00:00Z',
    recipient: [{ reference: 'Patient/ada' }],
    sender: { identifier: { system: system.odsCode, value: 'RXX' }, display: 'Example NHS Trust' },
    payload: [{ contentString: `Text of ${id}` }],
    ...change,
  };
}

export const inbound = (
  id: string,
  text: string,
  change: Partial<Communication> = {},
): Communication & { id: string } => {
  const { sent: _sent, ...message } = aMessage(id);
  return {
    ...message,
    category: [{ coding: [{ system: codeSystem('direction'), code: 'inbound' }] }],
    received: '2026-06-02T10:00:00Z',
    sender: { reference: 'Patient/ada' },
    recipient: [{ identifier: { system: system.odsCode, value: 'RXX' } }],
    payload: [{ contentString: text }],
    ...change,
  };
};

export function anOrder(id: string, change: Partial<CommunicationRequest> = {}): CommunicationRequest & { id: string } {
  return {
    resourceType: 'CommunicationRequest',
    id,
    status: 'completed',
    authoredOn: '2026-06-01T08:00:00Z',
    subject: { reference: 'Patient/ada' },
    requester: { reference: 'Practitioner/clerk' },
    ...change,
  };
}
