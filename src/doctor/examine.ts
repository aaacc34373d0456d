import type { Capabilities } from '../store/remote/capabilities.ts';
import { examined } from './examined.ts';
import { inTurns } from './in-turns.ts';
import { type Finding, missing, type Seen, type Trial } from './need.ts';
import { type Probe, Unreachable } from './probe.ts';

/** So many without an answer, and the server is taken to be gone. */
const MOST_UNANSWERED = 20;

/**
 * Tries everything, changing nothing on the server and reading no record of a person. Errors: Unreachable when the
 * server goes away; StoreError when no token can be had.
 */
export async function examine(
  probe: Probe,
  capabilities: Capabilities,
  trials: readonly Trial[],
): Promise<readonly Finding[]> {
  const server = examined(probe, capabilities);
  let unanswered = 0;
  const attempt = async (trial: Trial): Promise<Seen> => {
    try {
      return await trial.attempt(server);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      unanswered += 1;
      if (unanswered >= MOST_UNANSWERED) throw error;
      return missing(error.message);
    }
  };
  return inTurns(trials, async (trial) => {
    const { attempt: _attempt, ...need } = trial;
    return { ...need, ...(await attempt(trial)) };
  });
}
