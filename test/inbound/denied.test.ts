import type { HumanName } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { deniesName } from '../../src/inbound/denied.ts';

const robin: HumanName[] = [{ given: ['Robin', 'J'], family: "O'Dea-Example", prefix: ['Mx'] }];

describe('VER-1: a text that says by name that it is somebody else', () => {
  it.each([
    'I am not Robin',
    "I'm not robin!",
    'This isn’t Robin',
    'Sorry this is NOT ROBIN’S PHONE',
    "this is not Robin's number",
    'not Mx Example',
    'I am not called Robin, I have had this phone a year',
    "It wasn't Robin who booked",
  ])('"%s" does', (text) => {
    expect(deniesName(text, robin)).toBe(true);
  });

  it.each([
    'I am not well. Robin',
    'No, Robin is coming',
    'Robin can not come',
    'Why not? Robin is free',
    'I am not J walking',
    'This is Robin',
    'not mr smith',
    '',
  ])('"%s" does not', (text) => {
    expect(deniesName(text, robin)).toBe(false);
  });

  it('nobody without a name is denied', () => {
    expect(deniesName('I am not Robin', [])).toBe(false);
  });
});
