import type { ActivityDefinition, Extension } from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../canonical.ts';
import type { Channel } from '../policy/channel.ts';
import { appointments } from './message-types/appointments.ts';
import { care } from './message-types/care.ts';
import { contact } from './message-types/contact.ts';
import { results } from './message-types/results.ts';
import { meanings, type Shipped, type Words } from './message-types/words.ts';

/**
 * The message types as shipped (contract 3.1). They count wherever the store has none under their address. Their texts
 * name no service, no condition and no switchboard; every `phone` is the team's own number (LYNC). Keys are stable:
 * callers rely on them. `((organisation))` is filled by Herald.
 */
export const shippedMessageTypes: readonly (ActivityDefinition & { id: string })[] = [
  ...appointments,
  ...results,
  ...care,
  ...contact,
].map(messageType);

function messageType(shipped: Shipped): ActivityDefinition & { id: string } {
  const { code, title, words, sensitivity } = shipped;
  const own = { system: codeSystem('message-type'), code, display: title };
  return {
    resourceType: 'ActivityDefinition',
    id: code,
    extension: [
      ...templates(words),
      ...shipped.keys.map((name) =>
        complex('personalisation', [
          { url: 'name', valueString: name },
          { url: 'required', valueBoolean: true },
          { url: 'meaning', valueString: meanings[name] },
        ]),
      ),
      {
        url: structureDefinition('content-confidentiality'),
        valueCoding: { system: system.confidentiality, code: words.kind === 'nudged' ? 'R' : 'N' },
      },
      ...(sensitivity === undefined
        ? []
        : [
            {
              url: structureDefinition('default-sensitivity'),
              valueCoding: { system: system.actCode, code: sensitivity },
            },
          ]),
      {
        url: structureDefinition('purpose-of-use'),
        valueCoding: { system: system.actReason, code: shipped.purposeOfUse },
      },
      { url: structureDefinition('free-text'), valueBoolean: shipped.freeText ?? false },
      { url: structureDefinition('proxies-allowed'), valueBoolean: shipped.withoutProxies !== true },
      { url: structureDefinition('fallback'), valueBoolean: shipped.withoutFallback !== true },
      { url: structureDefinition('automatic'), valueBoolean: shipped.automatic ?? false },
    ],
    url: `${MSG}/ActivityDefinition/${code}`,
    version: '1',
    name: title.replace(/[^\w\s]/g, '').replace(/(?:^|\s+)(\w)/g, (_whole, letter: string) => letter.toUpperCase()),
    title,
    status: 'active',
    experimental: false,
    subjectCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Patient' }] },
    purpose: shipped.purpose,
    topic: [{ coding: [own] }],
    relatedArtifact: [
      {
        type: 'justification',
        label: '6(1)(e)',
        display: 'UK GDPR Article 6(1)(e), public task',
        url: 'https://www.legislation.gov.uk/eur/2016/679/article/6',
      },
      {
        type: 'justification',
        label: '9(1)(h)',
        display: 'UK GDPR Article 9(1)(h), health or social care',
        url: 'https://www.legislation.gov.uk/eur/2016/679/article/9',
      },
    ],
    kind: 'CommunicationRequest',
    code: { coding: [own] },
    intent: 'order',
    priority: 'routine',
    participant: [{ type: 'patient' }, ...(shipped.withoutProxies ? [] : [{ type: 'related-person' as const }])],
  };
}

/** The team's hours and what to do when it is urgent are added to emails and letters when they are filled in (TWO-8). */
function templates(words: Words): Extension[] {
  switch (words.kind) {
    case 'sms':
      return [template('sms', 'full', words.sms)];
    case 'full': {
      const body = words.body.join('\n\n');
      return [
        template('sms', 'full', words.sms),
        template('email', 'full', body, words.subject),
        template('letter', 'full', body, words.subject),
      ];
    }
    case 'nudged': {
      const body = words.body.join('\n\n');
      return [
        template('sms', 'nudge', words.sms),
        template('email', 'nudge', words.nudge.body.join('\n\n'), words.nudge.subject),
        template('letter', 'full', body, words.subject),
        template('nhsapp', 'full', body, words.subject),
        template('secure-email', 'full', body, words.subject),
      ];
    }
    default:
      return words satisfies never;
  }
}

function template(channel: Channel, kind: 'full' | 'nudge', text: string, subject?: string): Extension {
  return complex('channel-template', [
    { url: 'channel', valueCoding: { system: codeSystem('channel'), code: channel } },
    { url: 'kind', valueCode: kind },
    ...(subject === undefined ? [] : [{ url: 'subject', valueString: subject }]),
    { url: 'text', valueString: text },
  ]);
}

function complex(name: string, extension: Extension[]): Extension {
  return { url: structureDefinition(name), extension };
}
