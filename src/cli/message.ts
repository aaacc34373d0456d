import { readFileSync } from 'node:fs';
import type { CommunicationRequest } from '@medplum/fhirtypes';
import { codeSystem, MSG, system } from '../canonical.ts';
import { CommandError, type Given, type Option, textOf, UsageError } from './command.ts';
import type { Running } from './running.ts';
import { patientMeant, whoOptions } from './who.ts';

/** How a command says which message it means: a file with the whole request, or its parts. */
export const messageOptions: Readonly<Record<string, Option>> = {
  file: { value: 'FILE', help: 'a CommunicationRequest as JSON, in place of all that follows' },
  ...whoOptions,
  to: { value: 'REFERENCE', help: 'the recipient, where it is not the patient: RelatedPerson/ID' },
  type: { value: 'CODE', help: 'the message type, such as appointment-reminder, or its canonical' },
  as: { value: 'REFERENCE', help: 'who asks: Practitioner/ID or PractitionerRole/ID' },
  channel: { value: 'CODES', help: 'channels allowed, with commas; default: all that the type has' },
  text: { value: 'TEXT', help: 'the free text, for types that take one' },
  values: { value: 'FILE', help: 'what fills the template: a flat JSON object of strings' },
  priority: { value: 'CODE', help: 'routine, urgent, asap or stat' },
  at: { value: 'DATETIME', help: 'not before; expires after with --expires' },
  expires: { value: 'DATETIME', help: 'not after' },
};

/** The request that the options mean. Errors: UsageError, CommandError. */
export async function messageMeant(
  running: Running,
  given: Given,
  status: CommunicationRequest['status'] & ('active' | 'draft'),
): Promise<CommunicationRequest> {
  const file = textOf(given, 'file');
  if (file !== undefined) return { ...(jsonIn('--file', file) as CommunicationRequest), status };
  const type = needed(given, 'type');
  const requester = needed(given, 'as');
  const patient = await patientMeant(running, given);
  const [to, text, values, priority, at] = ['to', 'text', 'values', 'priority', 'at'].map((one) => textOf(given, one));
  const expires = textOf(given, 'expires');
  const channels = textOf(given, 'channel')?.split(',');
  const payload: NonNullable<CommunicationRequest['payload']> = [];
  if (text !== undefined) payload.push({ contentString: text });
  if (values !== undefined) payload.push({ contentAttachment: attachment(jsonIn('--values', values)) });
  return {
    resourceType: 'CommunicationRequest',
    status,
    extension: [
      {
        url: system.instantiatesCanonical,
        valueCanonical: type.includes(':') ? type : `${MSG}/ActivityDefinition/${type}`,
      },
      ...(expires === undefined ? [] : [{ url: `${MSG}/StructureDefinition/expires`, valueDateTime: expires }]),
    ],
    subject: { reference: `Patient/${patient.id}` },
    requester: { reference: requester } as NonNullable<CommunicationRequest['requester']>,
    ...(to === undefined ? {} : { recipient: [{ reference: to } as { reference: `RelatedPerson/${string}` }] }),
    ...(channels === undefined
      ? {}
      : { medium: channels.map((code) => ({ coding: [{ system: codeSystem('channel'), code: code.trim() }] })) }),
    ...(priority === undefined ? {} : { priority: priority as NonNullable<CommunicationRequest['priority']> }),
    ...(at === undefined ? {} : { occurrenceDateTime: at }),
    ...(payload.length === 0 ? {} : { payload }),
  };
}

function needed(given: Given, name: string): string {
  const value = textOf(given, name);
  if (value === undefined) throw new UsageError(`--${name}`, 'it is missing', `Give --${name}, or --file FILE.`);
  return value;
}

function jsonIn(option: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new CommandError(`${option}: the file cannot be read, or is not JSON.`);
  }
}

function attachment(values: unknown) {
  return { contentType: 'application/json', data: Buffer.from(JSON.stringify(values)).toString('base64') };
}
