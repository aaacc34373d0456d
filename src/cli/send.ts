import { randomUUID } from 'node:crypto';
import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { MSG } from '../canonical.ts';
import { searched } from './bundles.ts';
import { type Command, CommandError, type Context, type ExitCode, exit, textOf } from './command.ts';
import { messageMeant, messageOptions } from './message.ts';
import { issuesOf, type Running, runningHerald, runningOptions } from './running.ts';

/** How long `--wait` waits for an end, and how often it looks. */
const WAIT_MS = 60_000;
const LOOK_MS = 500;

/** `npx herald send`: asks for one message. */
export const send: Command = {
  name: 'send',
  summary: 'asks a running Herald for one message',
  about: [
    'Prints the id of the request, or why it is refused. With the same --key it is the same message, however often it',
    'is asked for; without one a key is made and printed.',
    '',
    'npx herald send --type care-message --patient example-maya --as Practitioner/demo-epr --text "Please ring us on 0113 496 0123."',
    'npx herald send --file request.json --key visit-4711 --wait',
  ],
  options: {
    ...messageOptions,
    key: { value: 'KEY', help: 'your own key for this message' },
    wait: { help: 'waits for its end, a minute at most' },
    ...runningOptions,
  },
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { given, out, err } = context;
  const running = runningHerald(context);
  const asked = await messageMeant(running, given, 'active');
  const key = textOf(given, 'key') ?? asked.identifier?.[0]?.value ?? randomUUID();
  const identifier = asked.identifier ?? [{ system: `${MSG}/id/request`, value: key }];
  const { status, body } = await running.tell({
    method: 'POST',
    path: 'CommunicationRequest',
    body: { ...asked, identifier },
  });
  if (status !== 200 && status !== 201) {
    if (given.json) out(JSON.stringify(body, null, 2));
    for (const line of issuesOf(body)) err(line);
    return exit.failed;
  }
  const request = body as CommunicationRequest & { id: string };
  const last = given.wait ? await ended(running, request.id) : request;
  const attempts = given.wait ? await attemptsOf(running, request.id) : [];
  if (given.json) out(JSON.stringify({ key, request: last, attempts }, null, 2));
  else {
    out(`CommunicationRequest/${last.id}  ${last.status}  key ${key}`);
    for (const one of attempts)
      out(`Communication/${one.id}  ${one.status}  ${one.medium?.[0]?.coding?.[0]?.code ?? ''}`);
  }
  return last.status === 'revoked' ? exit.failed : exit.fine;
}

/** Errors: CommandError when it has not ended within a minute; it goes on all the same. */
async function ended(running: Running, id: string): Promise<CommunicationRequest & { id: string }> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const now = await running.ask<CommunicationRequest & { id: string }>({ path: `CommunicationRequest/${id}` });
    if (now.status !== 'active') return now;
    if (Date.now() > end) throw new CommandError(`CommunicationRequest/${id} is still under way, and goes on.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const attemptsOf = (running: Running, id: string): Promise<Communication[]> =>
  searched<Communication>(running, `Communication?based-on=CommunicationRequest/${id}`);
