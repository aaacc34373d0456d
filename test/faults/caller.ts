import { setTimeout as sleep } from 'node:timers/promises';
import type { CommunicationRequest, Patient, Resource } from '@medplum/fhirtypes';
import { demoStaff, demoTokens } from '../../src/auth/demo.ts';
import { codeSystem, MSG, system } from '../../src/canonical.ts';
import { ask, type HttpAnswer } from './http.ts';
import { RunFailed, type World } from './world.ts';

/** Longer than any honest answer takes, shorter than a hang. */
const PATIENCE_MS = 2_000;

/** Longer than the service waits for anything, so that there is always an answer. */
const LONG_PATIENCE_MS = 30_000;

/** How long a caller goes on asking before the run counts as failed. */
const GIVE_UP_MS = 120_000;

/** A message that was asked for, and what the service said to it. */
export interface Asked {
  readonly key: string;
  /** In the text, and in no other. */
  readonly marker: string;
  readonly channel: 'sms' | 'email' | 'letter';
  readonly request: CommunicationRequest;
  /** Of the answer that ended the asking: 201, 200 or 422; of a caller that asks once, whatever came. */
  readonly status: number;
  /** Of the request, where it was accepted. */
  readonly id: string | undefined;
}

export interface AskOptions {
  /** Milliseconds from now to when it is due; none: now. */
  readonly dueInMs?: number;
  readonly priority?: 'routine' | 'urgent' | 'stat';
  /** None: texts and emails, in turn. */
  readonly channel?: Asked['channel'];
  /** Asked for so many times at the same moment, as by callers that do not know of each other. */
  readonly copies?: number;
}

const people: Readonly<
  Record<Asked['channel'], { id: string; number: string; given: string; reached: Pick<Patient, 'telecom' | 'address'> }>
