import type { ActivityDefinition } from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';

const sms =
  '((organisation)): your video appointment is on ((date)) at ((time)). Join at https://video.example.nhs.uk/((room)) from a quiet place. If you need help, please call ((phone)).';

const key = (name: string, meaning: string) => ({
  url: structureDefinition('personalisation'),
  extension: [
    { url: 'name', valueString: name },
    { url: 'required', valueBoolean: true },
    { url: 'meaning', valueString: meaning },
  ],
});

/** A message type that a trust makes for itself, as docs/message-types.md shows it: its own address for video. */
export const ownType: ActivityDefinition = {
  resourceType: 'ActivityDefinition',
  extension: [
    {
      url: structureDefinition('channel-template'),
      extension: [
        { url: 'channel', valueCoding: { system: codeSystem('channel'), code: 'sms' } },
        { url: 'kind', valueCode: 'full' },
        { url: 'text', valueString: sms },
      ],
    },
    key('date', 'The day, as people say it: Tuesday 3 June 2027'),
    key('time', 'The time of day: 10:30am'),
    key('room', 'What stands behind the address, in letters, digits and hyphens: maple-42'),
    key('phone', "The team's own telephone number: 0113 496 0123"),
    {
      url: structureDefinition('content-confidentiality'),
      valueCoding: { system: system.confidentiality, code: 'N' },
    },
    { url: structureDefinition('purpose-of-use'), valueCoding: { system: system.actReason, code: 'PATADMIN' } },
    { url: structureDefinition('proxies-allowed'), valueBoolean: true },
    { url: structureDefinition('automatic'), valueBoolean: true },
  ],
  url: `${MSG}/ActivityDefinition/example-video-visit`,
  version: '1',
  name: 'ExampleVideoVisit',
  title: 'Video visit',
  status: 'active',
  purpose: "Invites to an appointment by video on the trust's own address.",
  topic: [{ coding: [{ system: codeSystem('message-type'), code: 'example-video-visit' }] }],
  kind: 'CommunicationRequest',
  code: { coding: [{ system: codeSystem('message-type'), code: 'example-video-visit' }] },
};
