import type { ClauseId } from '../../src/policy/clauses.ts';
import type { BlockReason } from '../../src/policy/codes.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { about, contact, DAY, endpoint, known, messageType, now, proxy, request, text, toProxy } from './world.ts';

type Row = [demand: string, change: Partial<PolicyFacts>, code: BlockReason, clause: ClauseId];

const time = now.getTime();
const type = 'https://herald.example/fhir/CodeSystem/message-type';
const adult = about({ birthDate: '2008-06-01' });

/** What refuses a message to a proxy: one row for each way in which an authority does not count. */
export const proxyRefusals: readonly Row[] = [
  [
    'contract 6: an authority in the record of another patient',
    toProxy({ isOfSubject: false }),
    'not-a-proxy',
    'PRX-1',
  ],
  ['PRX-2: an authority for somebody else', toProxy({ proxy: undefined }), 'proxy-not-authorised', 'PRX-2'],
  [
    'PRX-2: a type that never goes to proxies',
    toProxy({}, { messageType: known(messageType({ proxiesAllowed: false })) }),
    'proxy-not-authorised',
    'PRX-2',
  ],
  ['PRX-2: no legal basis', toProxy({ basis: undefined }), 'proxy-not-authorised', 'PRX-2'],
  [
    'PRX-2: an authority for other kinds of message',
    toProxy({ kinds: [{ system: type, code: 'results-available' }] }),
    'proxy-not-authorised',
    'PRX-2',
  ],
  [
    'PRX-2: an authority for a kind that has the same code elsewhere',
    toProxy({ kinds: [{ system: undefined, code: 'appointment-reminder' }] }),
    'proxy-not-authorised',
    'PRX-2',
  ],
  ['PRX-2: an authority for no kind that can be read', toProxy({ kinds: [] }), 'proxy-not-authorised', 'PRX-2'],
  ['PRX-2: an authority for no channel', toProxy({ channels: [] }), 'proxy-not-authorised', 'PRX-2'],
  [
    'PRX-2: an authority for another channel than the one that is left',
    toProxy({ channels: ['letter'] }, { request: request({ medium: ['sms'] }) }),
    'proxy-not-authorised',
    'PRX-2',
  ],
  ['PRX-3: an authority that contradicts itself', toProxy({ clear: false }), 'proxy-not-authorised', 'PRX-3'],
  ['PRX-3: no evidence', toProxy({ evidencedFrom: undefined }), 'proxy-not-authorised', 'PRX-3'],
  ['PRX-3: evidence of tomorrow', toProxy({ evidencedFrom: time + 1 }), 'proxy-not-authorised', 'PRX-3'],
  ['PRX-3: an element is missing', toProxy({ missing: ['Consent.performer'] }), 'proxy-not-authorised', 'PRX-3'],
  ['PRX-3: no period', toProxy({ period: undefined }), 'proxy-not-authorised', 'PRX-3'],
  ['contract 6: looked into, and found not to hold', toProxy({ refuted: true }), 'proxy-not-authorised', 'PRX-3'],
  ...['draft', 'proposed', 'rejected', 'inactive', 'entered-in-error', 'unheard-of'].map(
    (status): Row => [`PRX-4: an authority that is ${status}`, toProxy({ status }), 'proxy-not-authorised', 'PRX-4'],
  ),
  [
    'PRX-4: not yet begun',
    toProxy({ period: { from: time + 1, until: Number.POSITIVE_INFINITY } }),
    'proxy-not-authorised',
    'PRX-4',
  ],
  ['PRX-4: ended', toProxy({ period: { from: 0, until: time } }), 'proxy-not-authorised', 'PRX-4'],
  [
    'PRX-4: a best-interests decision of long ago that names no end',
    toProxy({ basis: 'best-interest', period: { from: Date.parse('2025-06-01T09:00:00Z'), until: Infinity } }),
    'proxy-not-authorised',
    'PRX-4',
  ],
  [
    "PRX-4: the proxy's record is out of use",
    toProxy({}, { recipients: known([proxy({ active: false })]) }),
    'proxy-not-authorised',
    'PRX-4',
  ],
  [
    "PRX-4: the proxy's record is out of its period",
    toProxy({}, { recipients: known([proxy({ valid: { from: 0, until: time } })]) }),
    'proxy-not-authorised',
    'PRX-4',
  ],
  [
    'PRX-4: the proxy has died',
    toProxy({}, { recipients: known([proxy({ deceased: true })]) }),
    'proxy-not-authorised',
    'PRX-4',
  ],
  ['PRX-5: the patient is 18', toProxy({ basis: 'parental-responsibility' }, adult), 'proxy-not-authorised', 'PRX-5'],
  ...[undefined, '2015', '2015-06', '2015-02-30'].map(
    (birthDate): Row => [
      `PRX-5: born ${birthDate ?? 'nobody knows when'}`,
      toProxy({ basis: 'parental-responsibility' }, about({ birthDate })),
      'proxy-not-authorised',
      'PRX-5',
    ],
  ),
  [
    'PRX-6: a power of attorney that nobody activated',
    toProxy({ basis: 'health-and-welfare-lasting-power-of-attorney' }),
    'proxy-not-authorised',
    'PRX-6',
  ],
  [
    'PRX-6: a power of attorney that is activated from tomorrow',
    toProxy({ basis: 'health-and-welfare-lasting-power-of-attorney', verifiedFrom: time + DAY }),
    'proxy-not-authorised',
    'PRX-6',
  ],
  [
    "contract 3.1: the NHS App, which is the patient's own",
    toProxy(
      {},
      {
        recipients: known([proxy({ person: { ...proxy().person, contacts: [contact('nhsapp', 'mother')] } })]),
        messageType: known(messageType({}, [text('nhsapp')])),
        endpoints: known([endpoint('nhsapp')]),
        providerChannels: ['nhsapp'],
      },
    ),
    'channel-not-acceptable',
    'PRX-9',
  ],
  [
    'PRX-9: no contact detail of their own, whatever the patient has',
    toProxy({}, { recipients: known([proxy({ person: { ...proxy().person, contacts: [] } })]) }),
    'no-contact',
    'PRF-5',
  ],
  ...(['deceased', 'replaced', 'numberShared'] as const).map(
    (what): Row => [
      `VER-1, VER-3: a proxy of somebody whose record is ${what}`,
      toProxy({}, about({ [what]: true })),
      what === 'deceased' ? 'deceased' : what === 'replaced' ? 'inactive-record' : 'identity-unusable',
      what === 'numberShared' ? 'VER-1' : 'VER-3',
    ],
  ),
];
