import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Note, ServiceDescription } from './plan.ts';

const entry = fileURLToPath(new URL('service.ts', import.meta.url));
const living = new Set<number>();

/** Nothing that was started outlives this process. */
process.on('exit', () => {
  for (const pid of living) signal(-pid, 'SIGKILL');
});

/** A service process, the leader of a group of its own. */
export class Child {
  readonly #process: ChildProcess;
  readonly #heard: Note[] = [];
  readonly #errors: string[] = [];
  /** Its exit code; `null` when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #strike: ServiceDescription['strike'];
  #ended = false;
  #stopped = false;

  constructor(description: ServiceDescription, env: Readonly<Record<string, string>>) {
    this.#strike = description.strike;
    this.#process = spawn(process.execPath, [entry, JSON.stringify(description)], {
      detached: true,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { pid, stdout, stderr } = this.#process;
    if (pid === undefined || stdout === null || stderr === null) throw new Error('No process could be started');
    living.add(pid);
    createInterface({ input: stdout }).on('line', (line) => this.#heard.push(JSON.parse(line) as Note));
    stderr.on('data', (bytes) => this.#errors.push(String(bytes)));
    this.ended = once(this.#process, 'close').then(([code]) => {
      this.#ended = true;
      living.delete(pid);
      return code as number | null;
    });
  }

  get alive(): boolean {
    return !this.#ended;
  }

  /** Its address, once it is ready. */
  get url(): string | undefined {
    return this.#heard.find((one) => one.kind === 'ready')?.url;
  }

  get struck(): number {
    return this.#heard.filter((one) => one.kind === 'struck').length;
  }

  /** In the middle of a hang or a stop that its strike brought about. */
  get suspended(): boolean {
    const fault = this.#strike?.fault;
    if (!this.alive || this.struck === 0 || (fault !== 'hang' && fault !== 'stop')) return false;
    return !this.#heard.some((one) => one.kind === 'resumed');
  }

  /** May be asked: it is ready, and was not stopped. */
  get answers(): boolean {
    const stopped = this.#stopped || (this.suspended && this.#strike?.fault === 'stop');
    return this.alive && this.url !== undefined && !stopped;
  }

  /** What it wrote to standard error. */
  get errors(): string {
    return this.#errors.join('');
  }

  killGroup(): void {
    this.#signal('SIGKILL', -1);
  }

  stop(): void {
    this.#stopped = true;
    this.#signal('SIGSTOP', 1);
  }

  go(): void {
    this.#stopped = false;
    this.#signal('SIGCONT', 1);
  }

  /** Asks it to end as an operator would; answers its exit code. */
  async terminate(): Promise<number | null> {
    this.#signal('SIGTERM', 1);
    return this.ended;
  }

  #signal(name: NodeJS.Signals, sign: 1 | -1): void {
    const { pid } = this.#process;
    if (pid !== undefined && this.alive) signal(sign * pid, name);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}
