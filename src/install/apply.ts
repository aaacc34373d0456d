import type { Answered, Probe } from '../doctor/probe.ts';
import { entityTag, type Habits } from '../store/remote/habits.ts';
import { objectIn, objectsIn, textIn } from '../store/remote/json.ts';
import { digestOf } from './content.ts';
import { conditionFor, type Planned } from './plan.ts';

/** What became of one resource. */
export type Applied =
  | { readonly result: 'written'; readonly place: string; readonly note?: string }
  | { readonly result: 'refused'; readonly note: string };

/**
 * Writes one planned resource, and reads it back. A `new` one is never written over what came to be there meanwhile, a
 * `changed` one only upon the version that was looked at. Errors: Unreachable.
 */
export async function apply(probe: Probe, planned: Planned, { createGuard }: Guard): Promise<Applied> {
  const { resource, place } = planned;
  const id = place.slice(place.indexOf('/') + 1);
  const body = { ...resource, id };
  const answer = await probe.ask({ method: 'PUT', path: place, headers: preconditionOf(planned, createGuard), body });
  if (isWritten(answer)) return readBack(probe, planned, place);
  // Servers that make ids themselves: the canonical address tells what it is all the same.
  if (planned.change === 'new' && [400, 404, 405].includes(answer.status)) {
    const { id: _id, ...withoutId } = resource;
    const headers = { 'If-None-Exist': conditionFor(resource) };
    const made = await probe.ask({ method: 'POST', path: resource.resourceType, headers, body: withoutId });
    const own = isWritten(made) ? placeOfMade(resource.resourceType, made) : undefined;
    if (own !== undefined) return readBack(probe, planned, own);
  }
  return { result: 'refused', note: reasonOf(answer) };
}

/** How this server keeps a create from writing over what is there. */
type Guard = Pick<Habits, 'createGuard'>;

function preconditionOf(planned: Planned, guard: Guard['createGuard']): Readonly<Record<string, string>> {
  if (planned.change === 'new')
    return guard === 'if-match-zero' ? { 'If-Match': entityTag('0') } : { 'If-None-Match': '*' };
  return planned.change === 'changed' && planned.versionId !== undefined
    ? { 'If-Match': entityTag(planned.versionId) }
    : {};
}

const isWritten = ({ status }: Answered): boolean => status === 200 || status === 201;

async function readBack(probe: Probe, planned: Planned, place: string): Promise<Applied> {
  const read = await probe.ask({ path: place, headers: { 'Cache-Control': 'no-cache' } });
  if (read.status !== 200) return { result: 'refused', note: `taken, but then not there: answers ${read.status}` };
  const notes = [
    ...(place === planned.place ? [] : ["under the server's own id"]),
    ...(digestOf(read.body) === digestOf(planned.resource) ? [] : ['the server stored it with changes of its own']),
  ];
  return { result: 'written', place, ...(notes.length === 0 ? {} : { note: notes.join('; ') }) };
}

function placeOfMade(type: string, { body, header }: Answered): string | undefined {
  if (typeof body.id === 'string' && body.resourceType === type) return `${type}/${body.id}`;
  const [, id] = new RegExp(`/${type}/([A-Za-z0-9.-]{1,64})(?:/|$)`).exec(header('location') ?? '') ?? [];
  return id === undefined ? undefined : `${type}/${id}`;
}

/** What the server says against it: it speaks of our own published resource. One line. */
function reasonOf({ status, body }: Answered): string {
  if (status === 409 || status === 412) return `answers ${status}: it was changed meanwhile; run this again`;
  const [issue] = objectsIn(body.issue);
  const said = textIn(issue?.diagnostics) ?? textIn(objectIn(issue?.details).text) ?? '';
  const line = said.replace(/\s+/g, ' ').trim().slice(0, 200);
  return line === '' ? `answers ${status}` : `answers ${status}: ${line}`;
}
