import { startHapi } from './hapi.ts';

/** Starts the server on which the journeys are run, each file of them from an empty one. */
export default async function startForJourneys(): Promise<() => Promise<void>> {
  const hapi = await startHapi();
  process.env.HERALD_TEST_STORE = `hapi ${hapi.baseUrl}`;
  return hapi.stop;
}
