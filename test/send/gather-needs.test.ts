import type { Extension, Flag, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { channels } from '../../src/policy/channel.ts';
import { personOf } from '../../src/send/gather-contacts.ts';
import { withNeeds } from '../../src/send/gather-needs.ts';
import { person } from '../policy/world.ts';

const now = new Date('2026-06-01T10:00:00Z');
const adjustments = 'https://fhir.nhs.uk/England/CodeSystem/RA-FlagCategory';
const flag = (code: string, change: Partial<Flag> = {}, category = '004'): Flag => ({
  resourceType: 'Flag',
  id: 'f1',
  status: 'active',
  category: [{ coding: [{ system: adjustments, code: category }] }],
  code: { coding: [{ system: 'http://snomed.info/sct', code }] },
  subject: { reference: 'Patient/maya' },
  ...change,
});
const needs = (...flags: Flag[]) => withNeeds(person(), flags, now).needs;
const EASY_READ = '796161000000101';

describe('PRF-6: needs from Flags', () => {
  it.each([
    ['936701000000103', 'contact by text', ['sms'], []],
    ['936741000000100', 'contact by email', ['email', 'secure-email'], []],
    ['936721000000107', 'contact by letter', ['letter'], []],
    ['936581000000101', 'information by email', ['email', 'secure-email'], []],
    ['957331000000109', 'print of at least 20 point', [], ['nhsapp', 'email', 'secure-email', 'sms']],
    [EASY_READ, 'easy read', [], []],
    ['204331000000107', 'British Sign Language', [], []],
    ['795661000000104', 'contact by telephone', [], []],
  ])('%s is %s', (code, name, metBy, near) => {
    expect(needs(flag(code))).toEqual([{ name, metBy, near }]);
  });

  it.each<[string, Flag]>([
    ['one that has ended', flag(EASY_READ, { period: { start: '2025-01-01', end: '2025-12-31' } })],
    ['one that has not begun', flag(EASY_READ, { period: { start: '2026-07-01' } })],
    ['one that is not in force', flag(EASY_READ, { status: 'inactive' })],
    ['one entered in error', flag(EASY_READ, { status: 'entered-in-error' })],
    ['one that every message meets', flag('1108131000000104')],
    ['the same code of another system', flag('', { code: { coding: [{ system: 'urn:x', code: EASY_READ }] } }, '007')],
    ["an aid for the person's own use", flag('285055002', {}, '001')],
  ])('%s is none', (_what, given) => {
    expect(needs(given)).toEqual([]);
  });

  it('one that no table knows is shown by where it is, never by its own words', () => {
    const category = [{ coding: [{ system: codeSystem('flag-category'), code: 'accessible-information' }] }];
    const unknown = flag('945931000000101', { category, code: { text: 'Ring her son on 07700 900999' } });
    expect(needs(unknown).map((one) => one.name)).toEqual(['one that Herald does not know, see Flag/f1']);
  });

  it('each need once, whatever the order of the Flags', () => {
    const two = [flag('936681000000100'), flag('936661000000109'), flag(EASY_READ)];
    expect(needs(...two).map((one) => one.name)).toEqual(['Braille', 'easy read']);
    expect(needs(...two.toReversed())).toEqual(needs(...two));
  });

  it('PRF-8: a Flag for an interpreter asks for one', () => {
    expect(withNeeds(person(), [flag('203291000000102', {}, '006')], now).interpreter).toBe(true);
    expect(withNeeds(person(), [flag(EASY_READ)], now).interpreter).toBe(false);
  });

  it("PRX-9: a proxy's own needs are in a Flag that names the proxy; they are not the patient's", () => {
    const mothers = flag(EASY_READ, {
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
          valueReference: { reference: 'RelatedPerson/mother' },
        },
      ],
    });
    const mother = person({ reference: 'RelatedPerson/mother' });
    expect(withNeeds(mother, [mothers, flag('936721000000107')], now).needs.map((one) => one.name)).toEqual([
      'easy read',
    ]);
    expect(needs(mothers)).toEqual([]);
  });
});

const preference = (...parts: Extension[]): Extension => ({
  url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactPreference',
  extension: parts,
});
const coded = (url: string, list: string, code: string): Extension => ({
  url,
  valueCodeableConcept: { coding: [{ system: `https://fhir.hl7.org.uk/CodeSystem/UKCore-${list}`, code }] },
});
const of = (change: Partial<Patient>) => personOf({ resourceType: 'Patient', ...change }, 'Patient/maya', now);

describe("UK Core's contact preference", () => {
  it.each([
    ['1', ['letter']],
    ['2', []],
    ['3', []],
    ['4', ['email', 'secure-email']],
    ['5', []],
    ['6', []],
    ['7', []],
    ['8', undefined],
    ['9', ['sms']],
    ['99', undefined],
  ])('PRF-1: method %s prefers %j', (code, preferred) => {
    const extension = [preference(coded('PreferredContactMethod', 'PreferredContactMethod', code))];
    expect(of({ extension }).preferred).toEqual(preferred);
  });

  it('PRF-6: no telephone contact is met by every channel', () => {
    const extension = [preference(coded('PreferredContactMethod', 'PreferredContactMethod', '8'))];
    expect(of({ extension }).needs).toEqual([{ name: 'no telephone calls', metBy: channels, near: [], noCalls: true }]);
  });

  it.each([
    ['11', 'large print'],
    ['12', 'Braille'],
    ['13', 'audio'],
  ])('PRF-6: written format %s is the need of %s, of a proxy too', (code, name) => {
    const extension = [
      preference(coded('PreferredWrittenCommunicationFormat', 'PreferredWrittenCommunicationFormat', code)),
    ];
    expect(of({ extension }).needs.map((one) => one.name)).toEqual([name]);
    const mother = { resourceType: 'RelatedPerson', extension } as RelatedPerson;
    expect(personOf(mother, 'RelatedPerson/mother', now).needs.map((one) => one.name)).toEqual([name]);
  });
});

describe('PRF-4: when a contact detail was confirmed', () => {
  const confirmed = (on: string): Extension[] => [
    { url: structureDefinition('contact-confirmed'), extension: [{ url: 'on', valueDateTime: on }] },
  ];
  const confirmedOn = (on: string | undefined, period?: { start: string }) =>
    of({
      telecom: [
        {
          system: 'phone',
          value: '07700 900123',
          ...(on === undefined ? {} : { extension: confirmed(on) }),
          ...(period === undefined ? {} : { period }),
        },
      ],
    }).contacts[0]?.confirmedOn;
  it.each([
    ['a time, as the day in England', '2026-05-02T23:30:00Z', undefined, '2026-05-03'],
    ['a day', '2026-05-02', undefined, '2026-05-02'],
    ['none', undefined, undefined, undefined],
    ['what is no date', 'yesterday', undefined, undefined],
    ['a detail in use before', '2026-05-02', { start: '2026-05-02' }, '2026-05-02'],
    ['a detail that came into use after it', '2026-05-02', { start: '2026-05-03' }, undefined],
  ])('%s', (_what, on, period, expected) => {
    expect(confirmedOn(on, period)).toBe(expected);
  });

  it('of a postal address as well', () => {
    const address = [{ extension: confirmed('2026-05-02'), line: ['1 Example Row'], postalCode: 'LS1 4AP' }];
    expect(of({ address, name: [{ text: 'Maya Osei' }] }).contacts[0]?.confirmedOn).toBe('2026-05-02');
  });
});
