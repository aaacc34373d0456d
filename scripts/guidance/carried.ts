import type { ClauseId } from '../../src/policy/clauses.ts';

/** How a demand is met that no rule of `src/policy` meets, or not by itself. */
export type Carried =
  /** Files that do it, and in a few words how. */
  | { readonly by: readonly string[]; readonly how: string }
  | { readonly plannedFor: string; readonly how: string }
  | { readonly notSoftware: string };

/** Every clause that is carried, wholly or in part, by something else than a rule. */
export const carried: Readonly<Partial<Record<ClauseId, Carried>>> = {
  'REC-1': {
    by: ['src/send/record.ts', 'src/send/dispatch.ts', 'src/fhir/outside-communication.ts'],
    how: 'a Communication for each recipient and attempt, written before the provider is called',
  },
  'REC-2': {
    by: ['src/send/plan.ts', 'src/send/dispatch.ts'],
    how: 'asking for the message is all there is to do; what cannot be recorded is not sent',
  },
  'REC-3': { by: ['src/send/record.ts', 'src/fhir/search.ts'], how: 'the subject is the patient, whoever received it' },
  'REC-4': {
    by: ['src/fhir/routes.ts', 'src/fhir/mark-entered-in-error.ts'],
    how: 'nothing is deleted or rewritten; a mistake is marked and stays',
  },
  'REC-5': { by: ['src/send/plan.ts', 'src/send/endings.ts'], how: 'a refusal leaves a not-done Communication' },
  'REC-6': { by: ['docs/operate.md', 'src/fhir/routes.ts'], how: 'nothing is disposed of by itself' },
  'CON-1': { by: ['src/policy/README.md'], how: 'no rule asks for a consent' },
  'CON-2': { by: ['src/send/record.ts'], how: 'every Communication states the lawful bases' },
  'PRX-3': {
    by: ['src/fhir/proxy-consent.ts', 'src/send/proxy-note.ts'],
    how: 'evidence is required; the Flag is kept in step',
  },
  'PRX-8': {
    by: ['src/policy/rules/proxies.ts'],
    how: 'the Task is the Caldicott Guardian’s where the person cannot be asked',
  },
  'PRX-10': { by: ['src/send/gather-people.ts'], how: 'without a recipient the patient is written to' },
  'PRF-3': { by: ['src/policy/choose.ts'], how: 'a preference orders the channels and closes none' },
  'PRF-7': { by: ['src/send/dispatch.ts'], how: 'rules are asked before any provider is' },
  'OBJ-3': { by: ['src/fhir/objection-consent.ts'], how: 'an active objection without a reason is rejected' },
  'OBJ-4': { by: ['src/objections/tasks.ts'], how: 'a Task reminds until the impact was explained' },
  'OBJ-9': {
    by: ['src/objections/tasks.ts'],
    how: 'ended by its Task or by whoever writes the Consent; its history stays',
  },
  'OBJ-10': {
    by: ['src/objections/flag.ts', 'src/send/gather-objections.ts'],
    how: 'found by search; a Flag that names no reason',
  },
  'OBJ-11': { by: ['src/inbound/stop.ts'], how: 'STOP makes a provisional objection and a Task' },
  'OBJ-13': { by: ['src/objections/tasks.ts'], how: 'Tasks ask for discretion' },
  'EMG-2': { by: ['src/send/emergency-review.ts'], how: 'a review Task in the same commit' },
  'VER-2': { plannedFor: 'a release with the Personal Demographics Service', how: 'details compared before sending' },
  'VER-3': { by: ['src/fhir/duplicate-record.ts'], how: 'a second record with a number makes a Task' },
  'CHN-4': { by: ['src/catalogue/message-types.ts'], how: 'the shipped types carry these choices' },
  'SAR-1': { by: ['src/sar/gather.ts', 'src/sar/export.ts'], how: 'one call gives the whole history in every form' },
  'SAR-2': {
    by: ['src/sar/mask.ts', 'src/sar/third-parties.ts'],
    how: 'proposals, decisions by a person, and a list of what was masked',
  },
  'SAR-3': { by: ['src/sar/clock.ts'], how: 'the due date by the ICO’s rule, with pauses and one extension' },
  'SAR-4': { by: ['src/sar/export.ts'], how: 'each export is audited' },
  'ACC-1': { by: ['src/send/authors.ts', 'src/fhir/authorship.ts'], how: 'Provenance names the person' },
  'ACC-2': {
    by: ['src/fhir/routes.ts', 'src/fhir/refusals.ts'],
    how: 'a role for each interaction; refusals are recorded',
  },
  'ACC-3': {
    by: ['src/http/how-we-contact-you.ts', 'src/notice/gather.ts'],
    how: 'a public page, and a Composition, from the running configuration',
  },
  'ACC-4': { by: ['src/log.ts', 'src/config.ts'], how: 'logs by allow-list; secrets are never printed' },
  'ACC-5': { plannedFor: 'the staff console', how: 'multi-factor sign-in asked for and checked' },
  'TWO-1': { by: ['src/inbound/received-text.ts'], how: 'a received text is kept, filed or queued for a person' },
  'TWO-2': { by: ['src/inbound/out-of-hours.ts'], how: 'one automatic reply for each person and closed period' },
  'TWO-3': { by: ['src/inbound/meaning.ts'], how: 'words of urgency make an urgent Task that escalates' },
  'TWO-4': { by: ['src/inbound/tasks.ts'], how: 'Tasks are the team’s; replies name who wrote them' },
  'TWO-5': { by: ['src/catalogue/message-types.ts'], how: 'the type "call-announcement"' },
  'TWO-6': { by: ['src/inbound/limited.ts'], how: 'a Flag limits a sender; the texts are kept' },
  'TWO-7': {
    by: ['src/unreachable/find.ts', 'src/fhir/without-digital-channel.ts', 'src/cli/unreachable.ts'],
    how: 'a report of people whom no digital channel reaches, and whether a letter does',
  },
  'TWO-8': { by: ['src/send/hours.ts'], how: 'emails and letters end with the hours and what to do when it is urgent' },
};
