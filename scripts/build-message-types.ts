/**
 * Writes docs/message-types.md from the shipped message types. With `--check` nothing is written, and a difference exits
 * with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ActivityDefinition } from '@medplum/fhirtypes';
import { shippedMessageTypes } from '../src/catalogue/message-types.ts';
import { type Channel, channelName } from '../src/policy/channel.ts';
import type { ChannelTemplate, MessageType } from '../src/policy/message-facts.ts';
import { parseMessageType } from '../src/send/message-type.ts';
import { ownType } from '../test/catalogue/own-type.ts';

const file = new URL('../docs/message-types.md', import.meta.url);

if (import.meta.main) {
  if (!process.argv.includes('--check')) {
    writeFileSync(file, messageTypesPage());
  } else if (readFileSync(file, 'utf8') !== messageTypesPage()) {
    console.error(
      'docs/message-types.md is not what the message types make. Run: npx node scripts/build-message-types.ts',
    );
    process.exitCode = 1;
  }
}

/** The text of docs/message-types.md. */
export function messageTypesPage(): string {
  return [
    '# Message types',
    '',
    'Made by `npx node scripts/build-message-types.ts`; do not edit.',
    '',
    'A request names its message type by its canonical, `https://herald.example/fhir/ActivityDefinition/CODE`, and gives a',
    'value for each key as `application/json`. Keys are stable. `((organisation))` is filled by Herald; emails and letters',
    "end with the team's hours and what to do when it is urgent. Values are data: what looks like a link or markup in one",
    'comes out as plain words.',
    '',
    '`N` goes by every channel. `R` is confidential: texts and emails carry a nudge, which only says how to get the words,',
    'and the full words go by letter, the NHS App and secure email.',
    '',
    '| type | for | confidentiality | a system may ask | to proxies |',
    '| --- | --- | --- | --- | --- |',
    ...shippedMessageTypes.map(summary),
    '',
    ...shippedMessageTypes.flatMap(section),
    ...ownTypeSection(),
  ].join('\n');
}

function summary(definition: ActivityDefinition): string {
  const { code, confidentiality, automatic, proxiesAllowed } = typeOf(definition);
  const cells = [`[\`${code}\`](#${code})`, definition.purpose, confidentiality, yes(automatic), yes(proxiesAllowed)];
  return `| ${cells.join(' | ')} |`;
}

function section(definition: ActivityDefinition): string[] {
  const type = typeOf(definition);
  return [
    `## ${type.code}`,
    '',
    `${definition.title}. ${definition.purpose}`,
    '',
    ...keysOf(definition, type),
    ...wordsOf(type),
  ];
}

function keysOf(definition: ActivityDefinition, type: MessageType): string[] {
  if (type.freeText) return ['It takes free text, as `contentString`, and no keys.', ''];
  const meanings = (definition.extension ?? [])
    .filter((one) => one.url.endsWith('/personalisation'))
    .map(({ extension = [] }) => {
      const part = (name: string) => extension.find((one) => one.url === name)?.valueString ?? '';
      return `| \`${part('name')}\` | ${part('meaning')} |`;
    });
  return ['| key | what to put there |', '| --- | --- |', ...meanings, ''];
}

/** Words that several channels share are shown once. */
function wordsOf(type: MessageType): string[] {
  const shown = new Map<string, { readonly channels: Channel[]; readonly template: ChannelTemplate }>();
  for (const template of type.templates) {
    const key = JSON.stringify([template.kind, template.words]);
    const known = shown.get(key);
    if (known === undefined) shown.set(key, { channels: [template.channel], template });
    else known.channels.push(template.channel);
  }
  return [...shown.values()].flatMap(({ channels, template: { kind, words } }) => {
    if (words.held === 'at-provider') return [];
    const ways = channels.map((one) => channelName[one]).join(', ');
    const heading = `By ${ways}${kind === 'nudge' ? ' (nudge)' : ''}:`;
    const subject = words.subject === undefined ? [] : [`> **${words.subject}**`, '>'];
    return [heading, '', ...subject, ...words.text.split('\n').map((line) => `> ${line}`.trimEnd()), ''];
  });
}

function ownTypeSection(): string[] {
  return [
    "## A trust's own type",
    '',
    'An administrator creates one with `POST /fhir/ActivityDefinition`. Its words are checked when it is written (422, with',
    'every fault: shouting, pressure, text-speak, requests for money, strange links, appeals, invitations to research) and',
    'again, with its values, whenever a message is made of it. A type that tells results has `results-routine` among its',
    'topics. This one invites to an appointment by video: the address is in its own words, and callers give only the room.',
    'A test creates it and sends with it.',
    '',
    '```json',
    JSON.stringify(ownType, null, 2),
    '```',
    '',
  ];
}

function typeOf(definition: ActivityDefinition): MessageType {
  const parsed = parseMessageType(definition);
  if (parsed.kind === 'bad') throw new Error(`${definition.id}: ${parsed.faults.map((one) => one.text).join('; ')}`);
  return parsed.type;
}

function yes(is: boolean): string {
  return is ? 'yes' : 'no';
}
