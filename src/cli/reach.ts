import { type Probe, Unreachable } from '../doctor/probe.ts';
import { StoreError } from '../store/fhir-store.ts';
import { type Capabilities, capabilitiesOf } from '../store/remote/capabilities.ts';
import { CommandError } from './command.ts';

/** What the server says of itself. Errors: CommandError when it has no CapabilityStatement; Unreachable. */
export async function saidBy(probe: Probe): Promise<Capabilities> {
  const { status, body } = await probe.ask({ path: 'metadata' });
  if (body.resourceType === 'CapabilityStatement') return capabilitiesOf(body);
  throw new CommandError(
    `HERALD_FHIR_STORE: GET metadata answers ${status} and no CapabilityStatement. Give the base URL of a FHIR R4 server, and credentials that it accepts.`,
  );
}

/** Turns what stands between us and the server into one line. Errors: CommandError. */
export async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unreachable) {
      throw new CommandError(`HERALD_FHIR_STORE: the server cannot be reached: ${error.message}. See that it runs.`);
    }
    if (error instanceof StoreError) throw new CommandError(`HERALD_FHIR_STORE: ${error.message}.`);
    throw error;
  }
}
