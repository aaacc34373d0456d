import type { Channel } from '../../src/policy/channel.ts';
import type { ProxyBasis } from '../../src/policy/consent-facts.ts';
import type { Clearance, PolicyFacts, RequestFacts, Sensitivity } from '../../src/policy/facts.ts';
import type { EndpointFact, Kind, MessageTypeFact } from '../../src/policy/message-facts.ts';
import type { OverrideFacts } from '../../src/policy/override-facts.ts';
import type { ContactFact, NeedFact, PatientFact, RecipientFact, SubjectFact } from '../../src/policy/person-facts.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Term } from './calendar.ts';

/** What the documents speak of, as people would tell it: whom, for whom, what was said and signed, and what is to be sent. */
export interface Story {
  readonly now: number;
  readonly policy: Policy;
  readonly request: RequestFacts;
  readonly subject: Subject;
  /** Whom the request names; nobody: the subject. */
  readonly recipients: readonly Named[];
  readonly proxy: ActingPerson;
  readonly authorities: readonly AuthorityPaper[];
  readonly objections: readonly ObjectionPaper[];
  readonly decisions: OverrideFacts;
  readonly answers: readonly Clearance[];
  readonly messageType: MessageTypeFact;
  readonly endpoints: readonly EndpointFact[];
  readonly providers: readonly Channel[];
  readonly matter: Sensitivity;
  /** Facts that could not be read. */
  readonly unread: readonly FactName[];
}

export type FactName = {
  [K in keyof PolicyFacts]: PolicyFacts[K] extends { readonly known: boolean } ? K : never;
}[keyof PolicyFacts];

/** Somebody's ways of being reached, wishes and needs. */
export interface Reach {
  readonly contacts: readonly ContactFact[];
  readonly preferred: readonly Channel[] | undefined;
  readonly needs: readonly NeedFact[];
}

export type Subject =
  | { readonly is: 'found'; readonly patient: Omit<PatientFact, 'person' | 'reference'>; readonly reach: Reach }
  | { readonly is: Exclude<SubjectFact['kind'], 'found'> };

export type Named =
  | { readonly is: 'subject' | 'another-patient' | 'proxy' }
  | { readonly is: Exclude<RecipientFact['kind'], 'patient' | 'related-person'> };

export interface ActingPerson {
  readonly isOfSubject: boolean;
  readonly active: boolean;
  readonly term: Term;
  readonly deceased: boolean;
  readonly reach: Reach;
}

/** A paper that lets somebody receive messages for another (contract 6). */
export interface AuthorityPaper {
  readonly id: string;
  readonly status: string;
  readonly isOfSubject: boolean;
  readonly namesProxy: boolean;
  readonly basis: ProxyBasis | 'unknown';
  readonly term: Term;
  readonly dated: boolean;
  readonly signed: boolean;
  readonly document: boolean;
  /** Somebody checked it, with what result, and on what day. */
  readonly check: { readonly held: boolean; readonly on: string } | undefined;
  /** Its root says `deny`: it contradicts itself. */
  readonly denies: boolean;
  readonly channels: readonly Channel[];
  readonly kinds: readonly Kind[];
  /** Labels of matters that are kept from the proxy. */
  readonly keptFrom: readonly string[];
}

export type Scope = 'all-messages' | 'channel' | 'service-or-type' | 'care-processing';

/** What somebody objects to (contract 7). */
export interface ObjectionPaper {
  readonly id: string;
  readonly status: string;
  readonly by: 'patient' | 'proxy' | 'another-proxy';
  readonly scopes: readonly Scope[];
  readonly channels: readonly (Channel | 'all')[];
  readonly kinds: readonly Kind[];
  readonly term: Term;
  readonly harm: 'none' | 'undecided' | 'remove' | 'keep';
}
