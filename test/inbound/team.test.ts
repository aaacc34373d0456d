import type { ActivityDefinition, Communication, HealthcareService, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { checkContactTask, triageTask } from '../../src/inbound/tasks.ts';
import { teamOf } from '../../src/inbound/thread.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { closedAt } from '../../src/send/opening.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { FhirStore } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

const now = new Date('2027-01-13T10:00:00Z');
let store: FhirStore;
let close: () => void;
beforeEach(() => {
  const database = openDatabase(':memory:');
  store = new SqliteFhirStore(database, { clock: { now: () => now } });
  close = () => database.close();
});
afterEach(() => close());
const given = (...resources: (Resource & { id: string })[]) =>
  store.commit(resources.map((resource) => ({ op: 'create', resource })));

const maternity = { system: codeSystem('service'), code: 'maternity' };
const shipped = shippedMessageTypes.find((one) => one.id === 'contact-us') as ActivityDefinition & { id: string };
const ownType: ActivityDefinition & { id: string } = {
  ...shipped,
  id: 'midwife',
  url: `${MSG}/ActivityDefinition/midwife`,
  useContext: [
    {
      code: { system: 'http://terminology.hl7.org/CodeSystem/usage-context-type', code: 'program' },
      valueCodeableConcept: { coding: [maternity] },
    },
  ],
};
const midwives = (id: string, change: Partial<HealthcareService> = {}): HealthcareService & { id: string } => ({
  resourceType: 'HealthcareService',
  id,
  active: true,
  type: [{ coding: [maternity] }],
  telecom: [{ system: 'phone', value: '0113 496 0200' }],
  availableTime: [{ allDay: true }],
  ...change,
});
const sent: Communication = {
  resourceType: 'Communication',
  status: 'completed',
  instantiatesCanonical: [`${MSG}/ActivityDefinition/midwife`],
};
const team = (answered: Communication | undefined = sent) => teamOf(store, answered, defaultPolicy, now);
const night = new Date('2027-01-17T03:00:00Z');

describe('the team that receives', () => {
  it('TWO-2, TWO-4: is the service of the message that is answered, with its hours and its number', async () => {
    await given(ownType, midwives('ward'));
    const found = await team();
    expect([found.reference, found.phone, closedAt(found.opening, night)]).toEqual([
      'HealthcareService/ward',
      '0113 496 0200',
      undefined,
    ]);
  });

  it('TWO-4: of two services neither is guessed; one that is there is enough', async () => {
    await given(ownType, midwives('ward'), midwives('clinic', { availableTime: [] }));
    const found = await team();
    expect([found.reference, found.phone, closedAt(found.opening, night)]).toEqual([undefined, undefined, undefined]);
  });

  it('TWO-2: without a thread the hours are those of the policy', async () => {
    await given(ownType, midwives('ward'));
    for (const answered of [undefined, { ...sent, instantiatesCanonical: [`${MSG}/ActivityDefinition/contact-us`] }]) {
      const found = await teamOf(store, answered, defaultPolicy, now);
      expect([found.reference, closedAt(found.opening, night) !== undefined]).toEqual([undefined, true]);
    }
  });
});

describe('Tasks about texts', () => {
  const context = {
    now,
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
    policy: {
      ...defaultPolicy,
      responseMinutes: 15,
      contactOfTheDay: 'PractitionerRole/on-call',
      staffRoles: { clinic: 'Organization/clinic' },
    },
  };
  const about = async () => ({
    text: 'text-1',
    receivedAt: now,
    sender: { person: 'Patient/a', patient: 'Patient/a' },
    candidates: [{ person: 'Patient/a', patient: 'Patient/a' }],
    team: await team(),
  });

  it('TWO-3: an urgent one is of the contact of the day, within the response time', async () => {
    const task = triageTask(await about(), { reason: 'ordinary', urgent: true }, context);
    expect([task.priority, task.owner?.reference, task.restriction?.period?.end]).toEqual([
      'urgent',
      'PractitionerRole/on-call',
      '2027-01-13T10:15:00.000Z',
    ]);
  });

  it("TWO-4: an ordinary one is the team's, or else the clinic's, and has a due time", async () => {
    const general = triageTask(await about(), { reason: 'ordinary', urgent: false }, context);
    expect([general.priority, general.owner?.reference, general.restriction?.period?.end]).toEqual([
      'routine',
      'Organization/clinic',
      '2027-01-14T17:00:00.000Z',
    ]);
    await given(ownType, midwives('ward'));
    const own = triageTask(await about(), { reason: 'ordinary', urgent: false }, context);
    expect([own.owner?.reference, own.performerType?.[0]?.coding?.[0]?.code]).toEqual([
      'HealthcareService/ward',
      'clinic',
    ]);
  });

  it('VER-1: a check of a number says nothing of it', async () => {
    const task = checkContactTask({ ...(await about()), closedNumber: 'mark' }, context);
    expect([task.focus?.reference, task.for?.reference]).toEqual(['Communication/text-1', 'Patient/a']);
    expect(task.description).not.toMatch(/\d/);
  });
});
