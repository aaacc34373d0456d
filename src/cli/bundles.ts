import type { Bundle, Resource } from '@medplum/fhirtypes';
import { CommandError } from './command.ts';
import type { Running } from './running.ts';

/** Pages that are read at most: whoever needs more asks for less. */
const MOST_PAGES = 200;

/** Every match of a search, page by page. `path` below the base. Errors: CommandError. */
export async function searched<T extends Resource>(running: Running, path: string): Promise<T[]> {
  const found: T[] = [];
  let next: string | undefined = path;
  for (let pages = 0; next !== undefined; pages += 1) {
    if (pages === MOST_PAGES) throw new CommandError('There is too much of it. Ask for a shorter time.');
    const page: Bundle = await running.ask<Bundle>({ path: next });
    for (const { resource, search } of page.entry ?? []) {
      if (resource !== undefined && search?.mode !== 'include') found.push(resource as T);
    }
    const link = page.link?.find((one) => one.relation === 'next')?.url;
    next = link?.slice(link.indexOf('/fhir') + '/fhir'.length).replace(/^\//, '');
  }
  return found;
}
