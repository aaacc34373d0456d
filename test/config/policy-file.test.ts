import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { channels } from '../../src/policy/channel.ts';
import { type Policy, staffRoles, weekdays } from '../../src/policy/policy.ts';
import schema from '../../src/policy-file.schema.json' with { type: 'json' };
import { defaultPolicy, parsePolicy, readPolicyFile } from '../../src/policy-file.ts';
import { filesUnder, textOf } from '../meta/tree.ts';

const dir = mkdtempSync(join(tmpdir(), 'herald-policy-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function policyOf(json: unknown): Policy {
  const reading = parsePolicy(json);
  if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults));
  return reading.policy;
}

const faultsOf = (json: unknown) => {
  const reading = parsePolicy(json);
  return reading.kind === 'faults' ? reading.faults : [];
};

describe('contract 1: the policy file', () => {
  it('an empty file is the built-in policy', () => {
    expect(policyOf({})).toEqual(defaultPolicy);
  });

  it("the built-in policy is the contract's", () => {
    expect(defaultPolicy).toEqual({
      lawfulBases: [
        { label: '6(1)(e)', url: 'https://www.legislation.gov.uk/eur/2016/679/article/6' },
        { label: '9(1)(h)', url: 'https://www.legislation.gov.uk/eur/2016/679/article/9' },
        { label: 'implied consent' },
      ],
      contactConfirmedMonths: 12,
      channelOrder: ['nhsapp', 'sms', 'email', 'letter'],
      linkDomains: ['nhs.uk', 'gov.uk'],
      foreignNumbers: false,
      reviewDays: 7,
      bestInterestMonths: 12,
      fourEyes: false,
      secondReader: [],
      teamHours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00', bankHolidaysClosed: true },
      responseMinutes: 60,
      staffRoles: {},
      providerLimits: { perMinute: 2700 },
    });
  });

  it('a key that is given takes its place, and the others keep their default', () => {
    expect(policyOf({ fourEyes: true, quietHours: { from: '21:00', to: '07:30' } })).toEqual({
      ...defaultPolicy,
      fourEyes: true,
      quietHours: { from: '21:00', to: '07:30' },
    });
  });

  it("part of the team's hours may be given", () => {
    expect(policyOf({ teamHours: { to: '20:00' } }).teamHours).toEqual({ ...defaultPolicy.teamHours, to: '20:00' });
  });

  it('one of the provider limits may be given', () => {
    expect(policyOf({ providerLimits: { perMinute: 600 } }).providerLimits).toEqual({
      ...defaultPolicy.providerLimits,
      perMinute: 600,
    });
  });

  it('every key can be set', () => {
    const full = {
      lawfulBases: ['6(1)(d)', { label: 'Trust policy 12', url: 'https://trust.nhs.example/policy-12' }],
      contactConfirmedMonths: 6,
      channelOrder: ['letter', 'secure-email'],
      linkDomains: ['nhs.uk', 'trust.nhs.example'],
      contactLine: 'To check this text, ring 0113 496 0123.',
      smsPrefix: 'Example Trust',
      foreignNumbers: true,
      quietHours: { from: '21:00', to: '08:00' },
      reviewDays: 3,
      bestInterestMonths: 6,
      fourEyes: true,
      secondReader: ['care-message'],
      teamHours: { days: ['sat'], from: '08:00', to: '12:00', bankHolidaysClosed: false },
      urgentWords: ['chest pain'],
      contactOfTheDay: 'PractitionerRole/on-call',
      responseMinutes: 15,
      staffRoles: Object.fromEntries(staffRoles.map((role) => [role, `PractitionerRole/${role}`])),
      providerLimits: { perMinute: 600, perNumberAndHour: 40, sameTextPerNumberAndHour: 5 },
    };
    expect(Object.keys(full).sort()).toEqual(
      Object.keys(schema.properties)
        .filter((key) => key !== '$schema')
        .sort(),
    );
    expect(policyOf(full)).toEqual({
      ...full,
      lawfulBases: [
        { label: '6(1)(d)', url: 'https://www.legislation.gov.uk/eur/2016/679/article/6' },
        { label: 'Trust policy 12', url: 'https://trust.nhs.example/policy-12' },
      ],
    });
  });

  it('lists in the schema are the lists in the code', () => {
    const { channelOrder, teamHours, staffRoles: roles } = schema.properties;
    expect(channelOrder.items.enum).toEqual([...channels]);
    expect(teamHours.properties.days.items.enum).toEqual([...weekdays]);
    expect(Object.keys(roles.properties)).toEqual([...staffRoles]);
  });

  it('nothing in it can be changed', () => {
    const policy = policyOf({ teamHours: { to: '18:00' } });
    expect(Object.isFrozen(policy) && Object.isFrozen(policy.teamHours) && Object.isFrozen(policy.lawfulBases)).toBe(
      true,
    );
  });
});

