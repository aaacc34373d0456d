import type { Resource } from '@medplum/fhirtypes';
import type { AuditInput } from '../audit.ts';

/** Whom an audit event speaks of. */
type Concerned = Pick<AuditInput, 'patient' | 'members'>;

/** Members of Groups and Lists that one event names. */
const MEMBERS_AT_ONCE = 200;

/**
 * For each event that is to be written about these resources, whom it speaks of (ACC-2): every patient concerned must
 * be found by `AuditEvent?patient=`. Whose record a resource is gets an event of their own, that can be shown to them
 * without naming another (IHE BALP). Whoever is only named in a Group or a List shares events with its other members,
 * because a Group of thousands would otherwise leave thousands at each look. One event where nobody is concerned.
 */
export function eachConcerned(resources: readonly Resource[]): readonly Concerned[] {
  const patients = new Set(resources.flatMap(patientsOf));
  const members = [...new Set(resources.flatMap(membersOf))].filter((one) => !patients.has(one));
  const events: Concerned[] = [...patients].map((patient) => ({ patient }));
  for (let at = 0; at < members.length; at += MEMBERS_AT_ONCE) {
    events.push({ members: members.slice(at, at + MEMBERS_AT_ONCE) });
  }
  return events.length === 0 ? [{}] : events;
}

/** The patients whose record a resource belongs to, as `Patient/id`; most have one, and some none. */
function patientsOf(resource: Resource): string[] {
  switch (resource.resourceType) {
    case 'Patient':
      return resource.id === undefined ? [] : [`Patient/${resource.id}`];
    case 'Appointment':
      return (resource.participant ?? []).flatMap((one) => patientIn(one.actor));
    default:
      return ['subject', 'patient', 'for'].flatMap((name) => patientIn(Reflect.get(resource, name)));
  }
}

function membersOf(resource: Resource): string[] {
  switch (resource.resourceType) {
    case 'Group':
      return (resource.member ?? []).flatMap((one) => patientIn(one.entity));
    case 'List':
      return (resource.entry ?? []).flatMap((one) => patientIn(one.item));
    default:
      return [];
  }
}

function patientIn(value: unknown): string[] {
  const reference: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'reference') : undefined;
  return typeof reference === 'string' ? (/^Patient\/[A-Za-z0-9.-]{1,64}/.exec(reference)?.slice(0, 1) ?? []) : [];
}
