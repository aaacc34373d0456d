import { ABSENT } from './examined.ts';
import { nobody, type OwnSearch } from './own-search.ts';

const noHistory = "A person's history cannot be exported when they ask for it: 503.";

/** What is told to somebody who asks for their history (SAR). */
export const historySearches: readonly OwnSearch[] = [
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
];
