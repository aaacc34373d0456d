import { lawText } from '../policy/law-text.ts';
import type { HistoryAsk, HistoryDeps } from './ask.ts';
import { MASKED, type Stage } from './history.ts';
import { dayText } from './readable.ts';
import { requestDetails } from './request.ts';

/** What the law has the copy say beside the data (UK GDPR article 15(1) and (2)), in plain words. */

export function aboutThisCopy({ clock, controller }: HistoryDeps, { task, period, stage }: HistoryAsk): string[] {
  const { number, received } = requestDetails(task, clock.now());
  const asked = `This is a copy of the messages that ${controller.name} sent to you or about you, or received from you, and of what belongs to them. You asked for it on ${dayText(received)}; the number of your request is ${number}.`;
  const everything =
    'It holds what was sent, what was not sent and why, what was only asked for, what went to people who act for you, and what you sent us. The newest is last.';
  return [
    ...(stage === 'review' ? ['For review. Not to be released: it shows what the released copy hides.'] : []),
    ...[asked, everything],
    ...(period.start === undefined && period.end === undefined ? [] : [periodSentence(period)]),
  ];
}

function periodSentence({ start, end }: HistoryAsk['period']): string {
  const from = start === undefined ? '' : ` from ${dayText(start)}`;
  const until = end === undefined ? '' : ` until ${dayText(end)}`;
  return `Messages and requests are those${from}${until}, both days included, as you asked; the rest is given whole.`;
}

export function purposes({ policy }: HistoryDeps): string[] {
  const bases = policy.lawfulBases.map(({ label }) => lawText(label)).join('; ');
  return [
    'We send messages to provide and manage your care: appointments, results, treatment, and urgent news about your safety.',
    `The lawful basis is: ${bases || 'stated with each message'}. The kinds of data are your name, contact details, health and care information in messages, and your choices.`,
    'We have your details from you, from people who act for you, from staff who treat you, and from the NHS records of who you are and how to reach you.',
    'Rules in our messaging system decide by which way a message goes, and withhold one that may not go. Staff can look at each of those decisions again.',
  ];
}

export function recipients({ controller }: HistoryDeps): string[] {
  return [
    `${controller.name} decides how this information is used. GOV.UK Notify, run by the Government Digital Service, carries our texts, emails and letters for us and uses them for nothing else; telephone networks, email providers and Royal Mail deliver them.`,
    'People who act for you received what this copy shows as sent to them.',
  ];
}

export function retention(): string[] {
  return [
    'Messages are part of your health record and are kept as long as that record, as the NHS Records Management Code of Practice says. GOV.UK Notify deletes its own copy of a message after a few days.',
  ];
}

export function rights({ controller, policy }: HistoryDeps): string[] {
  const contact = policy.contactLine === undefined ? '' : ` ${policy.contactLine}`;
  return [
    `You may ask us to correct what is wrong or incomplete, to limit how we use it, and in some cases to erase it. You may object to messages, to one way of being contacted, or to one kind of message, and tell us why. Write to the Data Protection Officer of ${controller.name}.${contact}`,
    "If you are not content with our answer, you may complain to the Information Commissioner's Office: ico.org.uk/make-a-complaint, telephone 0303 123 1113. You may also go to court.",
  ];
}

export function maskedText(stage: Stage): string[] {
  return stage === 'release'
    ? [
        `Some parts may be hidden, because they are about other people or because the law says that they must be. Each is marked ${MASKED} where it stands.`,
      ]
    : [
        'What the released copy hides: what the reviewer decided, and what was proposed and is not shown by an input "show". Nothing is hidden in this copy.',
      ];
}
