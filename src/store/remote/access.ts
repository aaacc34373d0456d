import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { importJWK, type JWK, SignJWT } from 'jose';
import type { Clock } from '../../clock.ts';
import { StoreError } from '../fhir-store.ts';
import { exchange } from './exchange.ts';

/** How we prove to the server who we are (contract 1). */
export type AccessSettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'backend-services';
      readonly clientId: string;
      /** A private JWK with a `kid`: RSA, or EC on the curve P-384. */
      readonly privateKeyFile: string;
      readonly tokenUrl: string;
    };

export interface Access {
  /** The bearer token of the next call; `undefined`: none is needed. Errors: StoreError `unavailable`, naming the step. */
  token(): Promise<string | undefined>;
  /** The server would not have this one: it is not handed out again, if another can be had. */
  refused(token: string): void;
}

/**
 * All that the store needs of the server, as SMART v2 scopes: create, read, update, delete, search. Delete is for taking
 * back what a failed commit left. An authorisation server that grants less answers with less, and the FHIR server
 * refuses what is missing.
 */
const SCOPE = 'system/*.cruds';

/** Seconds that our assertion is good for; SMART allows five minutes. */
const ASSERTION_SECONDS = 240;

/** A token is renewed so many seconds before it ends, so that it does not end on its way. */
const EARLY_SECONDS = 60;

const TOKEN_CALL_MS = 10_000;
const TOKEN_ANSWER_BYTES = 256 * 1024;

export function createAccess(settings: AccessSettings, deps: { readonly clock: Clock }): Access {
  switch (settings.kind) {
    case 'none':
      return { token: async () => undefined, refused: () => {} };
    case 'token':
      return { token: async () => settings.token, refused: () => {} };
    case 'backend-services':
      return new BackendServices(settings, deps.clock);
  }
}

interface Held {
  readonly token: string;
  readonly until: number;
}

/** SMART Backend Services (SMART App Launch 2): a client credentials grant with `private_key_jwt`. */
class BackendServices implements Access {
  readonly #settings: Extract<AccessSettings, { kind: 'backend-services' }>;
  readonly #clock: Clock;
  #held: Held | undefined;
  /** One at a time, however many wait for it. */
  #renewal: Promise<Held> | undefined;

  constructor(settings: Extract<AccessSettings, { kind: 'backend-services' }>, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  async token(): Promise<string> {
    if (this.#held !== undefined && this.#clock.now().getTime() < this.#held.until) return this.#held.token;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    this.#held = await this.#renewal;
    return this.#held.token;
  }

  refused(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  async #renew(): Promise<Held> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: SCOPE,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await this.#assertion(),
    });
    const headers = new Headers({ Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' });
    const call = { method: 'POST', url: this.#settings.tokenUrl, headers, body: form.toString() };
    const limits = { signal: AbortSignal.timeout(TOKEN_CALL_MS), maxBytes: TOKEN_ANSWER_BYTES };
    const answer = await exchange(call, limits);
    if (answer.kind === 'failed') throw failed(`the token endpoint did not answer (${answer.code})`);
    if (answer.status !== 200) throw failed(`the token endpoint refused us (${answer.status})`);
    const granted = grantIn(answer.text);
    if (granted === undefined) throw failed('the answer of the token endpoint holds no bearer token');
    const usable = Math.max(granted.seconds - EARLY_SECONDS, granted.seconds / 2);
    return { token: granted.token, until: this.#clock.now().getTime() + usable * 1_000 };
  }

  async #assertion(): Promise<string> {
    const { clientId, privateKeyFile, tokenUrl } = this.#settings;
    const jwk = keyIn(await readFile(privateKeyFile, 'utf8').catch(() => ''));
    const alg = jwk && algorithmOf(jwk);
    if (jwk?.kid === undefined || alg === undefined) {
      throw failed('the private key is no JWK with a kid, RSA or EC on P-384');
    }
    const now = Math.floor(this.#clock.now().getTime() / 1_000);
    try {
      return await new SignJWT()
        .setProtectedHeader({ alg, kid: jwk.kid, typ: 'JWT' })
        .setIssuer(clientId)
        .setSubject(clientId)
        .setAudience(tokenUrl)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + ASSERTION_SECONDS)
        .sign(await importJWK(jwk, alg));
    } catch {
      throw failed('the assertion could not be signed with the private key');
    }
  }
}

/** SMART asks servers for these two. */
function algorithmOf({ kty, crv }: JWK): 'RS384' | 'ES384' | undefined {
  if (kty === 'RSA') return 'RS384';
  return kty === 'EC' && crv === 'P-384' ? 'ES384' : undefined;
}

function keyIn(text: string): JWK | undefined {
  const value = objectIn(text);
  return value !== undefined && typeof value.kty === 'string' ? value : undefined;
}

function grantIn(text: string): { token: string; seconds: number } | undefined {
  const { access_token: token, token_type: type, expires_in: seconds } = objectIn(text) ?? {};
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return undefined;
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') return undefined;
  return typeof seconds === 'number' && seconds > 0 ? { token, seconds } : undefined;
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function failed(step: string): StoreError {
  return new StoreError('unavailable', `access to the FHIR store: ${step}`);
}
