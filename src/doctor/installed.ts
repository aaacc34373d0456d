import { plan } from '../install/plan.ts';
import { type Shipped, shippedResources } from '../install/shipped.ts';
import type { Examined } from './examined.ts';
import { missing, type Seen, type Trial, works } from './need.ts';

type Part = readonly [id: string, what: string, types: readonly Shipped['resourceType'][], cost: string];

const parts: readonly Part[] = [
  [
    'profiles',
    'our profiles and extensions',
    ['StructureDefinition'],
    'Herald checks what it writes itself; other systems on the server cannot check or read it by our profiles.',
  ],
  [
    'terminology',
    'our code systems, value sets and maps',
    ['CodeSystem', 'ValueSet', 'ConceptMap'],
    'Other systems on the server see codes of ours without their meaning.',
  ],
  [
    'search-parameters',
    'our search parameters',
    ['SearchParameter'],
    'Searches of ours that R4 has not, such as Task by due date, cannot be made on the server itself.',
  ],
  ['operations', 'our operations', ['OperationDefinition'], 'Nobody finds there what Herald itself answers.'],
  [
    'message-types',
    'our message types',
    ['ActivityDefinition'],
    'Those that come with Herald count all the same; they cannot be found, read or changed on the server.',
  ],
  [
    'channels',
    'our channels',
    ['Endpoint'],
    'Those that come with Herald count all the same, with a placeholder in place of your own assessment (CHN-5).',
  ],
];

/** What `npx herald install` puts there. */
export function installedNeeds(): readonly Trial[] {
  return parts.map(([id, what, types, cost]) => ({
    id: `installed:${id}`,
    group: 'Installed',
    what,
    why: 'contract 1',
    cost,
    severity: 'degrades',
    remedy: 'install',
    attempt: (server) => look(server, types),
  }));
}

async function look({ probe }: Examined, types: readonly Shipped['resourceType'][]): Promise<Seen> {
  const wanted = shippedResources().filter((one) => types.includes(one.resourceType));
  const counts = { new: 0, changed: 0, same: 0, kept: 0, unclear: 0 };
  for (const one of wanted) counts[(await plan(probe, one)).change] += 1;
  const there = counts.same + counts.kept;
  const own = counts.kept === 0 ? '' : `, ${counts.kept} of them kept as they are there`;
  if (there === wanted.length) return works(`${there} as shipped, version ${versionsOf(wanted)}${own}`);
  const faults = [
    ...(counts.new > 0 ? [`${counts.new} not there`] : []),
    ...(counts.changed > 0 ? [`${counts.changed} of another content`] : []),
    ...(counts.unclear > 0 ? [`${counts.unclear} that the server says nothing of`] : []),
  ];
  return missing(`of ${wanted.length}: ${faults.join(', ')}. Run npx herald install`);
}

function versionsOf(resources: readonly Shipped[]): string {
  const versions = resources.map((one) => ('version' in one ? one.version : undefined));
  return [...new Set(versions)].filter((one) => one !== undefined).join(', ') || 'none of their own';
}