> = {
  sms: {
    ...{ id: 'fault-kit-robin', number: '9990000069', given: 'Robin' },
    reached: { telecom: [{ system: 'phone', value: '+447700900151', use: 'mobile' }] },
  },
  email: {
    ...{ id: 'fault-kit-alex', number: '9990000077', given: 'Alex' },
    reached: { telecom: [{ system: 'email', value: 'alex@example.org' }] },
  },
  letter: {
    ...{ id: 'fault-kit-sam', number: '9990009252', given: 'Sam' },
    reached: { address: [{ use: 'home', line: ['1 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' }] },
  },
};

/** A person of the run. */
export function person(channel: Asked['channel'], change: Partial<Patient> = {}): Patient & { id: string } {
  const { id, number, given, reached } = people[channel];
  return {
    resourceType: 'Patient',
    id,
    identifier: [{ system: system.nhsNumber, value: number }],
    active: true,
    name: [{ family: 'Example', given: [given] }],
    birthDate: '1985-04-01',
    ...reached,
    ...change,
  };
}

/**
 * A careful caller: each message has a key of its own, and is asked for again, with the same key and content, until
 * the service has answered it, whatever became of the process that was asked first.
 */
export class Caller {
  readonly #world: World;
  #asked = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Writes the people of the run. */
  async meet(change: Partial<Patient> = {}): Promise<void> {
    for (const channel of ['sms', 'email', 'letter'] as const) await this.write(person(channel, change));
  }

  /** PUT, repeated until it is answered; answers the status. */
  async write(resource: Resource & { id: string }, accept: readonly number[] = [200, 201]): Promise<number> {
    const path = `/fhir/${resource.resourceType}/${resource.id}`;
    const { status } = await this.#insist('PUT', path, resource, accept);
    return status;
  }

  /** Asks for one message until it is answered. */
  async message(options: AskOptions = {}): Promise<Asked> {
    const { key, marker, channel, request } = this.#compose(options);
    const answers = await Promise.all(
      Array.from({ length: options.copies ?? 1 }, () =>
        this.#insist('POST', '/fhir/CommunicationRequest', request, [200, 201, 422]),
      ),
    );
    const status = Math.max(...answers.map((one) => one.status));
    const ids = new Set(answers.map(({ body }) => (status === 422 ? undefined : (body as { id: string }).id)));
    const [id] = ids;
    if (ids.size !== 1) throw new RunFailed(`${key}: ${ids.size} requests for one key`);
    return { key, marker, channel, request, status, id };
  }

  /** Asks for one message once, waits until it is answered, and leaves it at that. */
  async once(): Promise<Asked> {
    const composed = this.#compose({});
    const { status, text } = await ask('POST', `${await this.#world.ready()}/fhir/CommunicationRequest`, {
      authorization: `Bearer ${demoTokens.epr}`,
      type: 'application/fhir+json',
      body: JSON.stringify(composed.request),
      timeoutMs: LONG_PATIENCE_MS,
    });
    const id = status === 200 || status === 201 ? (JSON.parse(text) as { id: string }).id : undefined;
    return { ...composed, status, id };
  }

  #compose(options: AskOptions): Pick<Asked, 'key' | 'marker' | 'channel' | 'request'> {
    this.#asked += 1;
    const n = this.#asked;
    const channel = options.channel ?? (n % 3 === 0 ? 'email' : 'sms');
    const key = `fault-${n}`;
    const marker = `Number ${n}.`;
    const { dueInMs, priority } = options;
    const request: CommunicationRequest = {
      resourceType: 'CommunicationRequest',
      status: 'active',
      identifier: [{ system: `${MSG}/id/request`, value: key }],
      extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/care-message` }],
      subject: { reference: `Patient/${people[channel].id}` },
      requester: { reference: `Practitioner/${demoStaff.epr.id}` },
      medium: [{ coding: [{ system: codeSystem('channel'), code: channel }] }],
      ...(priority === undefined ? {} : { priority }),
      ...(dueInMs === undefined ? {} : { occurrenceDateTime: new Date(Date.now() + dueInMs).toISOString() }),
      payload: [{ contentString: `${marker} Your appointment is on Monday. To change it, ring 0113 496 0123.` }],
    };
    return { key, marker, channel, request };
  }

  /** Several at once. */
  messages(count: number, options: AskOptions = {}): Promise<Asked[]> {
    return Promise.all(Array.from({ length: count }, () => this.message(options)));
  }

  /** Takes a request back; answers whether it was (200) or was in hand already (409). */
  async revoke(asked: Asked): Promise<boolean> {
    const resource = { ...asked.request, id: asked.id ?? '', status: 'revoked' as const };
    // A request that has ended already cannot be taken back either: 422.
    return (await this.write(resource, [200, 409, 422])) === 200;
  }

  /** GET, once; `undefined` without an answer. */
  async get(path: string, token: string = demoTokens.epr): Promise<HttpAnswer | undefined> {
    const { url } = this.#world;
    if (url === undefined) return undefined;
    try {
      return await ask('GET', `${url}${path}`, { authorization: `Bearer ${token}`, timeoutMs: PATIENCE_MS });
    } catch {
      return undefined;
    }
  }

  async #insist(
    method: 'POST' | 'PUT',
    path: string,
    body: Resource,
    accept: readonly number[],
  ): Promise<{ status: number; body: unknown }> {
    const end = performance.now() + GIVE_UP_MS;
    let last = 'no answer';
    while (performance.now() < end) {
      const { url } = this.#world;
      if (url !== undefined) {
        try {
          const answer = await ask(method, `${url}${path}`, {
            authorization: `Bearer ${demoTokens.epr}`,
            type: 'application/fhir+json',
            body: JSON.stringify(body),
            timeoutMs: PATIENCE_MS,
          });
          if (accept.includes(answer.status)) return { status: answer.status, body: JSON.parse(answer.text) };
          last = `${answer.status} ${answer.text}`;
          // 503 says "ask again"; 500 comes from a plain write that broke; a server of the record may say that there is a
          // conflict where there is none. Nothing else gets better by asking.
          const passes = answer.status >= 500 || (answer.status === 409 && this.#world.server !== undefined);
          if (!passes) throw new RunFailed(`${method} ${path} answered ${last}`);
        } catch (error) {
          if (error instanceof RunFailed) throw error;
        }
      }
      await sleep(20 + this.#world.draw() * 40);
    }
    throw new RunFailed(`${method} ${path} was not answered: ${last}`);
  }
}
