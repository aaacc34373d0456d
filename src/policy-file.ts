import { readFileSync, statSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { deepFreeze } from './config-values.ts';
import type { LawfulBasis, Policy, ProviderLimits, TeamHours } from './policy/policy.ts';
import schema from './policy-file.schema.json' with { type: 'json' };

/** What is wrong with the policy file, where, and what to do; the fault never quotes a value. */
export interface PolicyFault {
  /** JSON pointer into the file; empty for the file as a whole. */
  readonly pointer: string;
  readonly problem: string;
  readonly remedy: string;
}

export type PolicyReading =
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'faults'; readonly faults: readonly PolicyFault[] };

/** The policy as it is where no file is given, or where the file leaves a key out (contract 1). */
export const defaultPolicy: Policy = deepFreeze({
  lawfulBases: ['6(1)(e)', '9(1)(h)', 'implied consent'].map(lawfulBasis),
  contactConfirmedMonths: 12,
  channelOrder: ['nhsapp', 'sms', 'email', 'letter'],
  linkDomains: ['nhs.uk', 'gov.uk'],
  foreignNumbers: false,
  reviewDays: 7,
  bestInterestMonths: 12,
  fourEyes: false,
  secondReader: [],
  teamHours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00', bankHolidaysClosed: true },
  responseMinutes: 60,
  staffRoles: {},
  providerLimits: { perMinute: 2_700 },
});

/** Largest policy file that is read, in bytes: a hundred times any real one. */
const maxBytes = 1_000_000;

/** Reads and checks the file; every fault is reported, not only the first. */
export function readPolicyFile(path: string): PolicyReading {
  let text: string;
  try {
    if (statSync(path).size > maxBytes) {
      return refused('', 'the file is too large', 'Give a file of less than one megabyte.');
    }
    text = readFileSync(path, 'utf8');
  } catch {
    return refused('', 'the file cannot be read', 'Give the path of a JSON file that this user may read.');
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused('', 'the file is not JSON', 'Correct the file; comments and trailing commas are not JSON.');
  }
  return parsePolicy(json);
}

/** Checks the content of a policy file against its schema and fills in what it leaves out. */
export function parsePolicy(json: unknown): PolicyReading {
  const check = new Ajv({ allErrors: true, strictTypes: false }).compile<PolicyFile>(schema);
  if (!check(json)) return { kind: 'faults', faults: (check.errors ?? []).map(faultOf) };

  const { $schema: _, lawfulBases, teamHours: givenHours, providerLimits, ...given } = json;
  const teamHours = { ...defaultPolicy.teamHours, ...givenHours };
  if (teamHours.from >= teamHours.to) {
    return refused('/teamHours', 'the team closes before it opens', 'Give a `from` that is earlier than `to`.');
  }
  if (given.quietHours && given.quietHours.from === given.quietHours.to) {
    return refused('/quietHours', 'the quiet hours have no length', 'Give two different times, or leave the key out.');
  }
  return {
    kind: 'policy',
    policy: deepFreeze({
      ...defaultPolicy,
      ...given,
      teamHours,
      providerLimits: { ...defaultPolicy.providerLimits, ...providerLimits },
      ...(lawfulBases === undefined ? {} : { lawfulBases: lawfulBases.map(lawfulBasis) }),
    }),
  };
}

/** The file as its schema lets it through. */
type PolicyFile = Partial<Omit<Policy, 'lawfulBases' | 'teamHours' | 'providerLimits'>> & {
  readonly $schema?: string;
  readonly lawfulBases?: readonly (string | LawfulBasis)[];
  readonly teamHours?: Partial<TeamHours>;
  readonly providerLimits?: Partial<ProviderLimits>;
};

/** A provision of the UK GDPR is linked to the article that it stands in; any other basis is its label alone. */
function lawfulBasis(basis: string | LawfulBasis): LawfulBasis {
  if (typeof basis !== 'string') return basis;
  const article = /^(6|9)\([12]\)\([a-j]\)$/.exec(basis)?.[1];
  if (article === undefined) return { label: basis };
  return { label: basis, url: `https://www.legislation.gov.uk/eur/2016/679/article/${article}` };
}

function faultOf(error: ErrorObject): PolicyFault {
  const pointer = error.instancePath;
  const fault = (problem: string, remedy: string): PolicyFault => ({ pointer, problem, remedy });
  switch (error.keyword) {
    case 'additionalProperties':
      return fault(
        `"${String(error.params.additionalProperty)}" is not a key here`,
        'Check the spelling against docs/operate.md, or remove it.',
      );
    case 'required':
      return fault(`"${String(error.params.missingProperty)}" is missing`, 'Add it.');
    case 'type':
      return fault('the value is of the wrong type', `Give ${typeNames[String(error.params.type)] ?? 'another type'}.`);
    case 'enum':
      return fault('the value is not one of those known', `Give one of ${error.params.allowedValues.join(', ')}.`);
    case 'pattern':
      return fault('the value is not in the form asked for', formOf(pointer));
    case 'minimum':
    case 'maximum':
      return fault('the number is out of range', `Give a number ${error.message?.replace('must be ', '') ?? ''}.`);
    case 'minItems':
      return fault('the list is empty', 'Give at least one entry, or leave the key out.');
    case 'uniqueItems':
      return fault('the list has an entry twice', 'Remove the repeat.');
    case 'maxLength':
      return fault('the value is too long', `Give at most ${String(error.params.limit)} characters.`);
    default:
      return fault(`the value ${error.message ?? 'is wrong'}`, 'See docs/operate.md.');
  }
}

const typeNames: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'an object',
  string: 'a text',
  'string,object': 'a text, or an object with `label` and `url`',
};

function formOf(pointer: string): string {
  if (/^\/(quietHours|teamHours)\//.test(pointer)) return 'Give a time as HH:MM, from 00:00 to 23:59.';
  if (/^\/(staffRoles\/|contactOfTheDay)/.test(pointer)) {
    return 'Give a reference such as Practitioner/ID, PractitionerRole/ID, Organization/ID or HealthcareService/ID.';
  }
  if (pointer.startsWith('/linkDomains')) {
    return 'Give a bare domain in small letters, such as nhs.uk, without https://, * or a path.';
  }
  if (pointer.endsWith('/url')) return 'Give a URL that begins with https://.';
  if (pointer.startsWith('/secondReader')) return 'Give the code of a message type, such as care-message.';
  return 'Give one line of text without blanks at its ends.';
}

function refused(pointer: string, problem: string, remedy: string): PolicyReading {
  return { kind: 'faults', faults: [{ pointer, problem, remedy }] };
}
