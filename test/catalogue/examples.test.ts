import { describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { system } from '../../src/canonical.ts';
import { demoStaffResources, examplePeople, exampleRequest, exampleResources } from '../../src/catalogue/examples.ts';
import { isNhsNumber } from '../../src/policy/nhs-number.ts';

const controller = { ods: 'RXX', name: 'Example NHS Trust' };
const staff = demoStaffResources(controller);
const people = exampleResources(controller);
const all = [...staff, ...people];
const text = JSON.stringify(all);
const addressOf = (resource: { resourceType: string; id: string }) => `${resource.resourceType}/${resource.id}`;

describe('contract 1, "Never by accident": example people are nobody', () => {
  it('VER-1: their NHS numbers pass modulus 11, come from the 999 range, and differ', () => {
    const numbers = people.flatMap((one) =>
      one.resourceType === 'Patient'
        ? (one.identifier ?? []).filter((each) => each.system === system.nhsNumber).map((each) => each.value ?? '')
        : [],
    );
    expect(numbers).toHaveLength(Object.keys(examplePeople).length);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const number of numbers) {
      expect(number).toMatch(/^999/);
      expect(isNhsNumber(number)).toBe(true);
    }
  });

  it("their telephone numbers are Ofcom's for drama, none that GOV.UK Notify treats apart, and differ", () => {
    const numbers = text.match(/\+?\d{11,}/g) ?? [];
    const phones = numbers.filter((number) => number.startsWith('+'));
    expect(phones.length).toBeGreaterThan(4);
    expect(new Set(phones).size).toBe(phones.length);
    for (const phone of phones) {
      expect(phone).toMatch(/^\+447700900\d{3}$/);
      expect(phone).not.toMatch(/900(000|111|222|002|003)$/);
    }
  });

  it('their email addresses lead nowhere', () => {
    const addresses = text.match(/[\w.]+@[\w.]+/g) ?? [];
    expect(addresses.length).toBeGreaterThan(1);
    for (const address of addresses) expect(address).toMatch(/@example\.org$/);
  });
});

describe('contract 10: the staff of the demo tokens', () => {
  it('every demo token names a Practitioner, with a role at the controller', () => {
    const addresses = staff.map(addressOf);
    for (const { id } of Object.values(demoStaff)) expect(addresses).toContain(`Practitioner/${id}`);
    const roles = staff.filter((one) => one.resourceType === 'PractitionerRole');
    expect(roles.map((role) => role.practitioner?.reference)).toEqual(
      Object.values(demoStaff).map(({ id }) => `Practitioner/${id}`),
    );
    for (const role of roles) expect(role.organization?.identifier?.value).toBe('RXX');
  });
});

describe('the example resources', () => {
  it('no two have the same address, and every reference leads to one that comes before', () => {
    const seen = new Set<string>();
    for (const resource of all) {
      for (const [, reference] of JSON.stringify(resource).matchAll(/"reference":"([^"]+)"/g)) {
        expect(seen).toContain(reference);
      }
      expect(seen).not.toContain(addressOf(resource));
      seen.add(addressOf(resource));
    }
  });

  it('show what each of the people is there to show', () => {
    const patient = (id: string) => people.find((one) => addressOf(one) === `Patient/${id}`);
    expect(patient(examplePeople.adult)).toMatchObject({
      telecom: [
        { system: 'phone', use: 'mobile', rank: 1 },
        { system: 'email', rank: 2 },
      ],
    });
    expect(patient(examplePeople.deceased)).toHaveProperty('deceasedDateTime');
    expect(patient(examplePeople.withoutContact)).not.toHaveProperty('telecom');
    expect(people.filter((one) => one.resourceType === 'RelatedPerson').map((one) => one.patient.reference)).toEqual([
      `Patient/${examplePeople.child}`,
      `Patient/${examplePeople.child}`,
    ]);
    const objections = people.filter((one) => one.resourceType === 'Consent');
    expect(objections).toHaveLength(1);
    expect(objections[0]).toMatchObject({
      status: 'active',
      patient: { reference: `Patient/${examplePeople.objector}` },
      provision: { type: 'deny' },
    });
  });

  it("the request of the first curl names people who exist, and carries the caller's key", () => {
    const request = exampleRequest('key-1');
    const addresses = all.map(addressOf);
    expect(addresses).toContain(request.subject?.reference);
    expect(addresses).toContain(request.requester?.reference);
    expect(request.identifier?.[0]?.value).toBe('key-1');
    expect(request.status).toBe('active');
  });
});
