import type { ConceptMap, ConceptMapGroupElementTarget } from '@medplum/fhirtypes';
import { codeSystem, MSG, system } from '../../src/canonical.ts';
import {
  type NotifyChannel,
  type NotifyStatus,
  notifyChannels,
  notifyStatuses,
  statusMeaning,
  statusTable,
} from '../../src/providers/status-map.ts';

const COMMUNICATION = 'http://hl7.org/fhir/StructureDefinition/Communication#Communication';
const EVENT_STATUS = 'http://hl7.org/fhir/event-status';

/**
 * What a status word of Notify's means for a Communication, as a ConceptMap: the program's own table, published. A
 * target without dependencies holds for every channel; `Communication.medium` and `Communication.status` (as it was
 * before the word) narrow it.
 */
export function notifyStatusMap(): ConceptMap {
  return {
    resourceType: 'ConceptMap',
    id: 'govuk-notify-status',
    url: `${MSG}/ConceptMap/govuk-notify-status`,
    name: 'GovukNotifyStatus',
    title: 'GOV.UK Notify status to Communication status',
    status: 'active',
    description:
      'What a status word of GOV.UK Notify means for the Communication that records the attempt. Where a target depends on Communication.medium, Notify uses the word on that channel alone, or means something else by it on another; where it depends on Communication.status, what ended before the provider handed the message on is not-done and what ended afterwards is stopped. A word that is not here moves nothing.',
    targetCanonical: 'http://hl7.org/fhir/ValueSet/event-status',
    group: [
      {
        source: codeSystem('govuk-notify-status'),
        target: EVENT_STATUS,
        element: notifyStatuses.map((word) => ({ code: word, target: targetsOf(word) })),
      },
    ],
  };
}

function targetsOf(word: NotifyStatus): ConceptMapGroupElementTarget[] {
  const used = notifyChannels.filter((channel) => statusTable[word][channel] !== undefined);
  const alike = new Set(used.map((channel) => JSON.stringify(shown(word, channel)))).size === 1;
  if (used.length === notifyChannels.length && alike) return byProgress(word, used[0] ?? 'sms', undefined);
  return used.flatMap((channel) => byProgress(word, channel, channel));
}

/** Two targets where it matters whether the message was on its way, otherwise one. */
function byProgress(
  word: NotifyStatus,
  channel: NotifyChannel,
  only: NotifyChannel | undefined,
): ConceptMapGroupElementTarget[] {
  const before = statusMeaning(word, channel, false)?.communication;
  const after = statusMeaning(word, channel, true)?.communication;
  if (before === after) return [target(word, channel, false, only, undefined)];
  return [target(word, channel, false, only, 'preparation'), target(word, channel, true, only, 'in-progress')];
}

function target(
  word: NotifyStatus,
  channel: NotifyChannel,
  begun: boolean,
  only: NotifyChannel | undefined,
  status: 'preparation' | 'in-progress' | undefined,
): ConceptMapGroupElementTarget {
  const meaning = statusMeaning(word, channel, begun);
  const dependsOn = [
    ...(only === undefined
      ? []
      : [{ property: `${COMMUNICATION}.medium`, system: codeSystem('channel'), value: only }]),
    ...(status === undefined ? [] : [{ property: `${COMMUNICATION}.status`, system: EVENT_STATUS, value: status }]),
  ];
  return {
    ...(meaning === undefined ? {} : { code: meaning.communication }),
    equivalence: 'wider',
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
    ...(meaning?.reason === undefined
      ? {}
      : {
          product: [{ property: `${COMMUNICATION}.statusReason`, system: system.notDoneReason, value: meaning.reason }],
        }),
  };
}

/** What of a meaning the map says: not whether it arrived. */
function shown(word: NotifyStatus, channel: NotifyChannel) {
  const meaning = statusTable[word][channel];
  return { status: meaning?.communication, reason: meaning?.reason };
}
