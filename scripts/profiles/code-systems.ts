import type { AuditSubtype, RestInteraction } from '../../src/audit.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { type Channel, channels, channelTitle } from '../../src/policy/channel.ts';
import { clauses } from '../../src/policy/clauses.ts';
import {
  type BlockReason,
  blockReasons,
  type TaskCode,
  taskCodes,
  type WarningCode,
  warningCodes,
} from '../../src/policy/codes.ts';
import { type StaffRole, staffRoles } from '../../src/policy/policy.ts';
import { type NotifyStatus, notifyStatuses } from '../../src/providers/status-map.ts';

/** A code system whose codes the program keeps as a list: the list is the source, and this says what each code means. */
export interface CodeSystemSource {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** `fragment` where an organisation adds codes of its own. */
  readonly content: 'complete' | 'fragment';
  readonly concepts: readonly { readonly code: string; readonly display: string; readonly definition: string }[];
}

/** Every code system that is made from the program, in the order of their ids. */
export function programCodeSystems(): readonly CodeSystemSource[] {
  return [
    {
      id: 'audit-subtype',
      title: 'Kind of audited event',
      description: 'What Herald did of its own, where no code of the standards says it.',
      content: 'complete',
      concepts: fromTable(auditSubtypes),
    },
    {
      id: 'block-reason',
      title: 'Block reason',
      description: 'Why a message may not go, or not yet.',
      content: 'complete',
      concepts: fromList(blockReasons, blockReasonMeanings),
    },
    {
      id: 'channel',
      title: 'Channel',
      description: 'A way of reaching a person.',
      content: 'complete',
      concepts: [
        ...channels.map((code) => ({ code, display: channelTitle[code], definition: channelMeanings[code] })),
        { code: 'all', display: 'All', definition: 'Every channel; in objections only' },
      ],
    },
    {
      id: 'decision-warning',
      title: 'Decision warning',
      description: 'What could not be met although the message may go.',
      content: 'complete',
      concepts: fromList(warningCodes, warningMeanings),
    },
    {
      id: 'govuk-notify-status',
      title: 'Status of GOV.UK Notify',
      description:
        'The status words of GOV.UK Notify, and one of our own for what it no longer tells. ConceptMap/govuk-notify-status says what each means for the record.',
      content: 'complete',
      concepts: [
        ...fromList(notifyStatuses, notifyStatusMeanings),
        {
          code: 'no-receipt',
          display: 'No receipt',
          definition: 'Notify gave no final status while it kept its record of the message',
        },
      ],
    },
    {
      id: 'guidance-clause',
      title: 'Clause of the guidance',
      description: "Each demand of NHS England's guidance on messages to patients, by id, in our words.",
      content: 'complete',
      concepts: Object.entries(clauses).map(([code, definition]) => ({ code, display: code, definition })),
    },
    {
      id: 'message-type',
      title: 'Message type',
      description: 'The message types as shipped. An organisation adds its own.',
      content: 'fragment',
      concepts: shippedMessageTypes
        .map(({ id, title, purpose }) => ({ code: id, display: title ?? id, definition: purpose ?? '' }))
        .sort((one, other) => (one.code < other.code ? -1 : 1)),
    },
    {
      id: 'staff-role',
      title: 'Staff role',
      description: 'Whose work a Task is.',
      content: 'complete',
      concepts: fromList(staffRoles, staffRoleMeanings),
    },
    {
      id: 'task-code',
      title: 'Kind of Task',
      description: 'What a person is asked to do.',
      content: 'complete',
      concepts: fromList(taskCodes, taskMeanings),
    },
  ];
}

type OwnSubtype = Exclude<AuditSubtype, RestInteraction | 'login' | 'forbidden' | 'disclose'>;

const auditSubtypes = {
  decide: 'A request for a message was decided',
  evaluate: 'A request was decided without being stored',
  revoke: 'A request was revoked',
  send: 'A message was handed to the provider',
  withhold: 'A message was withheld by a rule',
} as const satisfies Record<OwnSubtype, string>;

const channelMeanings = {
  nhsapp: 'A message in the NHS App',
  sms: 'A text message to a mobile telephone',
  email: 'Email',
  'secure-email': 'Email that the recipient signs in to read',
  letter: 'A printed letter',
} as const satisfies Record<Channel, string>;

