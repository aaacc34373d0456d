import { codeSystem, MSG } from '../canonical.ts';
import { NONE, nobody, nothingIsSent, type OwnSearch } from './own-search.ts';

const textsWait = 'A text that came in is not kept until this is answered; its job is tried again.';

/** Texts that come in: from whom, what they answer, and who answers them (TWO). */
export const textSearches: readonly OwnSearch[] = [
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
