import type { ActivityDefinition, Extension } from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../canonical.ts';
import type { Channel } from '../policy/channel.ts';

const meanings = {
  date: 'The day, as people say it: Tuesday 3 June 2027',
  time: 'The time of day: 10:30am',
  place: 'Where to go, without naming a service that would tell what it is about: Example Hospital, entrance B',
  phone: "The team's own telephone number, never a switchboard: 0113 496 0123",
} as const;

/**
 * The message types as shipped (contract 3.1). They count wherever the store has none under their address. Their texts
 * name no service, no condition and no switchboard; every `phone` is the team's own number (LYNC). Keys are stable:
 * callers rely on them. `((organisation))` is filled by Herald.
 */
export const shippedMessageTypes: readonly (ActivityDefinition & { id: string })[] = [
  messageType({
    code: 'appointment-reminder',
    title: 'Appointment reminder',
    purpose: 'Reminds the person of an appointment that is booked, so that they can come or say that they cannot.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['date', 'time', 'place', 'phone'],
    sms: '((organisation)): you have an appointment on ((date)) at ((time)), ((place)). If you cannot come, please call ((phone)) as soon as you can.',
    subject: 'Your appointment on ((date))',
    body: [
      'This is a reminder of your appointment with ((organisation)).',
      'Date: ((date))\nTime: ((time))\nPlace: ((place))',
      'If you cannot come, or need help to get here, please call ((phone)) as soon as you can. We can then offer the time to somebody else and find another one for you.',
    ],
  }),
  messageType({
    code: 'appointment-confirmation',
    title: 'Appointment confirmation',
    purpose: 'Tells the person that their appointment is booked, when and where.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['date', 'time', 'place', 'phone'],
    sms: '((organisation)): your appointment is booked for ((date)) at ((time)), ((place)). To change it, please call ((phone)).',
    subject: 'Your appointment is booked',
    body: [
      'Your appointment with ((organisation)) is booked.',
      'Date: ((date))\nTime: ((time))\nPlace: ((place))',
      'To change or cancel it, or if you need help to get here, please call ((phone)).',
    ],
  }),
  messageType({
    code: 'contact-us',
    title: 'Please contact us',
    purpose: 'Asks the person to call a team, without saying what about.',
    purposeOfUse: 'TREAT',
    automatic: false,
    keys: ['phone'],
    sms: '((organisation)): please call us on ((phone)) when you are able to talk. We would like to speak to you about your care.',
    subject: 'Please call us',
    body: [
      '((organisation)) would like to speak to you about your care.',
      'Please call us on ((phone)) when you are able to talk.',
    ],
  }),
  messageType({
    code: 'care-message',
    title: 'Message about your care',
    purpose: 'A message in the words of the member of staff who asks for it.',
    purposeOfUse: 'TREAT',
    automatic: false,
    freeText: true,
    keys: [],
    sms: '((message))',
    subject: 'A message from ((organisation))',
    body: ['((message))'],
  }),
];

interface Shipped {
  readonly code: string;
  readonly title: string;
  readonly purpose: string;
  readonly purposeOfUse: 'PATADMIN' | 'TREAT';
  readonly automatic: boolean;
  readonly freeText?: boolean;
  readonly keys: readonly (keyof typeof meanings)[];
  readonly sms: string;
  /** Of the email and the letter, which share their words. */
  readonly subject: string;
  /** Paragraphs. The team's hours and what to do when it is urgent are added to them (TWO-8). */
  readonly body: readonly string[];
}

function messageType(shipped: Shipped): ActivityDefinition & { id: string } {
  const { code, title, subject } = shipped;
  const own = { system: codeSystem('message-type'), code, display: title };
  const body = shipped.body.join('\n\n');
  return {
    resourceType: 'ActivityDefinition',
    id: code,
    extension: [
      template('sms', shipped.sms),
      template('email', body, subject),
      template('letter', body, subject),
      ...shipped.keys.map((name) =>
        complex('personalisation', [
          { url: 'name', valueString: name },
          { url: 'required', valueBoolean: true },
          { url: 'meaning', valueString: meanings[name] },
        ]),
      ),
      {
        url: structureDefinition('content-confidentiality'),
        valueCoding: { system: system.confidentiality, code: 'N' },
      },
      {
        url: structureDefinition('purpose-of-use'),
        valueCoding: { system: system.actReason, code: shipped.purposeOfUse },
      },
      { url: structureDefinition('free-text'), valueBoolean: shipped.freeText ?? false },
      { url: structureDefinition('proxies-allowed'), valueBoolean: true },
      { url: structureDefinition('fallback'), valueBoolean: true },
      { url: structureDefinition('automatic'), valueBoolean: shipped.automatic },
    ],
    url: `${MSG}/ActivityDefinition/${code}`,
    version: '1',
    name: title.replace(/(?:^|\s)(\w)/g, (_whole, letter: string) => letter.toUpperCase()),
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
    participant: [{ type: 'patient' }, { type: 'related-person' }],
  };
}

function template(channel: Channel, text: string, subject?: string): Extension {
  return complex('channel-template', [
    { url: 'channel', valueCoding: { system: codeSystem('channel'), code: channel } },
    { url: 'kind', valueCode: 'full' },
    ...(subject === undefined ? [] : [{ url: 'subject', valueString: subject }]),
    { url: 'text', valueString: text },
  ]);
}

function complex(name: string, extension: Extension[]): Extension {
  return { url: structureDefinition(name), extension };
}
