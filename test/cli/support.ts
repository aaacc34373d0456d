import { main } from '../../src/cli/main.ts';
import { systemClock } from '../../src/clock.ts';
import { type Answered, type Asked, createProbe, type Probe } from '../../src/doctor/probe.ts';
import { createAccess } from '../../src/store/remote/access.ts';
import { type Capabilities, capabilitiesOf } from '../../src/store/remote/capabilities.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `npx herald` in this process, as from a shell. `answer`: what somebody at the terminal types. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, answer?: string): Promise<Ran> {
  const lines = { out: [] as string[], err: [] as string[] };
  const code = await main(args, {
    env,
    out: (text) => void lines.out.push(text),
    err: (text) => void lines.err.push(text),
    ...(answer === undefined
      ? {}
      : {
          ask: async (question: string) => {
            lines.err.push(question);
            return answer;
          },
        }),
  });
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

/** A probe of a server that needs no token. */
export function probeOf(baseUrl: string, timeoutMs = 5_000): Probe {
  return createProbe({ baseUrl, timeoutMs, access: createAccess({ kind: 'none' }, { clock: systemClock }) });
}

/** What it says of itself. */
export async function capabilitiesAt(probe: Probe): Promise<Capabilities> {
  return capabilitiesOf((await probe.ask({ path: 'metadata' })).body);
}

/** A server of which some answers are others. */
export function altered(
  probe: Probe,
  alter: (asked: Asked, ask: (asked: Asked) => Promise<Answered>) => Promise<Answered>,
): Probe {
  return { baseUrl: probe.baseUrl, ask: (asked) => alter(asked, (one) => probe.ask(one)) };
}

/** Puts resources on a server. */
export async function given<T extends { resourceType: string; id: string }>(
  probe: Probe,
  ...resources: readonly T[]
): Promise<void> {
  for (const body of resources) {
    const { status } = await probe.ask({ method: 'PUT', path: `${body.resourceType}/${body.id}`, body });
    if (status !== 201 && status !== 200) throw new Error(`${body.resourceType}/${body.id} answered ${status}`);
  }
}
