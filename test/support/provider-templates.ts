import type { ActivityDefinition } from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';
import type { ProviderChannel } from '../../src/providers/provider.ts';
import type { Herald } from './herald.ts';

/** A template as somebody writes it on the provider's site. */
export interface TheirTemplate {
  readonly type: ProviderChannel;
  readonly body: string;
  readonly subject?: string;
  readonly letterContactBlock?: string;
}

/** Writes a version of a template at the simulator. */
export async function templateAtProvider(herald: Herald, id: string, template: TheirTemplate): Promise<void> {
  const answer = await fetch(`${herald.simulatorUrl}/control/templates/${id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'Of the trust', subject: null, ...template }),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** A message type whose words are in a template of the provider. */
export function typeAtProvider(
  code: string,
  channel: ProviderChannel,
  templateId: string,
  keys: Readonly<Record<string, boolean>> = {},
): ActivityDefinition {
  const extension = (name: string, value: object) => ({ url: structureDefinition(name), ...value });
  return {
    resourceType: 'ActivityDefinition',
    url: `${MSG}/ActivityDefinition/${code}`,
    version: '1',
    status: 'active',
    name: 'OfTheTrust',
    title: `Type ${code}`,
    purpose: 'Shows that the words of the provider are checked and kept.',
    kind: 'CommunicationRequest',
    code: { coding: [{ system: codeSystem('message-type'), code }] },
    extension: [
      extension('channel-template', {
        extension: [
          { url: 'channel', valueCoding: { system: codeSystem('channel'), code: channel } },
          { url: 'provider', valueUri: system.govukNotify },
          { url: 'templateId', valueId: templateId },
        ],
      }),
      extension('content-confidentiality', { valueCoding: { system: system.confidentiality, code: 'N' } }),
      ...Object.entries(keys).map(([name, required]) =>
        extension('personalisation', {
          extension: [
            { url: 'name', valueString: name },
            { url: 'required', valueBoolean: required },
          ],
        }),
      ),
    ],
  };
}
