import type { KnownFacts } from '../facts.ts';
import { judgedConsents, proxyRecipient } from '../proxy.ts';
import type { Finding, Refuse, Rule } from './rule.ts';

/** To whom it may go: the patient, or one who is recorded as acting for that very patient (PRX-10: never unasked). */
export const recipientRules: readonly Rule[] = [
  {
    id: 'patient-or-proxy',
    clauses: ['PRX-1', 'PRX-10'],
    on: 'facts',
    judge: (facts) => {
      const { recipients, subject } = facts;
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
            if (!recipient.isOfSubject) {
              found.push(
                notAProxy(
                  'The recipient is recorded as acting for somebody else, not for the patient the message is about. Check the recipient and the subject.',
                ),
              );
            } else if (isAuthorisedElsewhere(facts)) {
              found.push(
                notAProxy(
                  "The authority on record for this proxy is in another patient's record, not in that of the patient the message is about. Check the recipient and the subject.",
                ),
              );
            }
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

/** All that is on record for this proxy belongs to somebody else's record (contract 6). */
function isAuthorisedElsewhere(facts: KnownFacts): boolean {
  const proxy = proxyRecipient(facts)?.person.reference;
  const named = facts.proxyConsents.some((one) => !one.isOfSubject && one.proxy === proxy);
  return named && judgedConsents(facts).length === 0;
}

function notAProxy(text: string): Refuse {
  return { effect: 'refuse', code: 'not-a-proxy', clause: 'PRX-1', text, expression: EXPRESSION };
}
