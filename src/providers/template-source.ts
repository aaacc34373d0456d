import type { Clock } from '../clock.ts';
import { classifyRead, isNotFound } from './notify-answers.ts';
import type { HttpOutcome } from './notify-http.ts';
import { isUuid, readTemplate } from './notify-wire.ts';
import type { TemplateResult } from './provider.ts';

/** The provider's own templates as they are now, by id. */
export interface TemplateSource {
  /** Never throws. */
  current(id: string): Promise<TemplateResult>;
  /** What is remembered of it no longer holds: the next `current` asks again. */
  forget(id: string): void;
}

/**
 * Milliseconds for which an answer is taken for what Notify has. Its own servers work from copies of up to two seconds,
 * so that a younger answer would not be truer; and a change that falls between shows in the answer to the message.
 */
const GOOD_FOR_MS = 2_000;

interface Remembered {
  readonly at: number;
  readonly answer: Promise<TemplateResult>;
}

/** Asks for a template at most once at a time, and remembers the answer for a moment; a failure it does not remember. */
export function createTemplateSource(ask: (id: string) => Promise<HttpOutcome>, clock: Clock): TemplateSource {
  const known = new Map<string, Remembered>();
  const isOld = ({ at }: Remembered): boolean => Math.abs(clock.now().getTime() - at) >= GOOD_FOR_MS;

  return {
    async current(id) {
      if (!isUuid(id)) return { kind: 'none' };
      for (const [other, one] of known) if (isOld(one)) known.delete(other);
      const remembered = known.get(id);
      if (remembered !== undefined) return remembered.answer;
      const asked: Remembered = { at: clock.now().getTime(), answer: ask(id).then((outcome) => resultOf(outcome, id)) };
      known.set(id, asked);
      const answer = await asked.answer;
      if (answer.kind === 'unavailable' && known.get(id) === asked) known.delete(id);
      return answer;
    },
    forget(id) {
      known.delete(id);
    },
  };
}

function resultOf(outcome: HttpOutcome, id: string): TemplateResult {
  if (isNotFound(outcome)) return { kind: 'none' };
  const template = outcome.kind === 'answer' && outcome.status === 200 ? readTemplate(outcome.body) : undefined;
  return template?.id.toLowerCase() === id.toLowerCase()
    ? { kind: 'found', template }
    : { kind: 'unavailable', code: classifyRead(outcome).code };
}
