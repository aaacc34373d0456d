import type { TestProject } from 'vitest/node';
import { startHapi } from './hapi.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    hapiUrl: string;
  }
}

/** Starts the server that all suites share: `inject('hapiUrl')` says where it is, `hapiAt` resets it. */
export default async function startShared(project: TestProject): Promise<() => Promise<void>> {
  const hapi = await startHapi();
  project.provide('hapiUrl', hapi.baseUrl);
  return hapi.stop;
}
