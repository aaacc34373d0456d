import type { Consent, Flag } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { isFlagOf, objectionFlag } from '../../src/objections/flag.ts';
import type { Stored } from '../../src/store/fhir-store.ts';
import { concept, objection, ofProxy, REASON } from '../support/objections.ts';

const now = new Date('2026-06-01T10:00:00Z');
const stored = (flag: (Flag & { id: string }) | undefined): Stored<Flag> =>
  ({ ...flag, meta: { ...flag?.meta, versionId: '1', lastUpdated: '2026-06-01T10:00:00Z' } }) as Stored<Flag>;
const flagOf = (consent: Consent, existing?: Stored<Flag>) => objectionFlag({ ...consent, id: 'o1' }, existing, now);
const patient = 'Patient/1';

describe('OBJ-5, OBJ-10: what staff see of an objection', () => {
  it.each<[string, Consent, readonly string[], string]>([
    ['to texts', objection(patient), ['do-not-text'], 'Do not text.'],
    [
      'to email of either kind',
      objection(patient, { channels: ['email', 'secure-email'] }),
      ['do-not-email'],
      'Do not email.',
    ],
    ['to letters', objection(patient, { channels: ['letter'] }), ['do-not-write'], 'Do not send letters.'],
    ['to the NHS App', objection(patient, { channels: ['nhsapp'] }), ['do-not-use-nhs-app'], 'Do not use the NHS App.'],
    [
      'to two',
      objection(patient, { channels: ['sms', 'email'] }),
      ['do-not-text', 'do-not-email'],
      'Do not text or email.',
    ],
    [
      'to all messages',
      objection(patient, { scope: 'all-messages', channels: ['all'] }),
      ['do-not-message'],
      'Do not message.',
    ],
    [
      'to processing',
      objection(patient, { scope: 'care-processing', channels: [] }),
      ['do-not-message'],
      'Do not message.',
    ],
    ['provisionally', objection(patient, { status: 'proposed' }), ['do-not-text'], 'Do not text.'],
    [
      'about a service',
      objection(patient, { scope: 'service-or-type', channels: ['all'], code: [concept('service', 'screening')] }),
      ['do-not-message'],
      'Do not message about what the objection names.',
    ],
  ])('%s', (_what, consent, codes, words) => {
    const flag = flagOf(consent);
    expect(flag?.code.coding?.map((one) => one.code)).toEqual(codes);
    expect(flag?.code.text).toContain(words);
    expect(flag).toMatchObject({ status: 'active', subject: { reference: patient }, period: { start: '2026-05-12' } });
    expect(flag?.meta?.security?.map((one) => one.code)).toEqual(['R']);
    expect(JSON.stringify(flag)).not.toContain(REASON);
    expect(JSON.stringify(flag)).not.toContain('screening');
  });

  it('a proxy’s own objection does not make the patient an objector', () => {
    expect(flagOf(ofProxy(patient, 'RelatedPerson/1'))?.code.coding).toBeUndefined();
  });

  it('nothing is written twice, and a change is', () => {
    const made = stored(flagOf(objection(patient)));
    expect(flagOf(objection(patient), made)).toBeUndefined();
    expect(flagOf(objection(patient, { channels: ['email'] }), made)?.code.coding?.[0]?.code).toBe('do-not-email');
    expect(flagOf(objection(patient), { ...made, status: 'inactive' })?.status).toBe('active');
  });

  it.each<[string, NonNullable<Parameters<typeof objection>[1]>, string]>([
    ['withdrawn', { status: 'inactive' }, '2026-06-01T10:00:00.000Z'],
    ['rejected', { status: 'rejected' }, '2026-06-01T10:00:00.000Z'],
    ['recorded by mistake', { status: 'entered-in-error' }, '2026-06-01T10:00:00.000Z'],
    ['over by its period', { period: { start: '2026-05-12', end: '2026-05-31' } }, '2026-05-31'],
  ])('ends when the objection is %s', (_what, change, end) => {
    const made = stored(flagOf(objection(patient)));
    const ended = flagOf(objection(patient, change), made);
    expect(ended).toMatchObject({ status: 'inactive', period: { start: '2026-05-12', end } });
    expect(flagOf(objection(patient, change), stored(ended))).toBeUndefined();
    expect(flagOf(objection(patient, change))).toBeUndefined();
  });
});

describe('a Consent that was something else before', () => {
  it('does not take the note of a proxy for its Flag', () => {
    const note: Flag = {
      resourceType: 'Flag',
      id: 'n1',
      status: 'active',
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
          valueReference: { reference: 'Consent/o1' },
        },
      ],
      code: concept('flag-code', 'proxy-receives-messages'),
      subject: { reference: patient },
    };
    expect(isFlagOf(note, 'o1')).toBe(false);
    expect(isFlagOf({ ...note, code: concept('flag-code', 'do-not-text') }, 'o1')).toBe(true);
    expect(isFlagOf({ ...note, code: concept('flag-code', 'do-not-text') }, 'o2')).toBe(false);
  });
});
