import type { CapabilityStatement, CapabilityStatementRestResource } from '@medplum/fhirtypes';
import { publishedTypes } from './conformance/load.ts';
import { resultParameters } from './routes.ts';

/** What the server that keeps the record can do, where that is another one than ours. */
export interface RecordServer {
  readonly transaction: boolean;
  readonly types: Readonly<
    Record<
      string,
      {
        readonly interactions: readonly string[];
        readonly searchParameters: Readonly<Record<string, string>>;
        readonly includes: readonly string[];
        readonly revincludes: readonly string[];
      }
    >
  >;
}

/** Errors: StoreError `unavailable` as long as it has never answered. */
export type AskRecordServer = () => Promise<RecordServer>;

/**
 * The statement without what the server behind cannot do: reads and searches are passed on to it, and what it lacks is
 * not promised (contract 2). What we publish ourselves is ours to answer.
 */
export function limitedTo(statement: CapabilityStatement, server: RecordServer): CapabilityStatement {
  return {
    ...statement,
    rest: (statement.rest ?? []).map((rest) => ({
      ...rest,
      resource: (rest.resource ?? []).flatMap((one) => limitedResource(one, server)),
      interaction: (rest.interaction ?? []).filter(({ code }) => code !== 'transaction' || server.transaction),
    })),
  };
}

function limitedResource(
  resource: CapabilityStatementRestResource,
  server: RecordServer,
): CapabilityStatementRestResource[] {
  const { type } = resource;
  if ((publishedTypes as readonly string[]).includes(String(type))) return [resource];
  const there = server.types[String(type)];
  if (there === undefined) return [];
  // A create of ours is an update there, under an id that we chose.
  const can = (code: string | undefined): boolean =>
    there.interactions.includes(code === 'create' ? 'update' : `${code}`);
  const interaction = (resource.interaction ?? []).filter(({ code }) => can(code));
  if (interaction.length === 0) return [];
  const own: readonly string[] = ['_has', ...resultParameters];
  return [
    {
      ...resource,
      interaction,
      readHistory: can('vread'),
      searchParam: (resource.searchParam ?? []).filter(
        ({ name }) => own.includes(String(name)) || Object.hasOwn(there.searchParameters, String(name)),
      ),
      searchInclude: (resource.searchInclude ?? []).filter((one) => among(there.includes, one)),
      searchRevInclude: (resource.searchRevInclude ?? []).filter((one) => among(there.revincludes, one)),
    },
  ];
}

const among = (listed: readonly string[], one: string): boolean => listed.includes('*') || listed.includes(one);
