import type { Examined } from './examined.ts';
import { claimed, type Need, type Seen, type Trial, unproven } from './need.ts';

const group = 'Writes';
const onlyByWriting = 'only a write can show it: --write --patient ID';

/** What `--write` proves; without it each is no more than what the CapabilityStatement says. */
export const writeProofs = [
  {
    id: 'own-id',
    group,
    what: 'a record can be written under an id of ours',
    why: 'contract 3',
    cost: 'Herald cannot use this server.',
    severity: 'needed',
    remedy: 'own-ids',
  },
  {
    id: 'read-after-write',
    group,
    what: 'what was written can be read at once',
    why: 'contract 3, contract 4',
    cost: 'Herald cannot use this server: it would decide on what is past.',
    severity: 'needed',
    remedy: 'access',
  },
  {
    id: 'create-guard',
    group,
    what: 'a create never writes over what has its id',
    why: 'contract 3',
    cost: 'Herald looks at the answer and puts back what it wrote over; until then the wrong one can be read.',
    severity: 'degrades',
    remedy: 'versions',
  },
  {
    id: 'stale-update',
    group,
    what: 'an update upon an old version is refused',
    why: 'contract 2, OBJ-1',
    cost: 'A later write silently undoes an earlier one, such as an objection or a revocation.',
    severity: 'needed',
    remedy: 'versions',
  },
  {
    id: 'rollback',
    group,
    what: 'a transaction that fails leaves nothing behind',
    why: 'contract 3',
    cost: 'What is written of a transaction that fails has to be found and taken back; until then half of a record can be seen.',
    severity: 'needed',
    remedy: 'transaction',
  },
  {
    id: 'labels-kept',
    group,
    what: 'labels (meta.security) are kept',
    why: 'PRX-7, contract 6',
    cost: 'It is lost how sensitive a matter is, and somebody who acts for the person may be told.',
    severity: 'needed',
    remedy: 'labels',
  },
  {
    id: 'labels-removed',
    group,
    what: 'an update can take a label away',
    why: 'contract 2',
    cost: 'A label once set stays, unless the server has $meta-delete, which Herald then uses.',
    severity: 'degrades',
    remedy: 'labels',
  },
  {
    id: 'extensions-kept',
    group,
    what: 'extensions are kept',
    why: 'contract 3.2, REC-1',
    cost: 'It is lost what was decided, on what ground, and to which number or address a message went.',
    severity: 'needed',
    remedy: 'labels',
  },
  {
    id: 'history-written',
    group,
    what: 'earlier versions can be read',
    why: 'contract 2, REC-4',
    cost: 'What a record said before it was changed cannot be shown.',
    severity: 'degrades',
    remedy: 'versions',
  },
  {
    id: 'index-lag',
    group,
    what: 'a search finds what was just written',
    why: 'OBJ-1, contract 4',
    cost: 'Herald remembers for 30 seconds what it wrote itself; what others wrote, such as an objection, is not seen until the server finds it.',
    severity: 'needed',
    remedy: 'index-lag',
  },
  {
    id: 'search-cache',
    group,
    what: 'Cache-Control: no-cache reads past a search cache',
    why: 'OBJ-1, contract 4',
    cost: 'A search asked before is answered as it was then: an objection or a death since is not seen.',
    severity: 'needed',
    remedy: 'search-cache',
  },
  {
    id: 'conditional-create',
    group,
    what: 'conditional create (If-None-Exist)',
    why: 'contract 2',
    cost: 'Nothing of Herald falls away: it looks first and writes under an id of its own. Other systems on the server do without.',
    severity: 'degrades',
    remedy: 'conditional-create',
  },
  {
    id: 'references-checked',
    group,
    what: 'a reference that leads nowhere is refused',
    why: 'contract 2',
    cost: 'Herald checks what comes through it; other systems can write references that lead nowhere.',
    severity: 'degrades',
    remedy: 'references',
  },
] as const satisfies readonly Need[];

export type WriteProofId = (typeof writeProofs)[number]['id'];

/** Shown after `--write` alone. */
export const cleanUp: Need = {
  id: 'clean-up',
  group,
  what: 'nothing of this examination is left',
  why: 'contract 1',
  cost: 'Records of this examination stay on the server, about the test patient.',
  severity: 'degrades',
  remedy: 'leftovers',
};

export function writeNeeds(): readonly Trial[] {
  return writeProofs.map((need) => ({ ...need, attempt: async (server) => said(server, need.id) }));
}

function said({ capabilities }: Examined, id: WriteProofId): Seen {
  const type = capabilities.types.Communication;
  switch (id) {
    case 'own-id':
      return type?.updateCreate === true
        ? claimed('the CapabilityStatement says updateCreate')
        : unproven(onlyByWriting);
    case 'rollback':
      return capabilities.transaction
        ? unproven(onlyByWriting)
        : claimed('no transactions are offered, so that none is relied on');
    case 'conditional-create':
      return type?.conditionalCreate
        ? claimed('the CapabilityStatement says conditionalCreate')
        : unproven(onlyByWriting);
    default:
      return unproven(onlyByWriting);
  }
}
