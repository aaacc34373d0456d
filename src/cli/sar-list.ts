import { systemClock } from '../clock.ts';
import { readRecordConfig } from '../config.ts';
import { type OpenRequest, openRequests } from '../sar/open-requests.ts';
import { dayText } from '../sar/readable.ts';
import { type Command, type Context, type ExitCode, exit } from './command.ts';
import { withRecord } from './record.ts';
import { table } from './table.ts';

/** `npx herald sar list`: subject access requests that are still to be answered (SAR-3). */
export const sarList: Command = {
  name: 'sar list',
  summary: 'lists subject access requests that are open, the oldest first, with the days that are left',
  about: ['Nobody is named. The record is that of HERALD_FHIR_STORE.', '', 'npx herald sar list --json'],
  options: { json: { help: 'prints one JSON object' } },
  run,
};

async function run({ given, env, out }: Context): Promise<ExitCode> {
  const { store: kept } = readRecordConfig(env);
  const found = await withRecord(kept, (store) => openRequests(store, systemClock.now()));
  out(given.json ? JSON.stringify({ requests: found.map(asJson) }, null, 2) : asTable(found));
  return exit.fine;
}

const asJson = ({ resource: _resource, patient: _patient, ...shown }: OpenRequest) => ({
  ...shown,
  overdue: shown.daysLeft < 0,
});

function asTable(found: readonly OpenRequest[]): string {
  if (found.length === 0) return 'No subject access request is open.';
  const rows = found.map((one) => [
    leftText(one),
    dayText(one.due),
    dayText(one.received),
    [one.status, ...(one.paused ? ['clock paused'] : []), ...(one.extended ? ['extended'] : [])].join(', '),
    one.number === one.task.slice('Task/'.length) ? '' : one.number,
    one.task,
  ]);
  const late = found.filter((one) => one.daysLeft < 0).length;
  return [
    ...table(['left', 'due', 'received', 'state', 'number', 'request'], rows),
    '',
    `${found.length} open, ${late} overdue.`,
  ].join('\n');
}

function leftText({ daysLeft }: OpenRequest): string {
  const days = Math.abs(daysLeft) === 1 ? 'day' : 'days';
  return daysLeft < 0 ? `OVERDUE by ${-daysLeft} ${days}` : `${daysLeft} ${days}`;
}
