import { codeSystem, MSG, system } from '../canonical.ts';
import { ABSENT } from './examined.ts';
import { NONE, nobody, nothingIsSent, type OwnSearch } from './own-search.ts';

/** What a request is decided by, what it waits for, and what became of it. */
export const requestSearches: readonly OwnSearch[] = [
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
    id: 'types-in-use',
    type: 'ActivityDefinition',
    pairs: [['status', NONE]],
    what: 'message types in use, to tell the public what messages are about',
    why: 'ACC-3, contract 1',
    cost: 'The page /how-we-contact-you is answered 503.',
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
];
