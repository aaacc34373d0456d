import { evalFhirPathTyped, toTypedValue } from '@medplum/core';
import type { Resource, Task } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { structureDefinition } from '../../src/canonical.ts';
import { published } from '../../src/fhir/conformance/load.ts';
import { invariantPlaces } from '../../src/fhir/validate/invariant-places.ts';
import {
  attorneyConsent,
  but,
  channel,
  communication,
  completed,
  concept,
  extension,
  flag,
  messageType,
  objection,
  override,
  proxyConsent,
  request,
  saidOf,
} from './support.ts';

/** Each of our invariants with a resource that breaks it and nothing else, and one that nearly does. */
const cases: Readonly<Record<string, { breaks: Resource; passes: Resource }>> = {
  'herald-request-performed': {
    breaks: but(request, { doNotPerform: true }),
    passes: but(request, { doNotPerform: false }),
  },
  'herald-communication-content': {
    breaks: but(communication, { payload: undefined }),
    passes: but(communication, { status: 'preparation', payload: undefined }),
  },
  'herald-communication-time': {
    breaks: but(communication, { sent: undefined }),
    passes: but(communication, { sent: undefined, received: '2026-06-01T09:00:12Z' }),
  },
  'herald-communication-reason': {
    breaks: but(communication, { status: 'not-done' }),
    passes: but(communication, { status: 'not-done', statusReason: concept('block-reason', 'objection') }),
  },
  'herald-communication-recipient': {
    breaks: but(communication, { recipient: [{ reference: 'Patient/one' }, { reference: 'RelatedPerson/two' }] }),
    passes: but(communication, { recipient: undefined }),
  },
  'herald-proxy-evidence': {
    breaks: but(proxyConsent, { sourceReference: undefined, verification: [{ verified: true }] }),
    passes: but(proxyConsent, {
      sourceReference: undefined,
      verification: [{ verified: true, verificationDate: '2026-05-02' }],
    }),
  },
  'herald-proxy-instrument': {
    breaks: but(attorneyConsent, { sourceReference: undefined }),
    passes: but(attorneyConsent, { sourceReference: undefined, sourceAttachment: { title: 'Instrument' } }),
  },
  'herald-proxy-permits': {
    breaks: but(proxyConsent, { provision: { ...proxyConsent.provision, type: 'deny' } }),
    passes: but(proxyConsent, { provision: { ...proxyConsent.provision, type: undefined } }),
  },
  'herald-proxy-alone': {
    breaks: but(proxyConsent, {
      status: 'proposed',
      category: [...proxyConsent.category, concept('consent-category', 'messaging-objection')],
      provision: { ...proxyConsent.provision, type: undefined },
    }),
    passes: proxyConsent,
  },
  'herald-objection-reason': {
    breaks: but(objection, {
      extension: [
        extension('objection-detail', {
          extension: [{ url: 'reason', valueCodeableConcept: concept('objection-reason', 'other') }],
        }),
      ],
    }),
    passes: but(objection, { status: 'proposed', extension: undefined }),
  },
  'herald-objection-denies': {
    breaks: but(objection, { provision: { type: 'permit' } }),
    passes: but(objection, { provision: undefined }),
  },
  'herald-task-release': release('check-with-person', 'upheld', 'agreed'),
  'herald-task-override': release('override-objection', 'agreed', 'override-declined'),
  'herald-task-review': {
    breaks: but(completed('post-hoc-ig-review', 'learning'), { note: undefined }),
    passes: completed('post-hoc-ig-review', 'learning'),
  },
  'herald-task-objection': release('discuss-objection', 'refused', 'resolved'),
  'herald-task-removal': release('discuss-removal', 'done', 'keep'),
  'herald-task-done': release('check-contact', 'agreed', 'done'),
  'herald-task-triage': {
    breaks: completed('triage-inbound', 'identified', {
      output: [
        { type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', 'identified') },
      ],
    }),
    passes: completed('triage-inbound', 'identified'),
  },
  'herald-task-access': release('subject-access-request', 'keep', 'release-approved'),
  'herald-type-addressed': ofActiveType({ url: undefined }),
  'herald-type-kind': ofActiveType({ kind: 'Task' }),
  'herald-type-coded': ofActiveType({ code: { coding: [{ system: 'https://example.org', code: 'x' }] } }),
  'herald-type-confidentiality': ofActiveType({ extension: withoutExtension('content-confidentiality') }),
  'herald-type-worded': ofActiveType({ extension: withoutExtension('channel-template') }),
  'herald-template-words': {
    breaks: withTemplate([{ url: 'channel', valueCoding: concept('channel', 'sms').coding[0] }]),
    passes: withTemplate([
      { url: 'channel', valueCoding: concept('channel', 'sms').coding[0] },
      { url: 'templateId', valueId: 'f33517ff-2a88-4f6e-b855-c550268ce08a' },
    ]),
  },
  'herald-template-subject': {
    breaks: withTemplate([
      { url: 'channel', valueCoding: concept('channel', 'letter').coding[0] },
      { url: 'text', valueString: 'Please call us.' },
    ]),
    passes: withTemplate([
      { url: 'channel', valueCoding: concept('channel', 'sms').coding[0] },
      { url: 'text', valueString: 'Please call us.' },
    ]),
  },
  'herald-key-named': {
    breaks: withExtension(extension('personalisation', { extension: [{ url: 'name', valueString: '  ' }] })),
    passes: withExtension(extension('personalisation', { extension: [{ url: 'name', valueString: 'date' }] })),
  },
  'herald-channel-assured': {
    breaks: but(channel, { extension: channel.extension?.filter((one) => one.valueReference === undefined) }),
    passes: but(channel, {
      status: 'off',
      extension: channel.extension?.filter((one) => one.valueReference === undefined),
    }),
  },
  'herald-flag-limited': { breaks: but(flag, { code: concept('flag-code', 'limited-sender') }), passes: flag },
  'herald-flag-proxy': {
    breaks: but(flag, { code: concept('flag-code', 'proxy-receives-messages') }),
    passes: but(flag, {
      code: concept('flag-code', 'proxy-receives-messages'),
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/flag-detail', valueReference: { reference: 'Consent/one' } },
      ],
    }),
  },
};

