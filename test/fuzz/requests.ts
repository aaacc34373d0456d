import fc from 'fast-check';
import { expectedTypes } from '../fhir/expectations.ts';
import { expectedSearches } from '../fhir/expectations-search.ts';
import { body, bundled, encoding, jsonText, mutated } from './bodies.ts';
import type { FuzzRequest } from './http.ts';
import { everywhere, modifier, odd } from './queries.ts';
import { CALLBACK_TOKEN, wild } from './wild.ts';

const JSON_TYPE = { 'content-type': 'application/fhir+json' } as const;
const roleOf = (type: string): string => expectedTypes[type as keyof typeof expectedTypes]?.token ?? 'demo-epr';
const withLength = (headers: Readonly<Record<string, string>>, sent: Uint8Array) => ({
  ...headers,
  'content-length': String(sent.byteLength),
});

/** A resource sent where it belongs, by who may write it: what is wrong with it is in the resource. */
const write: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: bundled }),
    fc.constantFrom('create', 'create', 'create', 'update', 'evaluate'),
    fc.nat(5),
    encoding,
  )
  .map(([value, how, number, encode]) => {
    const { resourceType: named } = (value ?? {}) as { resourceType?: unknown };
    const type = typeof named === 'string' && /^[A-Za-z]+$/.test(named) ? named : 'Patient';
    const updated = how === 'update' && typeof value === 'object' && value !== null && !Array.isArray(value);
    const sent = encode(jsonText(updated ? { ...value, id: `fuzz-${number}` } : value));
    const address = type === 'Bundle' ? '' : `/${type}`;
    const evaluated = how === 'evaluate' && type === 'CommunicationRequest';
    const more = how === 'update' ? `/fuzz-${number}` : evaluated ? '/$evaluate' : '';
    return {
      method: how === 'update' ? 'PUT' : 'POST',
      path: `/fhir${address}${more}`,
      headers: withLength({ authorization: `Bearer ${roleOf(type)}`, ...JSON_TYPE }, sent),
      body: sent,
    };
  });

/** Parameters that the type has, asked by who may read it: what is wrong with them is in modifiers and values. */
const search: fc.Arbitrary<FuzzRequest> = fc
  .constantFrom(...Object.entries(expectedSearches))
  .chain(([type, { parameters }]) =>
    fc
      .tuple(
        fc.array(
          fc.tuple(
            fc.constantFrom(...Object.entries(parameters), ...everywhere),
            fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: modifier }),
            odd,
            fc.boolean(),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.boolean(),
      )
      .map(([asked, byPost]) => {
        const text = asked
          .map(
            ([[name, known], more, value, well]) => `${name}${more}=${well ? encodeURIComponent(known.value) : value}`,
          )
          .join('&');
        const authorization = `Bearer ${roleOf(type)}`;
        if (!byPost)
          return { method: 'GET', path: `/fhir/${type}?${text}`.slice(0, 15_000), headers: { authorization } };
        const sent = Buffer.from(text);
        const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
        return { method: 'POST', path: `/fhir/${type}/_search`, headers: withLength(form, sent), body: sent };
      }),
  );

/** What the provider's callbacks bring, with the provider's token. */
const callback: fc.Arbitrary<FuzzRequest> = fc
  .tuple(fc.constantFrom('delivery-receipt', 'received-text', 'returned-letter'), body)
  .map(([kind, sent]) => ({
    method: 'POST',
    path: `/callbacks/govuk-notify/${kind}`,
    headers: withLength({ authorization: `Bearer ${CALLBACK_TOKEN}`, 'content-type': 'application/json' }, sent),
    body: sent,
  }));

/** One request to the service. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 10, arbitrary: write },
  { weight: 6, arbitrary: search },
  { weight: 1, arbitrary: callback },
  { weight: 7, arbitrary: wild },
);
