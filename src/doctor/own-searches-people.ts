import { codeSystem, system } from '../canonical.ts';
import { ABSENT } from './examined.ts';
import { NONE, nobody, nothingIsSent, type OwnSearch } from './own-search.ts';

const proxyCategory = `${codeSystem('consent-category')}|proxy-messaging`;
const objectionCategory = `${codeSystem('consent-category')}|messaging-objection`;
const noCategory = `${codeSystem('consent-category')}|${NONE}`;

/** Who people are, and who acts for whom (VER-1, PRX). */
export const peopleSearches: readonly OwnSearch[] = [
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
];
