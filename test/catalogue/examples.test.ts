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
const consentsOf = (id: string) =>
  people.filter((one) => one.resourceType === 'Consent').filter((one) => one.patient?.reference === `Patient/${id}`);
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
    const relatedTo = (id: string) =>
      people.filter((one) => one.resourceType === 'RelatedPerson' && one.patient.reference === `Patient/${id}`);
    expect(relatedTo(examplePeople.child)).toHaveLength(2);
    expect(consentsOf(examplePeople.child)).toEqual([]);
    expect(consentsOf(examplePeople.objector)).toMatchObject([{ status: 'active', provision: { type: 'deny' } }]);
  });

  it('PRX-5: the mother of the young person has authority until the day before the 18th birthday', () => {
    const young = people.find((one) => addressOf(one) === `Patient/${examplePeople.youngPerson}`);
    expect(young).toMatchObject({ birthDate: '2009-10-03', telecom: [{ system: 'phone' }] });
    expect(consentsOf(examplePeople.youngPerson)).toMatchObject([
      {
        policyRule: { coding: [{ code: 'parental-responsibility' }, {}] },
        provision: { period: { end: '2027-10-02' } },
      },
    ]);
  });

  it('PRX-6: the power of attorney has its instrument, and was checked as activated', () => {
    expect(consentsOf(examplePeople.represented)).toMatchObject([
      {
        policyRule: { coding: [{ code: 'health-and-welfare-lasting-power-of-attorney' }, {}] },
        sourceReference: { reference: 'DocumentReference/example-harold-power-of-attorney' },
        verification: [{ verified: true, verificationDate: '2026-03-16' }],
      },
    ]);
  });

  it('OBJ-8: whose partner reads along has a restricted objection, and no note or Task says why', () => {
    const [objection] = consentsOf(examplePeople.atRisk);
    expect(objection?.meta?.security?.map((one) => one.code)).toEqual(['R', 'SDV']);
    const shown = people.filter(
      (one) =>
        (one.resourceType === 'Flag' && one.subject.reference === `Patient/${examplePeople.atRisk}`) ||
        (one.resourceType === 'Task' && one.for?.reference === `Patient/${examplePeople.atRisk}`),
    );
    expect(shown.map((one) => one.resourceType)).toEqual(['Flag', 'Task']);
    expect(JSON.stringify(shown)).not.toMatch(/partner|violence|SDV/i);
  });

  it('VER-3: the replaced record names the one that counts', () => {
    const replaced = people.filter((one) => one.resourceType === 'Patient' && one.link !== undefined);
    expect(replaced).toMatchObject([
      { active: false, link: [{ type: 'replaced-by', other: { reference: `Patient/${examplePeople.survivor}` } }] },
    ]);
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