const blockReasonMeanings = {
  'out-of-scope': 'It is not about the care of the person: marketing, research, or a message between colleagues',
  'requester-missing': 'No member of staff answers for it',
  'identity-mismatch': 'What names the person disagrees',
  'identity-unusable': 'It is not certain who the person is',
  deceased: 'The person has died',
  'inactive-record': 'The record of the person is not in use, or was replaced by another',
  'restricted-record': 'The record of the person is restricted: somebody has to look at it first',
  'not-a-proxy': 'The recipient is neither the person nor somebody who acts for them',
  'proxy-not-authorised': 'The recipient has no authority to receive messages about the person now',
  'sensitive-proxy': 'It is sensitive and goes to a proxy: the person is asked first',
  objection: 'The person objects',
  'override-invalid': 'An override of an objection is not complete or not for this message',
  'emergency-incomplete': 'It is said to be an emergency, and not all that an emergency needs is there',
  'channel-not-approved': 'No channel that is approved and open may carry it',
  'channel-not-acceptable': 'No channel that the message type allows may carry it',
  'too-confidential': 'Its words are more confidential than its channels may carry',
  'confidential-content': 'Its words name something confidential',
  wording: 'Its words are unclear, look like a scam, or do not say who writes',
  'results-not-routine': 'Results that are not routine are told by a person',
  'no-contact': 'There is no usable contact detail',
  expired: 'Its time has passed',
  'second-reader': 'Another person has to read it first',
  undeliverable: 'The provider could not deliver it',
  'message-type-unknown': 'It has no message type that is in use',
  'personalisation-incomplete': 'A value that its text needs is missing, or one cannot be read',
  'too-long': 'Its text is too long for the channel',
  'facts-unavailable': 'Something that the decision rests on could not be read',
} as const satisfies Record<BlockReason, string>;

const warningMeanings = {
  'preference-passed-over': 'It goes another way than the person prefers',
  'stale-contact': 'The contact detail has not been confirmed for long',
  'need-not-met': 'A communication need could not be met',
  'language-not-met': 'There is no text in the language that the person prefers',
  'local-identifier-only': 'The person is known by a local number alone',
  'quiet-hours': 'It waits until the quiet hours are over',
  necessity: 'It has confidential words, for the reason given',
  'detail-removed': 'A contact detail was left out because it puts the person at risk',
  'objection-period': 'An objection has a period that needs looking at',
} as const satisfies Record<WarningCode, string>;

const staffRoleMeanings = {
  'caldicott-guardian': 'The Caldicott Guardian',
  dpo: 'The data protection officer',
  'ig-team': 'The information governance team',
  records: 'The health records team',
  clinic: 'The team that cares for the person',
} as const satisfies Record<StaffRole, string>;

const taskMeanings = {
  'check-with-person': 'Ask the person whether a sensitive message may go to their proxy',
  'restricted-record': 'Look at a restricted record before a message goes',
  'second-reader': "Read somebody else's message before it goes",
  'override-objection': 'Decide whether one message may go despite an objection',
  'post-hoc-ig-review': 'Look at the information governance of an emergency once it is over',
  'discuss-objection': 'Talk to the person about their objection',
  'discuss-removal': 'Talk to the person about removing details that put them at risk',
  'explain-impact': 'Tell the person how their objection may affect their care',
  'need-meets-objection': 'Settle a communication need that an objection stands against',
  'check-contact': 'Check the contact details with the person',
  'template-changed': "Look at a provider's template that is not as it was approved",
  'purge-history': 'Remove a detail from earlier versions on a server that Herald cannot do it on',
  'duplicate-record': 'Settle two records with one NHS number',
  'hold-overdue': 'See to a message that has been held too long',
  'emergency-pattern': 'Look at frequent emergencies of one requester',
  'dead-letter': 'Look at work that could not be finished',
  'triage-inbound': 'Find out who sent a text, and answer or close it',
  'subject-access-request': "Answer a person's request for a copy of their record",
} as const satisfies Record<TaskCode, string>;

const notifyStatusMeanings = {
  created: 'Taken on, not yet sent',
  'pending-virus-check': 'A letter waits for its virus check',
  sending: 'Handed to a carrier',
  pending: 'The carrier has not said whether the text arrived',
  sent: 'A text left for a number abroad',
  delivered: 'It arrived; a letter left the printer',
  'temporary-failure': 'It could not be delivered now',
  'permanent-failure': 'It can not be delivered',
  'technical-failure': 'Notify or its carrier failed',
  failed: 'It failed, in the words of older versions',
  accepted: 'A letter was taken on for print',
  received: 'A letter was printed and posted',
  'returned-letter': 'A letter came back',
  cancelled: 'It was cancelled at Notify',
  'validation-failed': 'A letter could not be printed as it is',
  'virus-scan-failed': 'A letter failed its virus check',
} as const satisfies Record<NotifyStatus, string>;

type Concepts = CodeSystemSource['concepts'];

function fromTable(meanings: Readonly<Record<string, string>>): Concepts {
  return Object.entries(meanings).map(([code, definition]) => ({ code, display: displayOf(code), definition }));
}

function fromList<T extends string>(codes: readonly T[], meanings: Readonly<Record<T, string>>): Concepts {
  return codes.map((code) => ({ code, display: displayOf(code), definition: meanings[code] }));
}

/** `too-long` → `Too long`. */
function displayOf(code: string): string {
  const words = code.replaceAll('-', ' ').replace(/\big\b/, 'IG');
  return code === 'dpo' ? 'DPO' : words.charAt(0).toUpperCase() + words.slice(1);
}
