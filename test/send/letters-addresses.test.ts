import type { Address, HumanName, Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import type { AddressFault } from '../../src/policy/channel.ts';
import { decide } from '../../src/policy/decide.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { personOf } from '../../src/send/gather-contacts.ts';
import { now, reachedBy, request, world } from '../policy/world.ts';

const row: Address = { use: 'home', line: ['1 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' };
const edith: HumanName = { use: 'official', given: ['Edith'], family: 'Clarke' };

const person = (change: Partial<Patient>) =>
  personOf({ resourceType: 'Patient', name: [edith], address: [row], ...change }, 'Patient/maya', now);

/** What the rules make of somebody who may be written to by post alone. */
const decided = (change: Partial<Patient>, foreignNumbers = false) =>
  decide(
    world({
      ...reachedBy({ contacts: person(change).contacts }),
      request: request({ medium: ['letter'] }),
      providerChannels: ['sms', 'email', 'letter'],
      policy: { ...defaultPolicy, foreignNumbers },
    }),
  );
const to = (change: Partial<Patient>, foreignNumbers = false): string | undefined => {
  const decision = decided(change, foreignNumbers);
  return decision.kind === 'send' ? decision.delivery.to.replaceAll('\n', ' / ') : undefined;
};

describe('PRF-5: the address that a letter goes to', () => {
  it.each<[string, Partial<Patient>, string]>([
    ['name, lines, town, postcode', {}, 'Edith Clarke / 1 Example Row / Leeds / LS1 4AP'],
    [
      'all of UK Core’s parts',
      {
        address: [
          { line: ['Flat 2', '1 Row', 'Holbeck'], city: 'Leeds', district: 'West Yorkshire', postalCode: 'ls14ap' },
        ],
      },
      'Edith Clarke / Flat 2 / 1 Row / Holbeck / Leeds / West Yorkshire / LS1 4AP',
    ],
    [
      'as the Spine writes it: everything in the lines, some of them empty',
      { address: [{ line: ['', '1 Example Row', '', 'Leeds', ''], postalCode: 'LS1 4AP' }] },
      'Edith Clarke / 1 Example Row / Leeds / LS1 4AP',
    ],
    [
      'a town that is written twice is printed once',
      { address: [{ ...row, line: ['1 Example Row', 'LEEDS'] }] },
      'Edith Clarke / 1 Example Row / LEEDS / LS1 4AP',
    ],
    [
      'text alone',
      { address: [{ text: '1 Example Row, Leeds\nLS1 4AP' }] },
      'Edith Clarke / 1 Example Row / Leeds / LS1 4AP',
    ],
    [
      'a UK country is left out',
      { address: [{ ...row, country: 'GBR' }] },
      'Edith Clarke / 1 Example Row / Leeds / LS1 4AP',
    ],
    ['the forces’ post', { address: [{ line: ['2 Troop', 'BFPO 58'] }] }, 'Edith Clarke / 2 Troop / BFPO 58'],
    [
      'the name that they go by',
      { name: [edith, { use: 'usual', prefix: ['Ms'], given: ['Edie', 'Ann'], family: 'Clarke' }] },
      'Ms Edie Ann Clarke / 1 Example Row / Leeds / LS1 4AP',
    ],
    [
      'not a name of earlier, nor one of fun',
      {
        name: [
          { use: 'maiden', given: ['Edith'], family: 'Before' },
          { use: 'nickname', given: ['Eds'], family: 'Clarke' },
          { use: 'usual', given: ['Edith'], family: 'Ended', period: { end: '2020-01-01' } },
          { text: 'Edith  Clarke' },
        ],
      },
      'Edith Clarke / 1 Example Row / Leeds / LS1 4AP',
    ],
    [
      'the one to write to, before the one to go to',
      {
        address: [
          { ...row, type: 'physical' },
          row,
          { use: 'work', type: 'postal', line: ['PO Box 7'], city: 'Leeds', postalCode: 'LS1 4AP' },
        ],
      },
      'Edith Clarke / PO Box 7 / Leeds / LS1 4AP',
    ],
    [
      'home before work',
      { address: [{ ...row, use: 'work', line: ['9 Office'] }, row] },
      'Edith Clarke / 1 Example Row / Leeds / LS1 4AP',
    ],
    [
      'the one in use, of several',
      {
        address: [
          { ...row, use: 'old', line: ['3 Past'] },
          { ...row, line: ['4 Ended'], period: { end: '2026-05-31' } },
          { ...row, line: ['5 Later'], period: { start: '2026-06-02' } },
          { ...row, line: ['6 Now'], period: { start: '2026-01-01' } },
        ],
      },
      'Edith Clarke / 6 Now / Leeds / LS1 4AP',
    ],
  ])('%s', (_what, change, lines) => {
    expect(to(change)).toBe(lines);
  });

  it('abroad is off until the organisation says otherwise', () => {
    const address = [{ line: ['1 Rue Exemple'], city: '75001 Paris', country: 'FR' }];
    expect(to({ address })).toBeUndefined();
    expect(JSON.stringify(decided({ address }))).toContain('not in the UK');
    expect(to({ address }, true)).toBe('Edith Clarke / 1 Rue Exemple / 75001 Paris / France');
  });

  it.each<[AddressFault, Partial<Patient>, string]>([
    ['no-name', { name: [] }, 'no name to write on the envelope'],
    ['no-name', { name: [{ use: 'old', family: 'Before' }] }, 'no name to write on the envelope'],
    ['too-few-lines', { address: [{ postalCode: 'LS1 4AP' }] }, 'too short'],
    ['too-many-lines', { address: [{ ...row, line: ['1', '2', '3', '4', '5'] }] }, 'more than 7 lines'],
    ['no-words', { address: [{ ...row, line: ['—'] }] }, 'without letters or digits'],
    [
      'bfpo-abroad',
      { address: [{ line: ['2 Troop', 'BFPO 58'], country: 'Germany' }] },
      'a BFPO address with a country',
    ],
    ['no-postcode', { address: [{ line: ['1 Example Row'], city: 'Leeds' }] }, 'not ending with a UK postcode'],
    // What is recorded for people whose address nobody knows.
    ['no-postcode', { address: [{ ...row, postalCode: 'ZZ99 3VZ' }] }, 'not ending with a UK postcode'],
    ['first-character', { address: [{ ...row, line: ['(rear) 1 Example Row'] }] }, 'such as a bracket'],
    ['no-fixed-abode', { address: [{ ...row, line: ['No fixed abode'] }] }, 'no fixed abode'],
  ])('%s is told before any call, and nothing of the address with it', (fault, change, words) => {
    expect(person(change).contacts.map((one) => one.form)).toEqual([{ kind: 'unaddressable', fault }]);
    const decision = decided(change);
    expect(decision).toMatchObject({ kind: 'refuse', reasons: [{ code: 'no-contact', clause: 'PRF-5' }] });
    const said = JSON.stringify(decision);
    expect(said).toContain(words);
    expect(said).not.toMatch(/Example Row|LS1|ZZ99|Troop|Edith|Clarke/);
  });
});
