import type { CommunicationRequest, Device, Organization, Practitioner, PractitionerRole } from '@medplum/fhirtypes';
import { roles } from '../auth/caller.ts';
import { demoStaff } from '../auth/demo.ts';
import { MSG, system } from '../canonical.ts';
import type { Controller } from '../policy/policy.ts';
import {
  confirmed,
  type Example,
  email,
  mobile,
  objectionToTexts,
  patient,
  relatedPerson,
} from './example-builders.ts';
import { exampleFamilies } from './example-families.ts';

/**
 * The staff whom the demo tokens name, each with one role at the trust. They exist in every embedded store of
 * `HERALD_AUTH=demo`, whatever else is in it (contract 10). In the order of their references.
 */
export function demoStaffResources(controller: Controller): readonly Example[] {
  return roles.flatMap((role): (Practitioner | PractitionerRole)[] => {
    const { id, given, family, sdsUserId } = demoStaff[role];
    return [
      {
        resourceType: 'Practitioner',
        id,
        identifier: [{ system: system.sdsUserId, value: sdsUserId }],
        active: true,
        name: [{ use: 'official', family, given: [given] }],
      },
      {
        resourceType: 'PractitionerRole',
        id: `${id}-role`,
        active: true,
        practitioner: { reference: `Practitioner/${id}` },
        organization: byOdsCode(controller),
        code: [{ text: jobs[role] }],
      },
    ];
  }) as Example[];
}

const jobs = {
  epr: 'Outpatient booking clerk',
  sar: 'Subject access officer',
  ig: 'Information governance lead',
  admin: 'Messaging service manager',
} as const satisfies Record<keyof typeof demoStaff, string>;

/**
 * A small invented cast, in the order of their references. Nobody of them exists: NHS numbers come from the 999 range,
 * which is never given to anyone, telephone numbers from the block that Ofcom keeps for drama, email addresses from
 * example.org. Loaded only as "Never by accident" in contract 1 allows.
 */
export function exampleResources(controller: Controller): readonly Example[] {
  return [
    ...[trust(controller), service, maya, walter, priya, seren, serensMother, serensFather, edith, priyasObjection],
    ...exampleFamilies(),
  ];
}

/** Ids of the cast, by what each is there to show. */
export const examplePeople = {
  /** Can be reached by text and by email. */
  adult: 'example-maya',
  /** Died: nothing is sent (VER-3). */
  deceased: 'example-walter',
  /** Objects to texts; emails may go (OBJ-5). */
  objector: 'example-priya',
  /** Fourteen in 2026, with two parents on record; neither has been given authority to receive messages (PRX-2). */
  child: 'example-seren',
  /** Has no telephone and no email: what may go by post goes as a letter. */
  withoutContact: 'example-edith',
  /** Seventeen at the end of 2026: has a telephone of her own, and a mother who may receive messages until her birthday. */
  youngPerson: 'example-aisha',
  /** Can no longer decide for himself: his daughter holds a lasting power of attorney for health and welfare. */
  represented: 'example-harold',
  /** Her partner reads the texts on her telephone, and it could end badly: texts are closed, and a talk is due (OBJ-8). */
  atRisk: 'example-leila',
  /** Was registered twice; this record counts (VER-3). */
  survivor: 'example-tomos',
} as const;

/**
 * The request that the service prints as its first `curl`: a free text to the adult of the cast, asked for by the
 * member of staff whom the token `demo-epr` speaks for. `key` is the caller's own: posted twice with the same key, it
 * is one message (contract 3).
 */
export function exampleRequest(key: string): CommunicationRequest {
  return {
    resourceType: 'CommunicationRequest',
    extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/care-message` }],
    identifier: [{ system: `${MSG}/id/request`, value: key }],
    status: 'active',
    subject: { reference: `Patient/${examplePeople.adult}` },
    requester: { reference: `Practitioner/${demoStaff.epr.id}` },
    payload: [
      { contentString: 'Your appointment is on 1 December at 10:30. If you cannot come, please ring 0113 496 0123.' },
    ],
  };
}

const byOdsCode = (controller: Controller) => ({
  type: 'Organization' as const,
  identifier: { system: system.odsCode, value: controller.ods },
  display: controller.name,
});

const trust = (controller: Controller): Organization & { id: string } => ({
  resourceType: 'Organization',
  id: 'example-trust',
  identifier: [{ system: system.odsCode, value: controller.ods }],
  active: true,
  name: controller.name,
});

/** What records name as Herald itself, by its identifier. */
const service: Device & { id: string } = {
  resourceType: 'Device',
  id: 'herald',
  identifier: [{ system: `${MSG}/id/device`, value: 'herald' }],
  status: 'active',
  deviceName: [{ name: 'Herald messaging service', type: 'user-friendly-name' }],
};

const maya = patient({
  id: examplePeople.adult,
  nhsNumber: '9990000018',
  name: ['Maya', 'Osei'],
  gender: 'female',
  birthDate: '1984-06-14',
  telecom: [confirmed(mobile('+447700900123', 1)), confirmed(email('maya.osei@example.org', 2))],
});

const walter = patient({
  id: examplePeople.deceased,
  nhsNumber: '9990000026',
  name: ['Walter', 'Hughes'],
  gender: 'male',
  birthDate: '1931-11-03',
  telecom: [mobile('+447700900134')],
  deceasedDateTime: '2026-01-09',
});

const priya = patient({
  id: examplePeople.objector,
  nhsNumber: '9990000034',
  name: ['Priya', 'Nair'],
  gender: 'female',
  birthDate: '1979-03-30',
  telecom: [mobile('+447700900145', 1), email('priya.nair@example.org', 2)],
});

/** Born on a leap day: her birthday of other years, and so her 18th, is 28 February (contract 4). */
const seren = patient({
  id: examplePeople.child,
  nhsNumber: '9990000042',
  name: ['Seren', 'Lloyd'],
  gender: 'female',
  birthDate: '2012-02-29',
  telecom: [mobile('+447700900178')],
});

const serensMother = relatedPerson({
  id: 'example-seren-mother',
  patient: examplePeople.child,
  relationship: 'MTH',
  name: ['Carys', 'Lloyd'],
  telecom: [mobile('+447700900156')],
});
const serensFather = relatedPerson({
  id: 'example-seren-father',
  patient: examplePeople.child,
  relationship: 'FTH',
  name: ['Joseph', 'Marsh'],
  telecom: [mobile('+447700900167')],
});

const edith = patient({
  id: examplePeople.withoutContact,
  nhsNumber: '9990000050',
  name: ['Edith', 'Clarke'],
  gender: 'female',
  birthDate: '1945-05-08',
  address: [{ use: 'home', line: ['1 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' }],
});

const priyasObjection = objectionToTexts({
  id: 'example-priya-no-texts',
  patient: examplePeople.objector,
  reason: { text: 'Other people in the house read the texts on this phone' },
  day: '2026-05-12',
  at: '11:00:00+01:00',
  explainedAt: '11:05:00+01:00',
});
