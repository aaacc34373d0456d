import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { codeSystem, system } from '../canonical.ts';
import { searched } from './bundles.ts';
import { type Command, type Context, type ExitCode, exit, textOf } from './command.ts';
import { type Running, runningHerald, runningOptions } from './running.ts';
import { table } from './table.ts';
import { patientMeant, whoOptions } from './who.ts';

const options = {
  ...whoOptions,
  since: { value: 'DATETIME', help: 'only what is younger' },
  ...runningOptions,
};

/** `npx herald history`: what was sent, received and withheld. */
export const history: Command = {
  name: 'history',
  summary: 'lists every message to, about and from a person, newest first',
  about: ['Withheld ones are in it, with the reason.', '', 'npx herald history --patient example-maya'],
  options,
  run: (context) => shownBy(context, listed),
};

/** `npx herald thread`: the same as a conversation. */
export const thread: Command = {
  name: 'thread',
  summary: 'shows what was said, both ways, oldest first',
  about: [
    'With the words themselves: for whoever answers the person.',
    '',
    'npx herald thread --nhs-number 9991230009',
  ],
  options,
  run: (context) => shownBy(context, conversation),
};

async function shownBy(context: Context, form: (messages: readonly Message[]) => string): Promise<ExitCode> {
  const { given, out } = context;
  const running = runningHerald(context);
  const patient = await patientMeant(running, given);
  const messages = await messagesOf(running, patient.id, textOf(given, 'since'));
  out(given.json ? JSON.stringify(messages, null, 2) : form(messages));
  return exit.fine;
}

interface Message {
  readonly id: string;
  /** When it was sent or received, or for one that was not, when that was recorded. */
  readonly at: string;
  readonly direction: 'in' | 'out';
  readonly channel: string;
  readonly status: string;
  readonly type: string;
  readonly with: string;
  readonly reason: string | undefined;
  readonly text: string | undefined;
}

/** Newest first. */
async function messagesOf(running: Running, id: string, since: string | undefined): Promise<Message[]> {
  const subject = `subject=Patient/${id}`;
  const recent = since === undefined ? '' : `&_lastUpdated=ge${encodeURIComponent(since)}`;
  const [communications, requests] = await Promise.all([
    searched<Communication & { id: string }>(running, `Communication?${subject}${recent}&_count=200`),
    searched<CommunicationRequest & { id: string }>(running, `CommunicationRequest?${subject}&_count=200`),
  ]);
  const types = new Map(requests.map((one) => [`CommunicationRequest/${one.id}`, typeOf(one)]));
  return communications.map((one) => messageOf(one, types)).sort((a, b) => b.at.localeCompare(a.at));
}

function messageOf(one: Communication & { id: string }, types: ReadonlyMap<string, string>): Message {
  const isInbound = codes(one.category, 'direction').includes('inbound');
  const other = isInbound ? one.sender : one.recipient?.[0];
  return {
    id: `Communication/${one.id}`,
    at: one.sent ?? one.received ?? one.meta?.lastUpdated ?? '',
    direction: isInbound ? 'in' : 'out',
    channel: codes(one.medium, 'channel')[0] ?? '',
    status: one.status,
    type: types.get(one.basedOn?.[0]?.reference ?? '') ?? '',
    with: other?.reference ?? other?.display ?? '',
    reason: codes(one.statusReason === undefined ? [] : [one.statusReason], 'block-reason')[0],
    text: one.payload?.[0]?.contentString,
  };
}

const typeOf = ({ extension = [] }: CommunicationRequest): string =>
  extension
    .find((one) => one.url === system.instantiatesCanonical)
    ?.valueCanonical?.split('/')
    .at(-1) ?? '';

function codes(concepts: Communication['medium'], of: string): string[] {
  const codings = (concepts ?? []).flatMap((one) => one.coding ?? []);
  return codings.flatMap(({ system: from, code }) => (from === codeSystem(of) && code !== undefined ? [code] : []));
}

function listed(messages: readonly Message[]): string {
  if (messages.length === 0) return 'No message is on record.';
  const rows = messages.map((one) => [
    minute(one.at),
    one.direction,
    one.channel,
    one.reason === undefined ? one.status : `${one.status}: ${one.reason}`,
    one.type,
    one.with,
    one.id,
  ]);
  return table(['when', '', 'channel', 'status', 'type', 'with', 'record'], rows).join('\n');
}

function conversation(messages: readonly Message[]): string {
  const said = messages.filter((one) => one.text !== undefined && one.status !== 'not-done');
  if (said.length === 0) return 'Nothing was said.';
  const blocks = said.toReversed().map((one) => {
    const arrow = one.direction === 'in' ? `< ${one.with || 'nobody known'}` : `> ${one.with}`;
    const text = (one.text ?? '').split('\n').map((line) => `    ${line}`);
    return [`${minute(one.at)}  ${arrow}  ${one.channel}, ${one.status}`, ...text].join('\n');
  });
  return blocks.join('\n\n');
}

/** In England's time, to the minute. */
function minute(instant: string): string {
  if (instant === '') return '';
  return new Date(instant).toLocaleString('en-GB', {
    timeZone: 'Europe/London',
    dateStyle: 'short',
    timeStyle: 'short',
  });
}
