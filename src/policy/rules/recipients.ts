import type { Finding, Refuse, Rule } from './rule.ts';

/**
 * To whom it may go. Authority to act for somebody is not read yet, so nobody has it: a RelatedPerson is always
 * refused, which is the safe half of PRX-2.
 */
export const recipientRules: readonly Rule[] = [
  {
    id: 'patient-or-proxy',
    clauses: ['PRX-1', 'PRX-2'],
    on: 'facts',
    judge: ({ recipients, subject }) => {
      const found: Finding[] = [];
      if (recipients.length > 1) {
        found.push(
          notAProxy('The request names several recipients. A message goes to one person: ask once for each of them.'),
        );
      }
      for (const recipient of recipients) {
        switch (recipient.kind) {
          case 'patient':
            if (!recipient.isSubject && subject.kind === 'found') {
              found.push(
                notAProxy(
                  'The recipient is another patient than the one the message is about. Leave the recipient out to write to the patient, or name the person who acts for them.',
                ),
              );
            }
            break;
          case 'related-person':
            found.push(
              recipient.isOfSubject
                ? {
                    effect: 'refuse',
                    code: 'proxy-not-authorised',
                    clause: 'PRX-2',
                    text: 'Nothing on record that Herald can rely on says that this person may receive messages for the patient. Write to the patient, or reach them another way.',
                    expression: EXPRESSION,
                  }
                : notAProxy(
                    'The recipient is recorded as acting for somebody else, not for the patient the message is about. Check the recipient and the subject.',
                  ),
            );
            break;
          case 'not-a-person':
            found.push(notAProxy('The recipient is not a person. Name the patient, or the person who acts for them.'));
            break;
          case 'nobody':
            found.push(
              notAProxy(
                'The recipient leads to nobody on record who acts for this patient. Check the reference, or leave the recipient out to write to the patient.',
              ),
            );
            break;
          case 'colleague':
          case 'mismatch':
            break;
          default:
            recipient satisfies never;
        }
      }
      return found;
    },
  },
];

const EXPRESSION = 'CommunicationRequest.recipient';

function notAProxy(text: string): Refuse {
  return { effect: 'refuse', code: 'not-a-proxy', clause: 'PRX-1', text, expression: EXPRESSION };
}
