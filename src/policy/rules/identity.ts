import { isCleared } from '../clearance.ts';
import { spanOf } from '../london.ts';
import { isNhsNumber } from '../nhs-number.ts';
import type { PatientFact, SubjectFact } from '../person-facts.ts';
import type { Finding, Refuse, Rule } from './rule.ts';

const EXPRESSION = 'CommunicationRequest.subject';

/** The right person, alive, under their current record. */
export const identityRules: readonly Rule[] = [
  {
    id: 'person-certain',
    clauses: ['VER-1'],
    on: 'facts',
    judge: ({ subject, recipients }) => {
      const found: Finding[] = subject.kind === 'found' ? identityOf(subject.patient) : [notFound[subject.kind]];
      if (recipients.some((one) => one.kind === 'mismatch')) {
        found.push({
          effect: 'refuse',
          code: 'identity-mismatch',
          clause: 'VER-1',
          text: 'The recipient is given by reference and by identifier, and the two are not the same person. Check which one is meant and ask again.',
          expression: 'CommunicationRequest.recipient',
        });
      }
      return found;
    },
  },
  {
    id: 'matter-is-theirs',
    clauses: ['VER-1'],
    on: 'facts',
    judge: ({ sensitivity }) =>
      sensitivity.ofAnother
        ? [
            {
              effect: 'refuse',
              code: 'identity-mismatch',
              clause: 'VER-1',
              text: "What this message is about is another patient's, by its own record. Check the subject, about and encounter, and ask again.",
              expression: 'CommunicationRequest.about',
            },
          ]
        : [],
  },
  {
    id: 'person-alive',
    clauses: ['VER-3'],
    on: 'facts',
    judge: ({ subject }) =>
      subject.kind === 'found' && subject.patient.deceased
        ? [
            {
              effect: 'refuse',
              code: 'deceased',
              clause: 'VER-3',
              text: 'The record of this person, or one that it is linked with, says that they have died. Nothing is sent to them or about them. If that is wrong, have the record corrected first.',
              expression: EXPRESSION,
            },
          ]
        : [],
  },
  {
    id: 'record-current',
    clauses: ['VER-3'],
    on: 'facts',
    judge: ({ subject }) => {
      if (subject.kind !== 'found') return [];
      const { active, replaced, replacedBy } = subject.patient;
      if (replaced) return [inactive(replacedText(replacedBy))];
      if (active) return [];
      return [
        inactive(
          "The person's record is marked as no longer in use. Find their current record, or have this one put back into use, and ask again.",
        ),
      ];
    },
  },
  {
    id: 'record-not-restricted',
    clauses: ['VER-2'],
    on: 'facts',
    judge: (facts) =>
      facts.subject.kind === 'found' && facts.subject.patient.restricted && !isCleared(facts, 'restricted-record')
        ? [
            {
              effect: 'hold',
              code: 'restricted-record',
              clause: 'VER-2',
              text: "The person's record is restricted, so somebody who knows their situation must first decide whether this message may go. Answer the Task about it; it waits until then.",
              task: {
                code: 'restricted-record',
                text: "This person's record is restricted. Find out whether a message may safely go to the contact details on record, then answer agreed or refused.",
                performerType: 'clinic',
              },
            },
          ]
        : [],
  },
];

const unusable = (text: string): Refuse => ({
  effect: 'refuse',
  code: 'identity-unusable',
  clause: 'VER-1',
  text,
  expression: EXPRESSION,
});

const inactive = (text: string): Refuse => ({
  effect: 'refuse',
  code: 'inactive-record',
  clause: 'VER-3',
  text,
  expression: EXPRESSION,
});

const notFound = {
  none: unusable('The request does not say whom it is about. Name the patient as its subject.'),
  dangling: unusable('The subject points at a record that is not there. Check the reference and ask again.'),
  'unknown-number': unusable(
    'No patient here has the identifier given as subject. Check it, or register the person first.',
  ),
  'invalid-number': unusable(
    'The NHS number given as subject is not valid: its check digit is wrong. Check it and ask again.',
  ),
  several: unusable(
    'Several records have the identifier given as subject, so it is not certain who is meant. Have the records team sort out the duplicates first.',
  ),
  group: unusable('The subject is a group. This release sends to one person at a time: ask once for each of them.'),
  'not-a-patient': unusable('The subject is not a patient. Name the patient whom the message is about.'),
  mismatch: {
    effect: 'refuse',
    code: 'identity-mismatch',
    clause: 'VER-1',
    text: 'The subject is given by reference and by identifier, and the two are not the same person. Check which one is meant and ask again.',
    expression: EXPRESSION,
  },
} as const satisfies Record<Exclude<SubjectFact['kind'], 'found'>, Refuse>;

function identityOf(patient: PatientFact): Finding[] {
  if (patient.numberShared) {
    return [
      unusable(
        "Another record has this person's NHS number, so it is not certain whose details these are. Have the records team sort out the duplicates first.",
      ),
    ];
  }
  if (patient.nhsNumbers.length > 1) {
    return [
      unusable(
        "The person's record has more than one current NHS number. Have the records team find out which is theirs.",
      ),
    ];
  }
  if (patient.nhsNumbers.some((number) => !isNhsNumber(number))) {
    return [
      unusable(
        "The NHS number on the person's record is not valid: its check digit is wrong. Have the record corrected first.",
      ),
    ];
  }
  if (patient.nhsNumbers.length === 1) return [];
  if (!patient.hasLocalNumber) {
    return [unusable("The person's record has no identifier. Add their NHS number, or the hospital number, first.")];
  }
  const bornOn = patient.birthDate !== undefined && patient.birthDate.length === 10 && spanOf(patient.birthDate);
  if (!patient.hasName || !bornOn) {
    return [
      unusable(
        "The person's record has a hospital number only, without a name and a whole date of birth beside it. Complete the record, or add the NHS number, first.",
      ),
    ];
  }
  return [
    {
      effect: 'warn',
      code: 'local-identifier-only',
      clause: 'VER-1',
      text: 'The person is known by a hospital number, name and date of birth only. Add their NHS number when you can.',
    },
  ];
}

function replacedText(survivors: readonly string[]): string {
  const named = [...survivors].sort();
  if (named.length === 0) {
    return "The person's record has been replaced by another, which is not named. Find their current record and ask again for that one.";
  }
  return `The person's record has been replaced by ${named.join(' and ')}. Check that this is the same person and ask again for that record.`;
}