/** Warnings refuse nothing: the rules answer for what they say. */
const warnings: Readonly<Record<string, { breaks: Resource; passes: Resource }>> = {
  'herald-emergency-decided': {
    breaks: emergency([{ url: 'seniorConsulted', valueString: 'Site manager' }]),
    passes: emergency([{ url: 'decidedBy', valueReference: { reference: 'Practitioner/one' } }]),
  },
  'herald-emergency-senior': {
    breaks: emergency([
      { url: 'seniorConsulted', valueString: 'Site manager' },
      { url: 'noSeniorBecause', valueString: 'Night' },
    ]),
    passes: emergency([{ url: 'noSeniorBecause', valueString: 'Night' }]),
  },
  'herald-objection-scoped': {
    breaks: but(objection, { category: [concept('consent-category', 'messaging-objection')] }),
    passes: objection,
  },
  'herald-override-focus': { breaks: but(override, { focus: { reference: 'Patient/one' } }), passes: override },
  'herald-override-reasoned': { breaks: but(override, { note: undefined }), passes: override },
  'herald-override-guardian': {
    breaks: but(override, { input: undefined }),
    passes: but(override, { input: undefined, reasonCode: concept('override-ground', 'credible-threat') }),
  },
};

interface Constraint {
  readonly key: string;
  readonly path: string;
  readonly severity: string;
  readonly expression: string;
}

const constraints: readonly Constraint[] = published('StructureDefinition').flatMap((one) =>
  (one.differential?.element ?? []).flatMap(({ path, constraint }) =>
    (constraint ?? []).map(({ key, severity, expression }) => ({
      key: key ?? '',
      path: path ?? '',
      severity: severity ?? '',
      expression: expression ?? '',
    })),
  ),
);

describe('every invariant of ours', () => {
  it('has a key that no other specification uses, once, and a case here', () => {
    const keys = constraints.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^herald-[a-z-]+$/);
    const bySeverity = (severity: string) => constraints.filter((one) => one.severity === severity);
    expect(Object.keys(cases).sort()).toEqual(
      bySeverity('error')
        .map(({ key }) => key)
        .sort(),
    );
    expect(Object.keys(warnings).sort()).toEqual(
      bySeverity('warning')
        .map(({ key }) => key)
        .sort(),
    );
  });

  it.each(Object.entries(cases))('%s is broken by one resource, and said alone', (key, { breaks }) => {
    const said = saidOf(breaks);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`breaks ${key}: `);
  });

  it('has a place only where it is one of ours', () => {
    expect(constraints.map(({ key }) => key)).toEqual(expect.arrayContaining(Object.keys(invariantPlaces)));
  });

  it.each(Object.entries(cases))('%s is kept by one that nearly breaks it', (_key, { passes }) => {
    expect(saidOf(passes)).toEqual([]);
  });

  it.each(Object.entries(warnings))('%s warns, and refuses nothing', (key, { breaks, passes }) => {
    const { expression, path } = constraints.find((one) => one.key === key) as Constraint;
    const holds = (resource: Resource): unknown => {
      const focus = path === 'Extension' ? { type: 'Extension', value: extensionOf(resource) } : toTypedValue(resource);
      return evalFhirPathTyped(expression, [focus], { '%resource': toTypedValue(resource) })[0]?.value;
    };
    expect(holds(breaks)).toBe(false);
    expect(holds(passes)).toBe(true);
    expect(saidOf(breaks)).toEqual([]);
  });
});

