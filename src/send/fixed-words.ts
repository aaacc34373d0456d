import type { ActivityDefinition } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import { faultsOfScope, faultsOfStyle } from '../policy/rules/wording.ts';
import { wordsFound } from './scanned.ts';

/**
 * What in a message type's own words would keep every message of it from going (SUS-1, SUS-2, CON-3), text by text.
 * Confidential words are not among it: a request may say why they are necessary (MIN-4).
 */
export function fixedWordsFaults(
  { extension = [] }: ActivityDefinition,
  own: { readonly policy: Policy; readonly controller: Controller },
): Fault[] {
  return extension.flatMap((template, at) => {
    if (template.url !== structureDefinition('channel-template')) return [];
    return (template.extension ?? []).flatMap(({ url, valueString }, part): Fault[] => {
      if ((url !== 'text' && url !== 'subject') || valueString === undefined) return [];
      const found = wordsFound(withoutKeys(valueString), own);
      return [...faultsOfStyle(found), ...faultsOfScope(found)].map(({ clause, text }) => ({
        expression: `ActivityDefinition.extension[${at}].extension[${part}].value`,
        issue: 'business-rule',
        text: `${clause}: ${text}`,
      }));
    });
  });
}

/** A line ends where a value will stand, so that no phrase is read across it; `((key??words))` may show its words. */
const withoutKeys = (text: string): string =>
  text.replace(/\(\([^()]*?(?:\?\?([^()]*))?\)\)/g, (_whole, words: string | undefined) => `\n${words ?? ''}\n`);
