import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceInteraction,
  CapabilityStatementRestResourceSearchParam,
} from '@medplum/fhirtypes';
import { MSG } from '../canonical.ts';
import { FHIR_JSON } from '../http/media-types.ts';
import { commonSearch, type ResourceRoute, resultParameters, routes, terminologyOperations } from './routes.ts';
import { searchDefinition } from './search-definitions.ts';
import { referenceParameters, referenceTargets } from './search-name.ts';

/** `GET /fhir/metadata`: what the route table answers, and nothing else. `since`: when this service was started. */
export function capabilityStatement(about: {
  readonly base: string;
  readonly version: string;
  readonly since: Date;
  readonly notices: readonly string[];
}): CapabilityStatement {
  const { base, version, since, notices } = about;
  const description = ['Herald: lawful messages to patients, and the record of them.', ...notices].join(' ');
  return {
    resourceType: 'CapabilityStatement',
    url: `${base}/metadata`,
    version,
    name: 'Herald',
    title: 'Herald',
    status: 'active',
    date: since.toISOString(),
    kind: 'instance',
    description,
    software: { name: 'Herald', version },
    implementation: { description, url: base },
    fhirVersion: '4.0.1',
    format: [FHIR_JSON, 'json'],
    rest: [
      {
        mode: 'server',
        ...(notices.length === 0 ? {} : { documentation: notices.join(' ') }),
        security: { cors: false, description: 'Authorization: Bearer on everything but this page.' },
        resource: routes.map(resource),
        interaction: [{ code: 'transaction' }, { code: 'batch' }],
      },
    ],
  };
}

function resource(route: ResourceRoute): CapabilityStatementRestResource {
  const { interactions, operations, type } = route;
  const writable = interactions.create !== undefined;
  return {
    type,
    interaction: Object.entries(interactions).map(([code, roles]) => ({
      code: code as CapabilityStatementRestResourceInteraction['code'],
      documentation: `Roles: ${roles.join(', ')}.`,
    })),
    versioning: interactions.update === undefined ? 'versioned' : 'versioned-update',
    readHistory: interactions.vread !== undefined,
    updateCreate: interactions.update !== undefined && type !== 'CommunicationRequest',
    conditionalCreate: writable,
    conditionalRead: 'not-match',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    searchInclude: ['*', ...referenceParameters(type).map((code) => `${type}:${code}`)],
    searchRevInclude: [
      '*',
      ...routes.flatMap((other) =>
        referenceParameters(other.type)
          .filter((code) => referenceTargets(other.type, code).includes(type))
          .map((code) => `${other.type}:${code}`),
      ),
    ],
    searchParam: [
      ...[...commonSearch, ...route.search].map((name) => searchParam(type, name)),
      ...['_has', ...resultParameters].map((name) => ({ name, type: 'special' as const })),
    ],
    // R4 has no empty lists.
    ...(Object.keys(operations).length === 0
      ? {}
      : { operation: Object.keys(operations).map((name) => ({ name, definition: operationDefinition(type, name) })) }),
  };
}

function searchParam(type: string, name: string): CapabilityStatementRestResourceSearchParam {
  const definition = searchDefinition(type, name);
  return { name, type: definition.type, definition: definition.url };
}

/** R4 defines the operations on terminology itself. */
function operationDefinition(type: string, name: string): string {
  return (terminologyOperations as readonly string[]).includes(name)
    ? `http://hl7.org/fhir/OperationDefinition/${type}-${name}`
    : `${MSG}/OperationDefinition/${name}`;
}
