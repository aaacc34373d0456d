import { readFileSync } from 'node:fs';
import type { ConceptMap, ConceptMapGroupElementTarget } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeSystem, system } from '../../src/canonical.ts';
import {
  type NotifyChannel,
  notifyChannels,
  notifyStatuses,
  statusMeaning,
  statusTable,
} from '../../src/providers/status-map.ts';

const conceptMap: ConceptMap = JSON.parse(
  readFileSync(new URL('../../terminology/ConceptMap-govuk-notify-status.json', import.meta.url), 'utf8'),
);
const group = conceptMap.group?.[0];
const elements = group?.element ?? [];

/** Reads the published map as a stranger would: the targets whose every dependency holds. */
function published(word: string, channel: NotifyChannel, wasInProgress: boolean): ConceptMapGroupElementTarget[] {
  const facts = {
    'http://hl7.org/fhir/StructureDefinition/Communication#Communication.medium': [codeSystem('channel'), channel],
    'http://hl7.org/fhir/StructureDefinition/Communication#Communication.status': [
      'http://hl7.org/fhir/event-status',
      wasInProgress ? 'in-progress' : 'preparation',
    ],
  };
  const targets = elements.find(({ code }) => code === word)?.target ?? [];
  return targets.filter((target) =>
    (target.dependsOn ?? []).every((need) => {
      const fact = facts[need.property as keyof typeof facts];
      return fact?.[0] === need.system && fact?.[1] === need.value;
    }),
  );
}

const cases = notifyStatuses.flatMap((word) =>
  notifyChannels.flatMap((channel) => [false, true].map((begun) => [word, channel, begun] as const)),
);

describe('contract 5: what a word of Notify’s means for the record', () => {
  it.each([
    ['created', 'sms', 'preparation', undefined],
    ['created', 'letter', 'preparation', undefined],
    ['pending-virus-check', 'letter', 'preparation', undefined],
    ['sending', 'sms', 'in-progress', undefined],
    ['sending', 'email', 'in-progress', undefined],
    ['pending', 'sms', 'in-progress', undefined],
    ['accepted', 'letter', 'in-progress', undefined],
    ['sent', 'sms', 'completed', undefined],
    ['delivered', 'sms', 'completed', undefined],
    ['delivered', 'email', 'completed', undefined],
    ['received', 'letter', 'completed', undefined],
    ['temporary-failure', 'sms', 'stopped', 'recipient-unavailable'],
    ['temporary-failure', 'email', 'stopped', 'recipient-unavailable'],
    ['permanent-failure', 'sms', 'stopped', 'unknown'],
    ['permanent-failure', 'email', 'stopped', 'unknown'],
    ['permanent-failure', 'letter', 'not-done', 'unknown'],
    ['technical-failure', 'sms', 'not-done', 'system-error'],
    ['technical-failure', 'email', 'not-done', 'system-error'],
    ['technical-failure', 'letter', 'not-done', 'system-error'],
    ['failed', 'sms', 'stopped', 'unknown'],
    ['returned-letter', 'letter', 'stopped', 'recipient-unavailable'],
    ['cancelled', 'letter', 'not-done', 'unknown'],
    ['validation-failed', 'letter', 'not-done', 'unknown'],
    ['virus-scan-failed', 'letter', 'not-done', 'unknown'],
  ] as const)('%s of a %s is %s', (word, channel, communication, reason) => {
    const final = communication !== 'preparation' && communication !== 'in-progress';
    expect(statusMeaning(word, channel, false)).toMatchObject({ communication, reason, final });
  });

  it('only a delivered text or email says when it arrived', () => {
    const arrivals = cases.filter(([word, channel, begun]) => statusMeaning(word, channel, begun)?.arrived);
    expect(new Set(arrivals.map(([word, channel]) => `${word} ${channel}`))).toEqual(
      new Set(['delivered sms', 'delivered email']),
    );
  });

  it('what was in progress can no longer become not-done: it is stopped', () => {
    expect(statusMeaning('technical-failure', 'sms', true)).toMatchObject({
      communication: 'stopped',
      reason: 'system-error',
    });
    for (const [word, channel] of cases) {
      expect(statusMeaning(word, channel, true)?.communication).not.toBe('not-done');
    }
  });

  it('a word that Notify is not known to use is never guessed', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...notifyChannels), fc.boolean(), (word, channel, begun) => {
        fc.pre(!(notifyStatuses as readonly string[]).includes(word));
        return statusMeaning(word, channel, begun) === undefined;
      }),
    );
    for (const word of ['constructor', '__proto__', 'toString', 'Delivered', 'delivered ']) {
      expect(statusMeaning(word, 'sms', false)).toBeUndefined();
    }
    expect(statusMeaning('sent', 'email', false)).toBeUndefined();
  });

  it('every word has a meaning on at least one channel', () => {
    for (const word of notifyStatuses) expect(Object.keys(statusTable[word])).not.toEqual([]);
  });
});

describe('terminology/ConceptMap-govuk-notify-status.json says the same', () => {
  it('maps our code system to R4 event status', () => {
    expect(conceptMap.resourceType).toBe('ConceptMap');
    expect(conceptMap.group).toHaveLength(1);
    expect(group).toMatchObject({
      source: codeSystem('govuk-notify-status'),
      target: 'http://hl7.org/fhir/event-status',
    });
  });

  it('has every word once, and no other', () => {
    expect(elements.map(({ code }) => code).sort()).toEqual([...notifyStatuses].sort());
  });

  it.each(cases)('%s of a %s, in progress before: %s', (word, channel, begun) => {
    const meaning = statusMeaning(word, channel, begun);
    const targets = published(word, channel, begun);
    expect(targets.map(({ code }) => code)).toEqual(meaning ? [meaning.communication] : []);
    const reasons = targets.flatMap(({ product }) => product ?? []);
    expect(reasons.map(({ system: source, value }) => [source, value])).toEqual(
      meaning?.reason ? [[system.notDoneReason, meaning.reason]] : [],
    );
  });
});
