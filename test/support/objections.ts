import { join } from 'node:path';
import type { Consent, Extension, Flag, Patient, Resource, Task } from '@medplum/fhirtypes';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import type { Herald } from './herald.ts';
import { posted } from './people.ts';

export const concept = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });

/** The person's words in these tests: nothing that leaves the Consent may repeat them. */
export const REASON = 'Her sister-in-law Quenby opens everything';

/** What `objection-detail` says; `reason` by default. */
export function detail(...parts: Extension[]): Extension {
  return { url: structureDefinition('objection-detail'), extension: parts };
}

export const reason: Extension = { url: 'reason', valueCodeableConcept: { text: REASON } };
export const explained: Extension = { url: 'impactExplained', valueDateTime: '2026-05-12T11:05:00+01:00' };
export const atRisk: Extension = { url: 'riskOfSeriousHarm', valueBoolean: true };
export const removing: Extension = { url: 'contactDetailDecision', valueCode: 'remove' };

export const recordedByClerk: Extension = {
  url: structureDefinition('recorded-by'),
  valueReference: { reference: `Practitioner/${demoStaff.epr.id}` },
};

/** An objection of a patient, by default to texts, with its reason, not explained yet. */
export function objection(
  patient: string,
  {
    scope = 'channel',
    channels = ['sms'],
    parts = [reason],
    period = { start: '2026-05-12' },
    code,
    ...change
  }: {
    scope?: string;
    channels?: readonly string[];
    parts?: readonly Extension[];
    period?: { start?: string; end?: string };
    code?: NonNullable<Consent['provision']>['code'];
  } & Partial<Consent> = {},
): Consent {
  return {
    resourceType: 'Consent',
    extension: [detail(...parts), recordedByClerk],
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [concept('consent-category', 'messaging-objection'), concept('objection-scope', scope)],
    patient: { reference: patient },
    dateTime: '2026-05-12T11:00:00+01:00',
    performer: [{ reference: patient }],
    policyRule: { coding: [{ system: system.actCode, code: 'OPTOUT' }] },
    provision: {
      type: 'deny',
      period,
      action: channels.map((one) => concept('channel', one)),
      ...(code === undefined ? {} : { code }),
    },
    ...change,
  };
}

/** A proxy's own objection (contract 7). */
export function ofProxy(patient: string, proxy: string): Consent {
  const own = objection(patient, { performer: [{ reference: proxy }] });
  return {
    ...own,
    provision: {
      ...own.provision,
      actor: [
        {
          role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
          reference: { reference: proxy },
        },
      ],
    },
  };
}

/** A new patient with a mobile, an email address and a postal address. */
export function reachable(herald: Herald, nhsNumber: string, mobile: string, change: Partial<Patient> = {}) {
  return posted(herald, {
    resourceType: 'Patient',
    identifier: [{ system: system.nhsNumber, value: nhsNumber }],
    active: true,
    name: [{ family: 'Example', given: ['Robin'] }],
    birthDate: '1990-01-01',
    telecom: [
      { system: 'phone', value: mobile, use: 'mobile', rank: 1 },
      { system: 'email', value: `robin.${nhsNumber}@example.org`, rank: 2 },
    ],
    ...change,
  } satisfies Patient);
}

/** The Tasks about an objection, by their codes. */
export async function tasksAbout(herald: Herald, consent: string): Promise<Record<string, Task>> {
  const tasks = await herald.all<Task>(`/fhir/Task?focus=${consent}`);
  return Object.fromEntries(tasks.map((one) => [one.code?.coding?.[0]?.code ?? '', one]));
}

export const flagsOf = (herald: Herald, patient: string): Promise<Flag[]> =>
  herald.all<Flag>(`/fhir/Flag?patient=${patient}`);

/** Changes what is stored under a reference, as somebody who read it just now. */
export async function rewritten(herald: Herald, reference: string, change: object): Promise<void> {
  const { body } = await herald.get(`/fhir/${reference}`, 'demo-ig');
  const answer = await herald.put(`/fhir/${reference}`, { ...body, ...change });
  if (answer.status !== 200) throw new Error(answer.text);
}

/** Completes a Task with its decision and a note. */
export async function completed(
  herald: Herald,
  task: Task | undefined,
  decision: string,
  outputs: readonly NonNullable<Task['output']>[number][] = [],
) {
  const decided = { type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', decision) };
  return herald.put(`/fhir/Task/${task?.id}`, {
    ...task,
    status: 'completed',
    owner: { reference: `Practitioner/${demoStaff.epr.id}` },
    note: [{ text: 'Talked to the person at the desk.' }],
    output: [decided, ...outputs],
  });
}

/** Writes straight into the store, as another system does that knows nothing of Herald. */
export async function behind(herald: Herald, resource: Resource & { id: string }): Promise<void> {
  const { store } = herald.config;
  if (store.kind === 'embedded') {
    const clock = { now: () => new Date() };
    const opened = openEmbedded(join(store.dataDir, 'herald.sqlite'), { clock });
    await opened.store.commit([{ op: 'update', resource }]);
    opened.close();
    return;
  }
  const answer = await fetch(`${store.baseUrl}/${resource.resourceType}/${resource.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