describe('contract 8: a Task is completed with the decision that its row allows, and no other', () => {
  const rows: readonly (readonly [codes: string, decisions: string])[] = [
    ['check-with-person restricted-record second-reader', 'agreed refused'],
    ['override-objection', 'override-approved override-declined'],
    ['post-hoc-ig-review', 'no-action learning incident-reported breach-assessed'],
    ['discuss-objection', 'upheld resolved withdrawn'],
    ['discuss-removal', 'remove keep'],
    [
      'explain-impact need-meets-objection check-contact template-changed purge-history duplicate-record hold-overdue emergency-pattern dead-letter',
      'done',
    ],
    ['triage-inbound', 'identified nobody'],
    ['subject-access-request', 'release-approved refused'],
  ];
  const decisions = published('CodeSystem')
    .find((one) => one.id === 'decision')
    ?.concept?.flatMap((one) => one.code ?? []) as string[];
  const matrix = rows.flatMap(([codes, allowed]) =>
    codes.split(' ').flatMap((code) => decisions.map((one) => [code, one, allowed.split(' ').includes(one)] as const)),
  );

  it('the rows have every kind of Task', () => {
    const codes = published('CodeSystem')
      .find((one) => one.id === 'task-code')
      ?.concept?.map((one) => one.code);
    expect(rows.flatMap(([names]) => names.split(' ')).sort()).toEqual(codes?.sort());
  });

  it.each(matrix)('%s with %s: %s', (code, decision, allowed) => {
    const text = allowed ? [] : [expect.stringContaining('breaks herald-task-')];
    expect(saidOf(completed(code, decision))).toEqual(text);
    const asCoding: Task = completed(code, decision);
    const [first, ...others] = asCoding.output ?? [];
    const { valueCodeableConcept, ...output } = first as NonNullable<typeof first>;
    const coding = { ...output, valueCoding: valueCodeableConcept?.coding?.[0] };
    expect(saidOf(but(asCoding, { output: [coding, ...others] }))).toEqual(text);
  });

  it.each(rows.flatMap(([codes]) => codes.split(' ')))(
    '%s: completed without a decision is refused, open it is not',
    (code) => {
      expect(saidOf(but(completed(code, 'done'), { output: undefined }))).toHaveLength(1);
      for (const status of ['requested', 'in-progress', 'rejected', 'cancelled']) {
        expect(saidOf(but(completed(code, 'done'), { output: undefined, status }))).toEqual([]);
      }
    },
  );

  it('a second decision that is not allowed is not hidden by the first', () => {
    const task = completed('discuss-removal', 'remove');
    const other = { type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', 'done') };
    expect(saidOf(but(task, { output: [...(task.output ?? []), other] }))).toHaveLength(1);
  });
});

function release(code: string, wrong: string, right: string): { breaks: Resource; passes: Resource } {
  return { breaks: completed(code, wrong), passes: completed(code, right) };
}

/** A type that is not in use yet may lack what an active one needs, and any can be retired. */
function ofActiveType(change: Record<string, unknown>): { breaks: Resource; passes: Resource } {
  return { breaks: but(messageType, change), passes: but(messageType, { ...change, status: 'retired' }) };
}

function withoutExtension(name: string): unknown {
  return messageType.extension?.filter((one) => one.url !== structureDefinition(name));
}

function withTemplate(parts: object[]): Resource {
  return withExtension(extension('channel-template', { extension: parts }));
}

function withExtension(one: object): Resource {
  return but(messageType, { extension: [...(messageType.extension ?? []), one] });
}

function emergency(parts: object[]): Resource {
  return but(request, { extension: [...(request.extension ?? []), extension('emergency', { extension: parts })] });
}

function extensionOf(resource: Resource): unknown {
  return (Reflect.get(resource, 'extension') as unknown[]).at(-1);
}
