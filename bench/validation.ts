import type { Resource } from '@medplum/fhirtypes';
import { exampleResources } from '../src/catalogue/examples.ts';
import { profileChecks } from '../src/fhir/conformance/checks.ts';
import { loadDefinitions, loadValueSets } from '../src/fhir/definitions/load.ts';
import { createValidator } from '../src/fhir/validate/validator.ts';
import { median, perSecond, processorClock } from './measure.ts';
import { people, reminder } from './people.ts';

/** Processor microseconds that the check of one write takes, by what is written. */
export interface Validations {
  readonly patient: number;
  readonly request: number;
  /** A proxy's authority: the profile that asks most. */
  readonly consent: number;
}

const SLICES = 5;

/** What a write pays for being checked against R4 and our profiles. Errors: Error when one of them is not valid. */
export async function measureValidation(sliceMs: number): Promise<Validations> {
  const { structures } = loadDefinitions();
  const ours = profileChecks();
  const checks = createValidator({ structures, ...ours, valueSets: [...loadValueSets(), ...ours.valueSets] });
  const cast = exampleResources({ ods: 'RXX', name: 'Example NHS Trust' });
  const cost = async (resource: Resource | undefined): Promise<number> => {
    const check = (): void => {
      const { structure, profile } = checks.validate(resource);
      if (structure.length + profile.length > 0) throw new Error('The sample is not valid');
    };
    const rates: number[] = [];
    // The first slice warms up.
    for (let slice = -1; slice < SLICES; slice += 1) {
      const rate = await perSecond(sliceMs, check, processorClock);
      if (slice >= 0) rates.push(rate);
    }
    return 1e6 / median(rates);
  };
  return {
    patient: await cost(people(1)[0]),
    request: await cost(reminder('Patient/bench-0', 'bench-0')),
    consent: await cost(cast.find((one) => one.id === 'example-aisha-proxy')),
  };
}
