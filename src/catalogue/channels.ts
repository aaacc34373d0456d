import type { Endpoint } from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../canonical.ts';
import type { Channel } from '../policy/channel.ts';
import type { Confidentiality } from '../policy/message-facts.ts';

/**
 * The channels as shipped: approved ones open, with what each may carry (contract 3.1, CHN-1, CHN-5, CHN-6). They count
 * wherever the store has no Endpoint of its own for the channel; a trust makes its own and names its own assessment.
 */
export const shippedEndpoints: readonly (Endpoint & { id: string })[] = [
  open('sms', 'Text messages through GOV.UK Notify', 'N'),
  open('email', 'Email through GOV.UK Notify', 'N'),
  open('letter', 'Letters through GOV.UK Notify', 'R'),
  closed('nhsapp', 'NHS App messages', 'R'),
  closed('secure-email', 'Email to the secure email standard', 'R'),
];

function open(channel: Channel, name: string, ceiling: Confidentiality): Endpoint & { id: string } {
  return {
    ...base(channel, name, ceiling),
    extension: [
      ceilingExtension(ceiling),
      {
        url: structureDefinition('assurance-document'),
        valueReference: {
          type: 'DocumentReference',
          identifier: { system: `${MSG}/id/assurance`, value: `shipped-${channel}` },
          display: `Placeholder: replace by the trust's own data protection impact assessment of ${channel} before going live`,
        },
      },
    ],
    status: 'active',
    address: system.govukNotify,
  };
}

/** No provider of this release carries it. */
function closed(channel: Channel, name: string, ceiling: Confidentiality): Endpoint & { id: string } {
  return { ...base(channel, name, ceiling), status: 'off', address: `${MSG}/channel/${channel}` };
}

function base(channel: Channel, name: string, ceiling: Confidentiality) {
  return {
    resourceType: 'Endpoint' as const,
    id: `channel-${channel}`,
    extension: [ceilingExtension(ceiling)],
    connectionType: { system: codeSystem('channel'), code: channel },
    name,
    payloadType: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/endpoint-payload-type', code: 'any' }] }],
  };
}

function ceilingExtension(code: Confidentiality) {
  return {
    url: structureDefinition('max-content-confidentiality'),
    valueCoding: { system: system.confidentiality, code },
  };
}
