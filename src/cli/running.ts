import type { OperationOutcome, Resource } from '@medplum/fhirtypes';
import { systemClock } from '../clock.ts';
import { type Asked, createProbe, type Probe, Unreachable } from '../doctor/probe.ts';
import { createAccess } from '../store/remote/access.ts';
import { CommandError, type Context, type Option, textOf } from './command.ts';

/** A Herald that runs, asked over its own interface: what the command line may do, the token's role decides. */
export interface Running {
  /** The body of a 2xx. Errors: CommandError with what Herald says against it, one line for each issue. */
  ask<T extends Resource>(asked: Asked): Promise<T>;
  /** As `ask`, with a refusal by the rules (422) as an answer and not as an error. */
  tell(asked: Asked): Promise<{ readonly status: number; readonly body: Resource }>;
}

export const runningOptions: Readonly<Record<string, Option>> = {
  url: { value: 'URL', help: 'address of the running Herald; default: HERALD_PUBLIC_URL, or this machine' },
  json: { help: 'prints one JSON object' },
};

/** Demo: public, and good on this machine alone. */
const DEMO_TOKEN = 'demo-epr';

/** How a command reaches the service; the token is HERALD_TOKEN. */
export function runningHerald({ given, env }: Pick<Context, 'given' | 'env'>): Running {
  const here = `http://${env.HERALD_HOST || '127.0.0.1'}:${env.HERALD_PORT || '8080'}`;
  const address = (textOf(given, 'url') ?? (env.HERALD_PUBLIC_URL || here)).replace(/\/+$/, '');
  const token = env.HERALD_TOKEN || DEMO_TOKEN;
  const access = createAccess({ kind: 'token', token }, { clock: systemClock });
  return over(createProbe({ baseUrl: `${address}/fhir`, access }));
}

function over(probe: Probe): Running {
  const tell = async (asked: Asked) => {
    try {
      const { status, body } = await probe.ask(asked);
      return { status, body: body as unknown as Resource };
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      throw new CommandError(`Herald does not answer: ${error.message}. Start it, or say with --url where it is.`);
    }
  };
  return {
    tell,
    async ask<T extends Resource>(asked: Asked) {
      const { status, body } = await tell(asked);
      if (status >= 200 && status < 300) return body as T;
      throw new CommandError(issuesOf(body).join('\n') || `Herald answers ${status}.`);
    },
  };
}

/** What an OperationOutcome says, issue by issue; nothing for any other resource. */
export function issuesOf(body: Resource): string[] {
  if (body.resourceType !== 'OperationOutcome') return [];
  return ((body as OperationOutcome).issue ?? []).map(({ diagnostics, details, expression }) => {
    const text = details?.text ?? diagnostics ?? '';
    return expression?.[0] === undefined ? text : `${expression[0]}: ${text}`;
  });
}
