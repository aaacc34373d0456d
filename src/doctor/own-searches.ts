import { codeSystem, MSG, system } from '../canonical.ts';
import { ABSENT, type Pairs } from './examined.ts';

/** A search that Herald itself asks of the store, whoever calls or nobody. */
export interface OwnSearch {
  readonly id: string;
  readonly type: string;
  /** As it is asked, with at least one value that nothing has: no record of anybody comes back. */
  readonly pairs: Pairs;
  readonly what: string;
  readonly why: string;
  readonly cost: string;
}

const nobody = `Patient/${ABSENT}`;
const NONE = 'herald-doctor-none';
const noCategory = `${codeSystem('consent-category')}|${NONE}`;
const proxyCategory = `${codeSystem('consent-category')}|proxy-messaging`;
const objectionCategory = `${codeSystem('consent-category')}|messaging-objection`;
const noHistory = "A person's history cannot be exported when they ask for it: 503.";
const textsWait = 'A text that came in is not kept until this is answered; its job is tried again.';
const nothingIsSent = 'A fact stays unknown, so that nothing is sent: every request is answered 503.';

/** All of them; a test holds the list against the source. */
export const ownSearches: readonly OwnSearch[] = [
  {
    id: 'patients-by-number',
    type: 'Patient',
    pairs: [['identifier', `${system.nhsNumber}|${NONE}`]],
    what: 'who has this NHS number, and whether two records share it',
    why: 'VER-1, contract 2',
    cost: nothingIsSent,
  },
  {
    id: 'everybody',
    type: 'Patient',
    pairs: [['_lastUpdated', 'ge2999-01-01']],
    what: 'every patient, to find whom no digital channel reaches',
    why: 'TWO-7, contract 12',
    cost: 'The report of people whom no digital channel reaches is answered 503.',
  },
  {
    id: 'types-in-use',
    type: 'ActivityDefinition',
    pairs: [['status', NONE]],
    what: 'message types in use, to tell the public what messages are about',
    why: 'ACC-3, contract 1',
    cost: 'The page /how-we-contact-you is answered 503.',
  },
  {
    id: 'linked-records',
    type: 'Patient',
    pairs: [['link', nobody]],
    what: 'records that replace this one, or are replaced by it',
    why: 'VER-1, OBJ-1',
    cost: nothingIsSent,
  },
  {
    id: 'proxy-by-number',
    type: 'RelatedPerson',
    pairs: [
      ['patient', `${nobody},${nobody}`],
      ['identifier', `${system.nhsNumber}|${NONE}`],
    ],
    what: 'who acts for the patient, where a request names them by number',
    why: 'PRX-1, contract 6',
    cost: 'A request that names a recipient by number is answered 503; one that names them by reference works.',
  },
  {
    id: 'proxy-records',
    type: 'RelatedPerson',
    pairs: [['identifier', `${system.nhsNumber}|${NONE}`]],
    what: 'other records of somebody who acts for the patient',
    why: 'PRX-4, contract 6',
    cost: 'An authority that names its proxy by number cannot be recorded: 503.',
  },
  {
    id: 'people-at-once',
    type: 'Patient',
    pairs: [['_id', `${ABSENT},${ABSENT}`]],
    what: 'several patients at once',
    why: 'PRX-3',
    cost: 'The notes of proxies in the record are not kept up to date.',
  },
  {
    id: 'proxies-at-once',
    type: 'RelatedPerson',
    pairs: [['_id', `${ABSENT},${ABSENT}`]],
    what: 'several proxies at once',
    why: 'PRX-3',
    cost: 'The notes of proxies in the record are not kept up to date.',
  },
  {
    id: 'authorities',
    type: 'Consent',
    pairs: [
      ['patient', `${nobody},${nobody}`],
      ['category', proxyCategory],
    ],
    what: 'who may act for the patient',
    why: 'PRX-2, PRX-4, contract 6',
    cost: 'A message to a proxy is answered 503.',
  },
  {
    id: 'authorities-of-proxy',
    type: 'Consent',
    pairs: [
      ['actor', `RelatedPerson/${ABSENT}`],
      ['category', `${proxyCategory},${objectionCategory}`],
    ],
    what: 'for whom a proxy acts, and what the proxy objects to',
    why: 'PRX-4, OBJ-1, contract 6',
    cost: 'A message to a proxy is answered 503.',
  },
  {
    id: 'all-authorities',
    type: 'Consent',
    pairs: [['category', noCategory]],
    what: 'every authority of a proxy, to note it in the record',
    why: 'PRX-3, contract 6',
    cost: 'The notes of proxies in the record are not kept up to date.',
  },
  {
    id: 'authorities-in-use',
    type: 'Consent',
    pairs: [
      ['category', noCategory],
      ['status', 'active'],
    ],
    what: 'authorities that may have ended',
    why: 'PRX-4, contract 6',
    cost: 'The notes of proxies in the record are not ended when their authority ends.',
  },
  {
    id: 'authorities-changed',
    type: 'Consent',
    pairs: [
      ['category', proxyCategory],
      ['_lastUpdated', 'ge2999-01-01'],
    ],
    what: 'authorities that were changed',
    why: 'PRX-3, contract 6',
    cost: 'The notes of proxies in the record are not kept up to date.',
  },
  {
    id: 'proxy-notes',
    type: 'Flag',
    pairs: [['patient', nobody]],
    what: 'notes of proxies in the record',
    why: 'PRX-3, contract 6',
    cost: 'The notes of proxies in the record are not kept up to date.',
  },
  {
    id: 'decided-tasks',
    type: 'Task',
    pairs: [
      ['focus', `CommunicationRequest/${ABSENT}`],
      ['status', 'completed'],
    ],
    what: 'what people decided about a request',
    why: 'PRX-7, contract 8',
    cost: nothingIsSent,
  },
  {
    id: 'overrides-of-person',
    type: 'Task',
    pairs: [
      ['patient', `${nobody},${nobody}`],
      ['code', `${codeSystem('task-code')}|${NONE}`],
      ['status', 'completed'],
    ],
    what: 'what people decided about sending despite an objection',
    why: 'OBJ-6, contract 8',
    cost: 'A message to somebody who objects is answered 503, where it might go another way.',
  },
  {
    id: 'recent-attempts',
    type: 'Communication',
    pairs: [
      ['recipient', `${nobody},${nobody}`],
      ['_lastUpdated', 'ge2999-01-01T00:00:00.000Z'],
    ],
    what: 'whether the last message to somebody arrived',
    why: 'OBJ-7, contract 8',
    cost: 'An override because the allowed contact failed is answered 503.',
  },
  {
    id: 'reviews-of-emergencies',
    type: 'Task',
    pairs: [
      ['code', `${codeSystem('task-code')}|${NONE}`],
      ['authored-on', 'ge2999-01-01T00:00:00.000Z'],
    ],
    what: 'who asked for emergencies lately',
    why: 'EMG-1, contract 8',
    cost: 'Frequent emergencies of one person are not shown to the data protection officer.',
  },
  {
    id: 'emergency-patterns',
    type: 'Task',
    pairs: [
      ['focus', `Practitioner/${ABSENT}`],
      ['code', `${codeSystem('task-code')}|${NONE}`],
    ],
    what: 'whether frequent emergencies of one person are shown already',
    why: 'EMG-1, contract 8',
    cost: 'Frequent emergencies of one person are not shown to the data protection officer.',
  },
  {
    id: 'staff-by-number',
    type: 'Practitioner',
    pairs: [['identifier', `${system.sdsUserId}|${NONE}`]],
    what: 'which member of staff has this number',
    why: 'EMG-1, ACC-1',
    cost: 'Emergencies of staff who are named by number alone are not counted.',
  },
  {
    id: 'open-tasks-of-request',
    type: 'Task',
    pairs: [
      ['focus', `CommunicationRequest/${ABSENT}`],
      ['status', 'draft,requested,received,accepted,ready,in-progress,on-hold'],
    ],
    what: 'what people have still to decide about a held request',
    why: 'PRX-7, contract 3',
    cost: 'A held request that is still to be held cannot be asked for again: 503.',
  },
  {
    id: 'open-holds',
    type: 'Task',
    pairs: [
      ['code', `${codeSystem('task-code')}|${NONE},${codeSystem('task-code')}|${NONE}`],
      ['status', 'draft,requested,received,accepted,ready,in-progress,on-hold'],
    ],
    what: 'what held requests wait for',
    why: 'contract 3',
    cost: 'A held request whose answer is overdue, or that expires, is noticed by nobody.',
  },
  {
    id: 'held-requests',
    type: 'CommunicationRequest',
    pairs: [
      ['status', 'on-hold'],
      ['_lastUpdated', 'lt1900-01-01'],
    ],
    what: 'held requests',
    why: 'contract 3',
    cost: 'A held request whose answer is overdue, or that expires, is noticed by nobody.',
  },
  {
    id: 'service-labels',
    type: 'HealthcareService',
    pairs: [['service-type', `${codeSystem('service')}|${NONE}`]],
    what: 'how sensitive the service is',
    why: 'PRX-7, contract 6',
    cost: nothingIsSent,
  },
  {
    id: 'authority-recorded',
    type: 'Provenance',
    pairs: [['target', `Communication/${ABSENT}`]],
    what: 'whether the record of a message says by whose authority it went',
    why: 'PRX-3, ACC-1',
    cost: 'A message to a proxy waits, and is tried again, until it is answered.',
  },
  {
    id: 'objections',
    type: 'Consent',
    pairs: [
      ['patient', `${nobody},${nobody}`],
      ['category', objectionCategory],
      ['status', 'active,proposed'],
    ],
    what: 'what the person objects to',
    why: 'OBJ-1, contract 7',
    cost: nothingIsSent,
  },
  {
    id: 'copies-of-details',
    type: 'RelatedPerson',
    pairs: [['patient', nobody]],
    what: 'who may hold a copy of a contact detail that leaves the record',
    why: 'OBJ-8, contract 7',
    cost: 'An objection that removes contact details is answered 503, and nothing of it is kept.',
  },
  {
    id: 'messages-to-person',
    type: 'Communication',
    pairs: [['patient', nobody]],
    what: 'past messages to a contact detail that leaves the record',
    why: 'OBJ-8, contract 7',
    cost: 'An objection that removes contact details is answered 503, and nothing of it is kept.',
  },
  {
    id: 'messages-to-proxy',
    type: 'Communication',
    pairs: [['recipient', `RelatedPerson/${ABSENT}`]],
    what: 'the same of those who act for somebody',
    why: 'OBJ-8, contract 7',
    cost: 'An objection that removes contact details is answered 503, and nothing of it is kept.',
  },
  {
    id: 'tasks-about-objection',
    type: 'Task',
    pairs: [['focus', `Consent/${ABSENT}`]],
    what: 'what somebody has to do about an objection already',
    why: 'OBJ-4, contract 7',
    cost: 'No objection can be recorded: 503.',
  },
  {
    id: 'messages-of-history',
    type: 'Communication',
    pairs: [['subject', `${nobody},${nobody}`]],
    what: 'every message about somebody who asks for their history',
    why: 'SAR-1, contract 12',
    cost: noHistory,
  },
  {
    id: 'messages-from-person',
    type: 'Communication',
    pairs: [['sender', `${nobody},RelatedPerson/${ABSENT}`]],
    what: 'every message from somebody who asks for their history',
    why: 'SAR-1, contract 12',
    cost: noHistory,
  },
  {
    id: 'messages-at-once',
    type: 'Communication',
    pairs: [['_id', `${ABSENT},${ABSENT}`]],
    what: 'several messages at once',
    why: 'SAR-1, contract 12',
    cost: noHistory,
  },
  {
    id: 'requests-of-history',
    type: 'CommunicationRequest',
    pairs: [['subject', `${nobody},${nobody}`]],
    what: 'every request for a message about somebody who asks for their history',
    why: 'SAR-1, contract 12',
    cost: noHistory,
  },
  {
    id: 'requests-at-once',
    type: 'CommunicationRequest',
    pairs: [['_id', `${ABSENT},${ABSENT}`]],
    what: 'several requests at once',
    why: 'SAR-1, contract 12',
    cost: noHistory,
  },
  {
    id: 'consents-of-history',
    type: 'Consent',
    pairs: [['patient', `${nobody},${nobody}`]],
    what: 'every objection and authority of somebody who asks for their history',
    why: 'SAR-1, contract 12',
    cost: noHistory,
  },
  {
    id: 'tasks-of-history',
    type: 'Task',
    pairs: [['patient', `${nobody},${nobody}`]],
    what: 'every decision about somebody who asks for their history',
    why: 'SAR-1, contract 12',
    cost: noHistory,
  },
  {
    id: 'message-type',
    type: 'ActivityDefinition',
    pairs: [['url', `${MSG}/ActivityDefinition/${NONE}`]],
    what: "the trust's own wording of a message type",
    why: 'contract 3.1',
    cost: nothingIsSent,
  },
  {
    id: 'channels',
    type: 'Endpoint',
    pairs: [['connection-type', `${codeSystem('channel')}|${NONE},${codeSystem('channel')}|${NONE}`]],
    what: "the trust's own approved channels",
    why: 'CHN-1, CHN-5, contract 3.1',
    cost: nothingIsSent,
  },
  {
    id: 'attempts',
    type: 'Communication',
    pairs: [['based-on', `CommunicationRequest/${ABSENT}`]],
    what: 'attempts at a message that is to be taken back',
    why: 'contract 3',
    cost: 'No request can be revoked: 503.',
  },
  {
    id: 'forgotten-messages',
    type: 'Communication',
    pairs: [
      ['status', 'preparation'],
      ['_lastUpdated', 'lt1900-01-01'],
    ],
    what: 'messages that are recorded and in no queue',
    why: 'contract 5',
    cost: 'A message whose job was lost in a crash is never found again: it may not go, however urgent it is.',
  },
  {
    id: 'senders',
    type: 'Patient',
    pairs: [['telecom', `${NONE},${NONE}`]],
    what: 'whose number a text came from',
    why: 'TWO-1, VER-1, contract 11',
    cost: textsWait,
  },
  {
    id: 'proxy-senders',
    type: 'RelatedPerson',
    pairs: [['telecom', `${NONE},${NONE}`]],
    what: 'which proxy a text came from',
    why: 'TWO-1, VER-1, contract 11',
    cost: textsWait,
  },
  {
    id: 'last-text',
    type: 'Communication',
    pairs: [
      ['recipient', `${nobody},${nobody}`],
      ['medium', `${codeSystem('channel')}|${NONE}`],
      ['sent', 'le1900-01-01'],
    ],
    what: 'what a text answers',
    why: 'TWO-1, contract 11',
    cost: textsWait,
  },
  {
    id: 'texts-of-sender',
    type: 'Communication',
    pairs: [
      ['sender', nobody],
      ['category', `${codeSystem('direction')}|${NONE}`],
      ['received', 'ge1900-01-01'],
    ],
    what: 'whether somebody sent the same text before',
    why: 'TWO-2',
    cost: 'Nobody is told outside the hours when their text will be read.',
  },
  {
    id: 'closed-numbers',
    type: 'Task',
    pairs: [
      ['identifier', `${MSG}/id/closed-number|${NONE},${MSG}/id/closed-number|${NONE}`],
      ['status', 'draft,requested,received,accepted,ready,in-progress,on-hold,failed,rejected,cancelled'],
    ],
    what: 'numbers to which no text goes for now',
    why: 'VER-1, OBJ-11, contract 11',
    cost: nothingIsSent,
  },
  {
    id: 'open-texts',
    type: 'Task',
    pairs: [
      ['code', `${codeSystem('task-code')}|${NONE},${codeSystem('task-code')}|${NONE}`],
      ['status', 'draft,requested,received,accepted,ready,in-progress,on-hold'],
    ],
    what: 'texts that wait for an answer',
    why: 'TWO-3, contract 11',
    cost: 'A text that nobody has answered in time is raised by nobody.',
  },
  {
    id: 'answers-to-texts',
    type: 'Communication',
    pairs: [
      ['subject', `${nobody},${nobody}`],
      ['category', `${codeSystem('direction')}|${NONE}`],
      ['status', 'in-progress,completed'],
      ['_lastUpdated', 'ge1900-01-01'],
    ],
    what: 'which texts were answered',
    why: 'TWO-3, TWO-4',
    cost: 'A text that was answered stays in the worklist until somebody closes it.',
  },
];

/** Those without which nothing is ever sent. */
export const essentialSearches: readonly OwnSearch[] = ownSearches.filter(({ cost }) => cost === nothingIsSent);
