import { systemClock } from '../clock.ts';
import { ConfigError, readNotifyConfig, readStoreConfig, type StoreConfig } from '../config.ts';
import { examine } from '../doctor/examine.ts';
import { examined } from '../doctor/examined.ts';
import { claimed, type Finding } from '../doctor/need.ts';
import { needs } from '../doctor/needs.ts';
import { cleanUp, writeProofs } from '../doctor/needs-writes.ts';
import { createProbe, type Probe } from '../doctor/probe.ts';
import { examineProvider, misconfigured } from '../doctor/provider.ts';
import { productOf } from '../doctor/remedies.ts';
import { notReached, proveWrites } from '../doctor/writing.ts';
import { createLog } from '../log.ts';
import { createAccess } from '../store/remote/access.ts';
import type { Capabilities } from '../store/remote/capabilities.ts';
import { type Command, type Context, type ExitCode, exit, textOf, UsageError } from './command.ts';
import { asJson, asTable, type Examination } from './doctor-report.ts';
import { reached, saidBy } from './reach.ts';

/** `npx herald doctor`: what of all that Herald needs the server and the provider have. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'examines the configured FHIR server and GOV.UK Notify, and says what is missing and what that costs',
  about: [
    'Changes nothing and reads no record of a person, unless --write is given: then it writes a few records about a',
    'test patient of yours, proves on them what only writes can show, and deletes them again. The server is that of',
    'HERALD_FHIR_STORE; of the rest of the configuration nothing but GOV.UK Notify is looked at.',
  ],
  options: {
    store: { value: 'URL', help: 'examines this FHIR server alone; the configured credentials are not sent to it' },
    token: { value: 'TOKEN', help: 'bearer token for --store; others on this machine can see it while this runs' },
    write: { help: 'proves writes too, on the patient of --patient' },
    patient: { value: 'ID', help: 'id of a Patient of your own that is there for tests' },
    json: { help: 'prints one JSON object' },
  },
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { given, env, out } = context;
  const patient = testPatient(context);
  const store = storeOf(context);
  const examination =
    store.kind === 'embedded' ? { store: 'embedded', findings: [] } : await reached(() => examineStore(store, patient));
  const provider = textOf(given, 'store') === undefined ? await providerFindings(env, store.kind) : [];
  const whole = { ...examination, findings: [...examination.findings, ...provider] };
  out(given.json ? asJson(whole) : asTable(whole));
  return whole.findings.some((one) => one.verdict === 'missing' && one.severity === 'needed')
    ? exit.missing
    : exit.fine;
}

async function examineStore(
  store: Extract<StoreConfig, { kind: 'remote' }>,
  patient: string | undefined,
): Promise<Examination> {
  const probe = createProbe({ baseUrl: store.baseUrl, access: createAccess(store.access, { clock: systemClock }) });
  const capabilities = await saidBy(probe);
  if (patient !== undefined) await assertThere(probe, patient);
  const findings = await examine(probe, capabilities, needs());
  const { software, softwareVersion } = capabilities;
  return {
    store: store.baseUrl,
    software: [software, softwareVersion].filter((one) => one !== undefined).join(' '),
    product: productOf(software),
    findings: patient === undefined ? findings : await withWrites(probe, capabilities, patient, findings),
  };
}

/** Puts what writing showed in the place of what was only said. */
async function withWrites(
  probe: Probe,
  capabilities: Capabilities,
  patient: string,
  findings: readonly Finding[],
): Promise<readonly Finding[]> {
  const { seen } = await proveWrites(examined(probe, capabilities), { patient });
  const proofs: readonly string[] = writeProofs.map((one) => one.id);
  const proven = findings.map((finding) => {
    const { id, verdict } = finding;
    const shown = [...seen].find(([one]) => one === id)?.[1];
    if (shown !== undefined && (id !== 'paging' || verdict === 'unproven')) return { ...finding, ...shown };
    const isOwnId = id.startsWith('write:') && seen.get('own-id')?.verdict === 'works';
    if (isOwnId && verdict === 'unproven') return { ...finding, ...claimed('proven on Communication') };
    return proofs.includes(id) && verdict === 'unproven' ? { ...finding, ...notReached() } : finding;
  });
  const cleaned = seen.get('clean-up');
  return cleaned === undefined ? proven : [...proven, { ...cleanUp, ...cleaned }];
}

/** Errors: UsageError when it is not there: nothing is ever written about anybody by mistake. */
async function assertThere(probe: Probe, patient: string): Promise<void> {
  const { status, body } = await probe.ask({ path: `Patient/${patient}` });
  if (status === 200 && body.resourceType === 'Patient') return;
  const remedy = 'Give the id of a Patient that is there for tests.';
  throw new UsageError('--patient', `reading that Patient answers ${status}`, remedy);
}

/** Errors: UsageError. */
function testPatient({ given }: Context): string | undefined {
  const patient = textOf(given, 'patient');
  if (given.write !== undefined && patient === undefined) {
    throw new UsageError(
      '--patient',
      'it is missing beside --write',
      'Give the id of a Patient that is there for tests.',
    );
  }
  if (given.write === undefined && patient !== undefined) {
    throw new UsageError('--patient', 'it is given without --write', 'Give both, or neither.');
  }
  if (patient !== undefined && !/^[A-Za-z0-9.-]{1,64}$/.test(patient)) {
    throw new UsageError('--patient', 'it is no id of a FHIR resource', 'Give the id alone, without Patient/.');
  }
  return patient;
}

/** Errors: UsageError for an address or token given here; ConfigError for those of the environment. */
function storeOf({ given, env }: Context): StoreConfig {
  const url = textOf(given, 'store');
  const token = textOf(given, 'token');
  if (url === undefined) {
    if (token !== undefined) throw new UsageError('--token', 'it is given without --store', 'Give both, or neither.');
    return readStoreConfig(env);
  }
  if (url === 'embedded') {
    throw new UsageError('--store', 'it takes an address', 'To examine a service that runs, give its own: .../fhir.');
  }
  try {
    return readStoreConfig({
      HERALD_FHIR_STORE: url,
      ...(token === undefined ? {} : { HERALD_FHIR_STORE_TOKEN: token }),
    });
  } catch (error) {
    const [fault] = error instanceof ConfigError ? error.faults : [];
    if (fault === undefined) throw error;
    const option = fault.key === 'HERALD_FHIR_STORE_TOKEN' ? '--token' : '--store';
    throw new UsageError(option, fault.problem, fault.remedy);
  }
}

async function providerFindings(env: NodeJS.ProcessEnv, store: StoreConfig['kind']): Promise<readonly Finding[]> {
  try {
    return await examineProvider(readNotifyConfig(env, store), createLog({ level: 'silent' }));
  } catch (error) {
    if (error instanceof ConfigError) return misconfigured(error.message);
    throw error;
  }
}
