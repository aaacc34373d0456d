import {
  ABSENT,
  type Examined,
  isSearchset,
  namesInSelf,
  type Pairs,
  resourcesOf,
  searchByGet,
  searchByPost,
  statusText,
  warns,
} from './examined.ts';
import { claimed, missing, type Seen, works } from './need.ts';
import type { Answered } from './probe.ts';

/**
 * Tries one search parameter, or several at once. A server may take a parameter that it does not know and answer as if
 * it was not there, which would make "everything" look like "these". So 200 alone proves nothing: it counts where the
 * server refuses names that do not exist, where its `self` link shows what it heeded, or where counting shows that the
 * parameter makes a difference; otherwise it is no more than claimed.
 *
 * Each search also asks for an id that nobody has, so that no record of a person comes back. Errors: Unreachable.
 */
export async function tryParameters(server: Examined, type: string, pairs: Pairs): Promise<Seen> {
  const answer = await searchByGet(server, type, pairs.some(isId) ? pairs : [['_id', ABSENT], ...pairs]);
  const fault = faultOf(answer);
  if (fault !== undefined) return missing(fault);
  const names = pairs.map(([name]) => name);
  const listed = Object.keys(server.capabilities.types[type]?.searchParameters ?? {});
  const unlisted = names.filter((name) => !name.startsWith('_') && !listed.includes(name));
  // Herald does not ask for what is not listed: a lenient server would answer everything.
  if (unlisted.length > 0)
    return missing(`${unlisted.join(', ')} not in the CapabilityStatement, by which Herald goes`);
  const habits = await habitsOf(server, type);
  if (habits === 'refuses') return works('accepted, and what does not exist is refused');
  const inSelf = namesInSelf(answer);
  if (habits === 'shows' && inSelf !== undefined) {
    const ignored = names.filter((name) => !inSelf.includes(name));
    return ignored.length === 0
      ? works('in the self link, which leaves out what is ignored')
      : missing(`ignored: ${ignored.join(', ')} not in the self link`);
  }
  // Counting tells one from another only if it is alone.
  const counted = pairs.length === 1 ? await countedWith(server, type, pairs) : undefined;
  if (counted !== undefined) return counted;
  return claimed('accepted; but what does not exist is accepted too');
}

const isId = ([name]: Pairs[number]): boolean => name === '_id';

/**
 * Tries a search as Herald asks it, by POST, with values that nothing has. Where it is not proven that each parameter is
 * heeded it also asks for an id that nobody has, so that no record of a person comes back. Errors: Unreachable.
 */
export async function tryOwnSearch(server: Examined, type: string, pairs: Pairs): Promise<Seen> {
  const single = await Promise.all(pairs.map((pair) => tryParameters(server, type, [pair])));
  const lacking = pairs.flatMap(([name], at) =>
    single[at]?.verdict === 'missing' ? [`${name}: ${single[at].seen}`] : [],
  );
  if (lacking.length > 0) return missing(lacking.join('; '));
  const isProven = single.every((one) => one.verdict === 'works');
  const answer = await searchByPost(server, type, isProven || pairs.some(isId) ? pairs : [['_id', ABSENT], ...pairs]);
  const fault = faultOf(answer);
  if (fault !== undefined) return missing(fault);
  return isProven
    ? works('tried by POST _search')
    : claimed('accepted by POST _search; but what does not exist is too');
}

/** Is a search by POST answered, so that no identifier of a person has to stand in an address? Errors: Unreachable. */
export async function tryPost(server: Examined, type: string): Promise<Seen> {
  const answer = await searchByPost(server, type, [['_id', ABSENT]]);
  const fault = faultOf(answer);
  return fault === undefined ? works('answered') : missing(fault);
}

/**
 * Tries a result parameter (`_sort`, `_include`, …) with a value that means something and, as a control, one that means
 * nothing: only where the second is refused does the first prove anything. Errors: Unreachable.
 */
