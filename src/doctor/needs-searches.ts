import { commonSearch, type ResourceRoute, resultParameters, routes } from '../fhir/routes.ts';
import { searchDefinition } from '../fhir/search-definitions.ts';
import { referenceParameters, referenceTargets } from '../fhir/search-name.ts';
import type { Examined, Pairs } from './examined.ts';
import { missing, type Seen, type Trial } from './need.ts';
import { ownSearches } from './own-searches.ts';
import { tryOwnSearch, tryParameters, tryResultParameter, tryTotal } from './searching.ts';
import { valueFor } from './values.ts';

/** What Herald itself asks, whole. */
export function ownSearchNeeds(): readonly Trial[] {
  return ownSearches.map(({ id, type, pairs, what, why, cost }) => ({
    id: `own:${id}`,
    group: "Herald's own questions",
    what: `${what}: ${type} by ${pairs.map(([name]) => name).join(', ')}`,
    why,
    cost,
    severity: 'needed',
    remedy: 'search-parameter',
    attempt: (server) => tryOwnSearch(server, type, pairs),
  }));
}

/** The search parameters that Herald answers for a type. */
export function parameterNeeds({ type, search }: ResourceRoute): readonly Trial[] {
  const names = [...commonSearch, ...search];
  const all = names.map((name) => [name, valueFor(type, name)] as const);
  return names.map((name) => {
    const own = ownSearches.filter((one) => one.type === type && one.pairs.some(([used]) => used === name));
    return {
      id: `search:${type}.${name}`,
      group: type,
      what: name,
      why: 'contract 2',
      cost: own.length > 0 ? [...new Set(own.map((one) => one.cost))].join(' ') : refused(`GET /fhir/${type}?${name}=`),
      severity: own.length > 0 ? 'needed' : 'degrades',
      remedy: 'search-parameter',
      attempt: async (server) => {
        // Most servers take all of them in one search; only where one does not is each asked on its own.
        const together = await server.once(`all parameters of ${type}`, () => tryParameters(server, type, all));
        return together.verdict === 'works' ? together : tryParameters(server, type, [[name, valueFor(type, name)]]);
      },
    };
  });
}

/** What may be asked of every search of a type. */
export function resultNeeds(route: ResourceRoute): readonly Trial[] {
  const { type } = route;
  return resultParameters.flatMap((name) => {
    const attempt = attemptOf(route, name);
    return attempt === undefined
      ? []
      : [
          {
            id: `result:${type}.${name}`,
            group: type,
            what: name,
            why: 'contract 2',
            cost: refused(`GET /fhir/${type}?${name}=`),
            severity: 'degrades' as const,
            remedy: name.includes('include') ? ('search-parameter' as const) : ('search-form' as const),
            attempt,
          },
        ];
  });
}

const refused = (asked: string): string => `${asked} is answered 400.`;

/** How a result parameter is tried; `undefined` where the type has nothing to try it with. */
function attemptOf(route: ResourceRoute, name: string): Trial['attempt'] | undefined {
  const { type } = route;
  switch (name) {
    case '_sort':
      return (server) => eachOf(server, type, name, sortKeys(route), (key) => `-${key}`, 'herald-doctor-unknown');
    case '_total':
      return (server) => tryTotal(server, type, ['_total', 'accurate']);
    case '_summary':
      return (server) => tryTotal(server, type, ['_summary', 'count']);
    case '_count':
      return (server) => tryResultParameter(server, type, [['_count', '1']], ['_count', 'herald-doctor-unknown']);
    case '_elements':
      // Herald takes elements out of the answer itself.
      return undefined;
    case '_include': {
      const paths = referenceParameters(type).map((code) => `${type}:${code}`);
      return paths.length === 0
        ? undefined
        : (server) => eachOf(server, type, name, paths, asItIs, `${type}:herald-doctor-unknown`);
    }
    case '_revinclude': {
      const paths = reversesOf(type);
      return paths.length === 0
        ? undefined
        : (server) => eachOf(server, type, name, paths, asItIs, `${type}:herald-doctor-unknown`);
    }
    default:
      throw new Error(`No way to try ${name} is known: give it one here.`);
  }
}

const asItIs = (text: string): string => text;

/** Tries all values in one search; only where that fails each on its own, to name those at fault. */
async function eachOf(
  server: Examined,
  type: string,
  name: string,
  values: readonly string[],
  shown: (value: string) => string,
  nonsense: string,
): Promise<Seen> {
  const attempt = (some: readonly string[]): Promise<Seen> => {
    const pairs: Pairs =
      name === '_sort' ? [[name, some.map(shown).join(',')]] : some.map((value) => [name, shown(value)] as const);
    return tryResultParameter(server, type, pairs, [name, nonsense]);
  };
  const together = await attempt(values);
  if (together.verdict !== 'missing') return together;
  const failed: string[] = [];
  for (const value of values) if ((await attempt([value])).verdict === 'missing') failed.push(value);
  return missing(failed.length === 0 ? 'several at once are refused' : `refused: ${failed.join(', ')}`);
}

/** Dates, by which a list is put into order. */
function sortKeys({ type, search }: ResourceRoute): string[] {
  return ['_lastUpdated', ...search.filter((name) => searchDefinition(type, name).type === 'date')];
}

/** The references of other types that may lead here. */
function reversesOf(type: string): string[] {
  return routes.flatMap((other) =>
    referenceParameters(other.type)
      .filter((name) => referenceTargets(other.type, name).includes(type))
      .map((name) => `${other.type}:${name}`),
  );
}