describe('contract 1: a fault in the policy file is found, and says where', () => {
  it.each<[string, unknown, string]>([
    ['a list in place of an object', [], ''],
    ['a misspelt key', { fourEye: true }, ''],
    ['a basis without label', { lawfulBases: [{ url: 'https://example.org' }] }, '/lawfulBases/0'],
    ['a basis that is a number', { lawfulBases: ['6(1)(e)', 9] }, '/lawfulBases/1'],
    ['a basis whose link is not https', { lawfulBases: [{ label: 'x', url: 'x' }] }, '/lawfulBases/0/url'],
    ['no basis at all (CON-2)', { lawfulBases: [] }, '/lawfulBases'],
    ['an age of nothing', { contactConfirmedMonths: 0 }, '/contactConfirmedMonths'],
    ['half a month', { contactConfirmedMonths: 1.5 }, '/contactConfirmedMonths'],
    ['an unknown channel', { channelOrder: ['sms', 'fax'] }, '/channelOrder/1'],
    ['a channel twice', { channelOrder: ['sms', 'sms'] }, '/channelOrder'],
    ['a link domain with a scheme', { linkDomains: ['https://nhs.uk'] }, '/linkDomains/0'],
    ['a link domain with a star', { linkDomains: ['*.nhs.uk'] }, '/linkDomains/0'],
    ['a link domain that is an IP address', { linkDomains: ['192.0.2.1'] }, '/linkDomains/0'],
    ['a whole top-level domain', { linkDomains: ['uk'] }, '/linkDomains/0'],
    ['a contact line of two lines', { contactLine: 'a\nb' }, '/contactLine'],
    ['an empty prefix', { smsPrefix: '' }, '/smsPrefix'],
    ['yes for true', { foreignNumbers: 'yes' }, '/foreignNumbers'],
    ['quiet hours without end', { quietHours: { from: '21:00' } }, '/quietHours'],
    ['an hour that there is not', { quietHours: { from: '24:00', to: '07:00' } }, '/quietHours/from'],
    ['quiet hours of no length', { quietHours: { from: '21:00', to: '21:00' } }, '/quietHours'],
    ['a negative number of days', { reviewDays: -1 }, '/reviewDays'],
    ['a message type with a blank', { secondReader: ['care message'] }, '/secondReader/0'],
    ['a day that there is not', { teamHours: { days: ['monday'] } }, '/teamHours/days/0'],
    ['a team that is never there', { teamHours: { days: [] } }, '/teamHours/days'],
    ['a team that closes before it opens', { teamHours: { from: '18:00' } }, '/teamHours'],
    ['urgent words that are none', { urgentWords: [''] }, '/urgentWords/0'],
    ['a contact that is a name', { contactOfTheDay: 'Dr Example' }, '/contactOfTheDay'],
    ['an unknown staff role', { staffRoles: { matron: 'Practitioner/1' } }, '/staffRoles'],
    ['a role held by a patient', { staffRoles: { dpo: 'Patient/1' } }, '/staffRoles/dpo'],
  ])('%s', (_name, json, pointer) => {
    const faults = faultsOf(json);
    expect(faults.map((fault) => fault.pointer)).toEqual([pointer]);
    expect(faults[0]?.problem).not.toBe('');
    expect(faults[0]?.remedy).toMatch(/\.$/);
  });

  it('every fault is reported, not only the first', () => {
    const pointers = faultsOf({ reviewDays: 0, fourEyes: 1, linkDomains: ['!'] }).map((fault) => fault.pointer);
    expect(pointers.sort()).toEqual(['/fourEyes', '/linkDomains/0', '/reviewDays']);
  });

  it.each([
    ['is not there', join(dir, 'absent.json'), 'cannot be read'],
    ['is a directory', dir, 'cannot be read'],
    ['is not JSON', written('broken.json', '{,}'), 'not JSON'],
    ['is too large', written('large.json', ' '.repeat(1_000_001)), 'too large'],
  ])('a file that %s', (_name, path, problem) => {
    const reading = readPolicyFile(path);
    expect(reading).toMatchObject({
      kind: 'faults',
      faults: [{ pointer: '', problem: expect.stringContaining(problem) }],
    });
  });

  it('a good file is read', () => {
    expect(readPolicyFile(written('good.json', '{"reviewDays":2}'))).toMatchObject({ policy: { reviewDays: 2 } });
  });

  it('whatever JSON the file holds, the answer is a policy or faults', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(schema.properties)), (value, key) => {
        for (const json of [value, { [key]: value }]) {
          const reading = parsePolicy(json);
          if (reading.kind === 'faults') expect(reading.faults.length).toBeGreaterThan(0);
          else expect(Object.keys(reading.policy)).toEqual(expect.arrayContaining(Object.keys(defaultPolicy)));
        }
      }),
      { numRuns: 50 },
    );
  });
});

it('every setting is acted on: something reads it', () => {
  const readers = filesUnder('src').filter(
    (path) => path.endsWith('.ts') && !['src/policy/policy.ts', 'src/policy-file.ts'].includes(path),
  );
  const text = readers.map(textOf).join('\n');
  const keys = Object.keys(schema.properties).filter((key) => key !== '$schema');
  expect(keys.filter((key) => !new RegExp(`(?:policy|[{,])\\??[. ]${key}\\b`).test(text))).toEqual([]);
});

describe('docs/operate.md', () => {
  const text = textOf('docs/operate.md');

  it('describes every key of the policy file', () => {
    for (const key of Object.keys(schema.properties)) if (key !== '$schema') expect(text).toContain(`| \`${key}\` |`);
  });
});

function written(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}
