import { codeSystem } from '../canonical.ts';
import { ABSENT } from './examined.ts';
import { nobody, nothingIsSent, type OwnSearch } from './own-search.ts';

const objectionCategory = `${codeSystem('consent-category')}|messaging-objection`;

/** What people object to, and what follows from it (OBJ). */
export const objectionSearches: readonly OwnSearch[] = [
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
];
