import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceInteraction,
  ResourceType,
  SearchParameter,
} from '@medplum/fhirtypes';
import { parametersOf } from '../../../src/store/search-parameter.ts';
import type { Context } from './context.ts';
import type { Behaviour } from './options.ts';
import { isSwitchedOff } from './parameters.ts';
import { keptTypes } from './records.ts';

type Interaction = CapabilityStatementRestResourceInteraction['code'];

/** What the server really answers, as it is set now. */
export function capabilities(context: Context): CapabilityStatement {
  const { behaviour, base, clock } = context;
  const writes = writable(context);
  const parameters = new Map(keptTypes.map((type) => [type, parametersHere(behaviour, type)]));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: clock.now().toISOString(),
    kind: 'instance',
    software: { name: behaviour.software, version: '1' },
    implementation: { description: 'A FHIR server for tests', url: base },
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [
      {
        mode: 'server',
        resource: keptTypes.map((type) => resourceOf(context, type, parameters)),
        interaction: [
          ...(writes && behaviour.transactions ? [{ code: 'transaction' as const }] : []),
          ...(behaviour.batch ? [{ code: 'batch' as const }] : []),
        ],
      },
    ],
  };
}

type Parameters = ReadonlyMap<ResourceType, readonly Parameter[]>;

function resourceOf(context: Context, type: ResourceType, parameters: Parameters): CapabilityStatementRestResource {
  const { behaviour } = context;
  const writes = writable(context);
  const codes: Interaction[] = [
    ...(['read', 'vread', 'history-instance', 'history-type', 'search-type'] as const),
    ...(writes ? (['create', 'update'] as const) : []),
  ];
  const own = parameters.get(type) ?? [];
  const references = own.filter(({ targets }) => targets).map(({ name }) => name);
  const pointing = [...parameters].flatMap(([source, all]) =>
    all.filter(({ targets }) => targets?.includes(type)).map(({ name }) => `${source}:${name}`),
  );
  const offers = (name: string) => !behaviour.withoutParameters.includes(name);
  const operations = [
    ...(writes && behaviour.metaDelete
      ? [{ name: 'meta-delete', definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta-delete' }]
      : []),
    ...(writes && behaviour.expunge
      ? [{ name: 'expunge', definition: `${context.base}/OperationDefinition/expunge` }]
      : []),
  ];
  return {
    type,
    interaction: codes.map((code) => ({ code })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: writes && behaviour.updateAsCreate,
    conditionalCreate: writes && behaviour.conditionalCreate,
    conditionalRead: 'not-supported',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    referencePolicy: ['literal', 'logical', 'local', ...(behaviour.referenceIntegrity ? (['enforced'] as const) : [])],
    ...(offers('_include') && references.length > 0
      ? { searchInclude: references.map((name) => `${type}:${name}`) }
      : {}),
    ...(offers('_revinclude') && pointing.length > 0 ? { searchRevInclude: pointing } : {}),
    searchParam: own.map(({ name, type: kind }) => ({ name, type: kind })),
    ...(operations.length > 0 ? { operation: operations } : {}),
  };
}

interface Parameter {
  readonly name: string;
  readonly type: SearchParameter['type'];
  /** Of a reference. */
  readonly targets?: readonly string[];
}

function parametersHere(behaviour: Behaviour, type: ResourceType): Parameter[] {
  return [...(parametersOf(type)?.values() ?? [])]
    .filter(({ code }) => !isSwitchedOff(behaviour, type, code, ''))
    .map((parameter) => ({
      name: parameter.code,
      type: parameter.kind,
      ...(parameter.kind === 'reference' ? { targets: parameter.targets } : {}),
    }));
}

function writable({ behaviour, mode }: Context): boolean {
  return !behaviour.readOnly && !mode.readOnly;
}
