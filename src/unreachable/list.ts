import type { List, ListEntry } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Controller } from '../policy/policy.ts';
import { digitalChannels, type Shut } from '../policy/reach.ts';
import type { Unreached } from './find.ts';

/**
 * The report as a FHIR List (contract 12), written as its parts come so that it is never held whole. Errors: those of the
 * parts; what was written until then is no JSON, so that nobody takes it for the whole.
 */
export async function* unreachedList(
  parts: AsyncIterable<readonly Unreached[]>,
  about: { readonly date: Date; readonly controller: Controller },
): AsyncGenerator<string> {
  yield JSON.stringify(head(about)).slice(0, -1);
  let count = 0;
  for await (const part of parts) {
    if (part.length === 0) continue;
    yield `${count === 0 ? ',"entry":[' : ','}${part.map((one) => JSON.stringify(entryOf(one))).join(',')}`;
    count += part.length;
  }
  // R4 has no empty lists.
  yield count === 0 ? `,"emptyReason":${JSON.stringify(nobody)}}` : ']}';
}

function head({ date, controller }: { readonly date: Date; readonly controller: Controller }): List {
  return {
    resourceType: 'List',
    status: 'current',
    mode: 'snapshot',
    title: 'People whom no digital channel reaches',
    code: { coding: [{ system: codeSystem('list-code'), code: 'without-digital-channel' }] },
    date: date.toISOString(),
    note: [
      { text: `Of ${controller.name}. For those whom a letter does not reach either, think of a call or a visit.` },
    ],
  };
}

const nobody = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason', code: 'nilknown' }],
  text: 'A digital channel reaches everybody.',
};

function entryOf({ patient, why, byLetter }: Unreached): ListEntry {
  const reasons = [...new Set(digitalChannels.map((channel) => why[channel]))];
  return {
    item: { reference: patient },
    flag: {
      coding: reasons.map((code) => ({ system: codeSystem('block-reason'), code })),
      text: whyText({ why, byLetter }),
    },
  };
}

/** Why, as staff read it; no contact detail, and nothing of why somebody objects. */
export function whyText({ why, byLetter }: Pick<Unreached, 'why' | 'byLetter'>): string {
  const ways = digitalChannels.map((channel) => `${names[channel]}: ${shutText[why[channel]]}`).join('; ');
  return `${ways}. ${byLetter ? 'A letter reaches them.' : 'No letter reaches them either.'}`;
}

const names = { sms: 'Text', email: 'Email', nhsapp: 'NHS App' } as const;

/** In few words. */
export const shutText = {
  'channel-not-approved': 'not in use',
  objection: 'objected to',
  'no-contact': 'no usable detail',
} as const satisfies Record<Shut, string>;