export async function tryResultParameter(
  server: Examined,
  type: string,
  pairs: Pairs,
  control: readonly [name: string, value: string],
): Promise<Seen> {
  const answer = await searchByGet(server, type, [['_id', ABSENT], ...pairs]);
  const fault = faultOf(answer);
  if (fault !== undefined) return missing(fault);
  // How a server treats a result parameter does not hang on the type.
  const [name] = control;
  const refusesNonsense = await server.once(`nonsense in ${name}`, async () => {
    const nonsense = await searchByGet(server, type, [['_id', ABSENT], control]);
    return nonsense.status >= 400 || warns(nonsense);
  });
  return refusesNonsense
    ? works('accepted, and a value that does not exist is refused')
    : claimed('accepted; but a value that does not exist is accepted too');
}

/** Tries a search whose answer must carry the number of matches: none. Errors: Unreachable. */
export async function tryTotal(server: Examined, type: string, pair: Pairs[number]): Promise<Seen> {
  const answer = await searchByGet(server, type, [['_id', ABSENT], pair]);
  const fault = faultOf(answer);
  if (fault !== undefined) return missing(fault);
  return answer.body.total === 0 ? works('counted') : missing('accepted, and no total in the answer');
}

/** What is wrong with the answer to a search that nothing matches; `undefined` when nothing is. */
function faultOf(answer: Answered): string | undefined {
  if (answer.status !== 200) return statusText(answer.status);
  if (!isSearchset(answer)) return 'answers something else than a searchset';
  if (warns(answer)) return 'ignored, as the answer itself says';
  const { length } = resourcesOf(answer);
  return length === 0 ? undefined : 'answers records that do not match';
}

/** How a server treats parameters that do not exist. */
type Habits = 'refuses' | 'shows' | 'hides';

function habitsOf(server: Examined, type: string): Promise<Habits> {
  return server.once(`habits of ${type}`, async () => {
    const answer = await searchByGet(server, type, [
      ['_id', ABSENT],
      [NO_SUCH_NAME, 'x'],
    ]);
    if (answer.status >= 400 || warns(answer)) return 'refuses';
    const inSelf = namesInSelf(answer);
    return inSelf?.includes('_id') && !inSelf.includes(NO_SUCH_NAME) ? 'shows' : 'hides';
  });
}

const NO_SUCH_NAME = 'herald-doctor-unknown';

/** Values that some records have: a count says nothing about them. */
const common: readonly string[] = ['true', 'false'];

/**
 * Looks whether the parameters change the number of matches. `undefined` when that tells nothing: nothing is there, or
 * the server does not count without showing what it counted.
 */
async function countedWith(server: Examined, type: string, pairs: Pairs): Promise<Seen | undefined> {
  if (pairs.some(([, value]) => common.includes(value)) || !(await countsAlone(server))) return undefined;
  const all = await server.once(`count of ${type}`, () => countOf(server, type, []));
  if (all === undefined || all === 0) return undefined;
  const some = await countOf(server, type, pairs);
  if (some === undefined) return undefined;
  if (some === 0) return works('counted: it leaves out what does not match');
  return some === all ? missing('ignored: every record matches') : undefined;
}

async function countOf(server: Examined, type: string, pairs: Pairs): Promise<number | undefined> {
  const answer = await searchByGet(server, type, [...pairs, ['_summary', 'count']]);
  return isSearchset(answer) && typeof answer.body.total === 'number' ? answer.body.total : undefined;
}

/** Does `_summary=count` answer a number and nothing else? Asked where nobody's record can come back. */
function countsAlone(server: Examined): Promise<boolean> {
  return server.once('counts alone', async () => {
    for (const type of typesWithoutPeople) {
      const answer = await searchByGet(server, type, [['_summary', 'count']]);
      if (!isSearchset(answer) || typeof answer.body.total !== 'number') continue;
      if (resourcesOf(answer).length > 0) return false;
      if (answer.body.total > 0) return true;
    }
    return false;
  });
}

/** Where records may be looked at: none of them is about a person. */
export const typesWithoutPeople = [
  'ActivityDefinition',
  'Endpoint',
  'CodeSystem',
  'ValueSet',
  'StructureDefinition',
  'Organization',
  'HealthcareService',
] as const;
