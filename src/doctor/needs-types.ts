import type { RestInteraction } from '../audit.ts';
import type { ResourceRoute } from '../fhir/routes.ts';
import { ABSENT, type Examined, isSearchset, resourcesOf, searchByGet, statusText } from './examined.ts';
import { claimed, missing, type Seen, type Trial, unproven, works } from './need.ts';

/** What Herald writes of its own accord, whoever calls; a test holds it against the source. */
export const ownWriteTypes = [
  'CommunicationRequest',
  'Communication',
  'Task',
  'Consent',
  'Flag',
  'Provenance',
  'AuditEvent',
] as const;

/** What it reads by id to decide or to send. */
const ownReadTypes: readonly string[] = ['Patient', 'RelatedPerson', 'CommunicationRequest', 'Communication'];

/** Reading and writing one type, as far as Herald answers it or does it itself. */
export function interactionNeeds({ type, interactions }: ResourceRoute): readonly Trial[] {
  const group = type;
  const ownWrite = ownWriteTypes.some((one) => one === type);
  const answered = (interaction: RestInteraction): boolean => interactions[interaction] !== undefined;
  const trials: Trial[] = [
    {
      id: `read:${type}`,
      group,
      what: 'read',
      why: 'contract 2',
      cost: ownReadTypes.includes(type) ? 'Nothing can be decided: every request is answered 503.' : refused('read'),
      severity: ownReadTypes.includes(type) || ownWrite ? 'needed' : 'degrades',
      remedy: 'access',
      attempt: (server) => addressed(server, type, 'read', ABSENT),
    },
    {
      id: `search-type:${type}`,
      group,
      what: 'search',
      why: 'contract 2',
      cost: refused('searched'),
      severity: 'degrades',
      remedy: 'access',
      attempt: (server) => searched(server, type),
    },
  ];
  if (answered('vread')) {
    trials.push({
      id: `vread:${type}`,
      group,
      what: 'vread',
      why: 'contract 2',
      cost: ownWrite ? unsettled : refused('read in an earlier version'),
      severity: ownWrite ? 'needed' : 'degrades',
      remedy: 'versions',
      attempt: (server) => addressed(server, type, 'vread', `${ABSENT}/_history/1`),
    });
  }
  if (answered('history-instance')) {
    trials.push(
      {
        id: `history-instance:${type}`,
        group,
        what: 'history of one',
        why: 'contract 2, REC-4',
        cost: ownWrite ? unsettled : refused('shown with its history'),
        severity: ownWrite ? 'needed' : 'degrades',
        remedy: 'versions',
        attempt: (server) => addressed(server, type, 'history-instance', `${ABSENT}/_history`),
      },
      {
        id: `history-type:${type}`,
        group,
        what: 'history of all',
        why: 'contract 2',
        cost: refused('shown with the history of all of them'),
        severity: 'degrades',
        remedy: 'versions',
        attempt: (server) => historyOfType(server, type),
      },
    );
  }
  if (answered('create') || answered('update') || ownWrite) {
    trials.push({
      id: `write:${type}`,
      group,
      what: 'update as create: writing under an id of ours',
      why: 'contract 3',
      cost: ownWrite
        ? 'Herald gives each record its id, so that writing it again makes no second one: without that a message could be sent twice. Herald cannot use this server.'
        : refused('written'),
      severity: ownWrite ? 'needed' : 'degrades',
      remedy: 'own-ids',
      attempt: (server) => writable(server, type),
    });
  }
  return trials;
}

const unsettled =
  'After a crash, or an answer that was lost, it cannot be told whether a change was made: what waits for it stays open.';

const refused = (what: string): string => `Callers are answered 503 when it is to be ${what}.`;

/** Asks for what is not there: 404 shows that the server knows the question. */
async function addressed(server: Examined, type: string, interaction: string, path: string): Promise<Seen> {
  const { status } = await server.probe.ask({ path: `${type}/${path}` });
  if (status !== 200 && status !== 404 && status !== 410) return missing(statusText(status));
  const stated = server.capabilities.types[type]?.interactions.includes(interaction) ?? false;
  return stated
    ? works(`answers ${status} for what is not there, and the CapabilityStatement has it`)
    : missing('not in the CapabilityStatement');
}

async function searched(server: Examined, type: string): Promise<Seen> {
  const answer = await searchByGet(server, type, [['_id', ABSENT]]);
  if (!isSearchset(answer)) return missing(statusText(answer.status));
  return resourcesOf(answer).length === 0 ? works('answered') : missing('_id is ignored');
}

/** Asks for changes that are still to come, so that nobody's record comes back. */
async function historyOfType(server: Examined, type: string): Promise<Seen> {
  const { status, body } = await server.probe.ask({ path: `${type}/_history?_since=2999-01-01T00:00:00Z&_count=1` });
  if (status !== 200 || body.resourceType !== 'Bundle') return missing(statusText(status));
  return Array.isArray(body.entry) && body.entry.length > 0 ? missing('_since is ignored') : works('answered');
}

async function writable({ capabilities }: Examined, type: string): Promise<Seen> {
  const stated = capabilities.types[type];
  if (stated === undefined || !stated.interactions.includes('update')) return missing('not in the CapabilityStatement');
  if (stated.updateCreate === false) return missing('the CapabilityStatement says that it has no updateCreate');
  // HAPI does it, and says nothing.
  return stated.updateCreate
    ? claimed('the CapabilityStatement says updateCreate')
    : unproven('the CapabilityStatement says nothing of updateCreate: --write --patient ID');
}
