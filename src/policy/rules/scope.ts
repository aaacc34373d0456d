import type { Refuse, Rule } from './rule.ts';

/** v3-ActReason codes that are a person's own care; all others are some other purpose (contract 3). */
const carePurposes: ReadonlySet<string> = new Set(['TREAT', 'PATADMIN', 'PUBHLTH', 'ETREAT']);

/**
 * What Herald is for, and who may ask. There is no row for CON-1 or CON-2 on purpose: no rule asks for a consent to be
 * messaged, and the lawful bases are the organisation's statement, put on each record and never a reason to refuse.
 */
export const scopeRules: readonly Rule[] = [
  {
    id: 'care-only',
    clauses: ['CON-3'],
    on: 'facts',
    judge: ({ request, messageType }) => {
      const found: Refuse[] = [];
      if (request.reasons.some((code) => !carePurposes.has(code))) {
        found.push({
          effect: 'refuse',
          code: 'out-of-scope',
          clause: 'CON-3',
          text: "The purpose given is not the person's own care. Research, fundraising and marketing are not sent from here, whatever the person agreed to. Use the service that the organisation has for them.",
          expression: 'CommunicationRequest.reasonCode',
        });
      }
      if (messageType.kind === 'found' && messageType.type.purposes.some((code) => !carePurposes.has(code))) {
        found.push({
          effect: 'refuse',
          code: 'out-of-scope',
          clause: 'CON-3',
          text: "This message type is meant for something other than the person's own care. It cannot be sent from here; choose a message type that is about care.",
          expression: 'CommunicationRequest.extension',
        });
      }
      return found;
    },
  },
  {
    id: 'not-between-colleagues',
    clauses: ['CON-4'],
    on: 'facts',
    judge: ({ recipients }) =>
      recipients.some((one) => one.kind === 'colleague')
        ? [
            {
              effect: 'refuse',
              code: 'out-of-scope',
              clause: 'CON-4',
              text: 'The recipient is a member of staff, a team or an organisation. Herald writes to patients and to those who act for them; reach colleagues another way.',
              expression: 'CommunicationRequest.recipient',
            },
          ]
        : [],
  },
  {
    id: 'somebody-answers-for-it',
    clauses: ['ACC-1'],
    on: 'facts',
    judge: ({ request: { requester }, messageType }) => {
      if (requester === 'person') return [];
      if (requester === 'system') {
        if (messageType.kind !== 'found' || messageType.type.automatic) return [];
        return [
          requesterMissing(
            'A system or an organisation asks for this message, and messages of this type are never automatic. Name the member of staff who asks for it.',
          ),
        ];
      }
      return [
        requesterMissing(
          requester === 'none'
            ? 'Nobody is named as asking for this message. Name the member of staff who asks for it, as Practitioner or PractitionerRole.'
            : 'The one named as asking for this message is not a member of staff. Name the Practitioner or PractitionerRole who asks for it.',
        ),
      ];
    },
  },
];

function requesterMissing(text: string): Refuse {
  return {
    effect: 'refuse',
    code: 'requester-missing',
    clause: 'ACC-1',
    text,
    expression: 'CommunicationRequest.requester',
  };
}
