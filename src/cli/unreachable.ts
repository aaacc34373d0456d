import { systemClock } from '../clock.ts';
import { readRecordConfig, type StoreConfig } from '../config.ts';
import { createFingerprint, type Fingerprint } from '../objections/fingerprint.ts';
import { digitalChannels } from '../policy/reach.ts';
import { notifyChannels } from '../providers/govuk-notify.ts';
import { localReference } from '../send/naming.ts';
import { existingKey } from '../service/removed-details-key.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import type { Unreached } from '../unreachable/find.ts';
import { shutText } from '../unreachable/list.ts';
import { unreachedInParts } from '../unreachable/report.ts';
import { type Command, CommandError, type Context, type ExitCode, exit, textOf, UsageError } from './command.ts';
import { withRecord } from './record.ts';
import { table } from './table.ts';

/** `npx herald unreachable`: who is left out (TWO-7). */
export const unreachable: Command = {
  name: 'unreachable',
  summary: 'lists people whom no text, email or NHS App message reaches, and whether a letter does',
  about: [
    'Nobody is named: the list is of records. That it was looked at, and of whom, is in the audit. The record is that of',
    'HERALD_FHIR_STORE; the service may run meanwhile.',
    '',
    'npx herald unreachable --as Practitioner/demo-staff-ig',
  ],
  options: {
    as: { value: 'REFERENCE', help: 'who looks at it, for the audit: Practitioner/ID' },
    json: { help: 'prints one JSON object' },
  },
  run,
};

async function run({ given, env, out }: Context): Promise<ExitCode> {
  const as = textOf(given, 'as');
  if (as !== undefined && localReference(as, 'Practitioner') === undefined) {
    throw new UsageError('--as', 'it names no Practitioner', 'Give --as Practitioner/ID.');
  }
  const { store: kept, controller, policy } = readRecordConfig(env);
  const found = await withRecord(kept, async (store) => {
    await assertStaff(store, as);
    const fingerprint = await fingerprintFor(kept, store);
    const deps = { store, clock: systemClock, controller, policy, fingerprint, providerChannels: notifyChannels };
    const caller = { client: 'herald-cli', ...(as === undefined ? {} : { fhirUser: { reference: as } }) };
    const all: Unreached[] = [];
    for await (const part of unreachedInParts(deps, { caller })) all.push(...part);
    return all;
  });
  out(given.json ? JSON.stringify({ people: found.map(asJson) }, null, 2) : asTable(found));
  return exit.fine;
}

/** Nobody looks under the name of somebody who is not on record. Errors: CommandError; StoreError. */
async function assertStaff(store: FhirStore, as: string | undefined): Promise<void> {
  if (as === undefined) return;
  const person = await store.read('Practitioner', as.slice('Practitioner/'.length));
  if (person === undefined || person.active === false) {
    throw new CommandError('--as: there is no such Practitioner in use. Give one who is on record.');
  }
}

/** Where the service has made no key no number was closed by it either. Errors: ConfigError; StoreError. */
async function fingerprintFor({ dataDir }: StoreConfig, store: FhirStore): Promise<Fingerprint> {
  const key = await existingKey(dataDir, store);
  return key === undefined ? () => undefined : createFingerprint(key);
}

const asJson = ({ patient, why, byLetter }: Unreached) => ({ patient, ...why, letter: byLetter });

function asTable(found: readonly Unreached[]): string {
  if (found.length === 0) return 'A digital channel reaches everybody.';
  const rows = found.map(({ patient, why, byLetter }) => [
    patient,
    ...digitalChannels.map((channel) => shutText[why[channel]]),
    byLetter ? 'reaches them' : 'does not',
  ]);
  const byLetter = found.filter((one) => one.byLetter).length;
  return [
    ...table(['record', 'text', 'email', 'NHS App', 'letter'], rows),
    '',
    `${found.length} without a digital channel; a letter reaches ${byLetter} of them.`,
  ].join('\n');
}
