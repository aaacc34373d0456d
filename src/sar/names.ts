import type { HumanName, Organization, Reference, RelatedPerson } from '@medplum/fhirtypes';
import { localReference } from '../send/naming.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import { MASKED } from './history.ts';
import { isMasked } from './mask.ts';

/** As it is written: `Ms Ada Example`. */
export function nameOf(names: readonly HumanName[] | undefined): string {
  const name = names?.find((one) => one.use === 'official') ?? names?.find((one) => one.use !== 'old') ?? names?.[0];
  if (name === undefined) return '';
  if (isMasked({ name }, 'name')) return MASKED;
  const given = isMasked(name, 'given') ? [MASKED] : (name.given ?? []);
  const family = isMasked(name, 'family') ? MASKED : name.family;
  const parts = [...(name.prefix ?? []), ...given, ...(family === undefined ? [] : [family]), ...(name.suffix ?? [])];
  return parts.length > 0 ? parts.join(' ') : (name.text ?? '');
}

const REMEMBERED = 2_000;

/** The names behind references, each read once. Staff who act as such are named (contract 12). */
export class Names {
  readonly #store: FhirStore;
  readonly #known = new Map<string, string>();

  /** `people`: names that are known already and are never read, masked ones among them, by `Type/id`. */
  constructor(store: FhirStore, people: ReadonlyMap<string, string>) {
    this.#store = store;
    this.#known = new Map(people);
  }

  /** Empty where there is no name. Errors: StoreError. */
  async of(reference: Reference | undefined): Promise<string> {
    if (reference === undefined) return '';
    if (isMasked({ reference }, 'reference')) return MASKED;
    const key = (reference.reference ?? '').replace(/\/_history\/.*$/, '');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const read = key === '' ? '' : await this.#read(key);
    const name = read || reference.display || reference.identifier?.value || key;
    if (key !== '' && this.#known.size < REMEMBERED) this.#known.set(key, name);
    return name;
  }

  async #read(key: string): Promise<string> {
    const [type, id = ''] = key.split('/');
    if (localReference(key, type ?? '') === undefined) return '';
    switch (type) {
      case 'Practitioner':
        return nameOf((await this.#store.read('Practitioner', id))?.name);
      case 'PractitionerRole': {
        const role = await this.#store.read('PractitionerRole', id);
        const who = role?.practitioner === undefined ? '' : await this.of(role.practitioner);
        const job = role?.code?.[0]?.text ?? role?.code?.[0]?.coding?.[0]?.display;
        return job === undefined ? who : [who, `(${job})`].filter((one) => one !== '').join(' ');
      }
      case 'Organization':
      case 'HealthcareService':
        return (
          ((await this.#store.read<'Organization' | 'HealthcareService'>(type, id)) as Organization | undefined)
            ?.name ?? ''
        );
      case 'Device':
        return (await this.#store.read('Device', id))?.deviceName?.[0]?.name ?? '';
      default:
        return '';
    }
  }
}

/** Names of people, by reference, as the copy may show them. */
export function namesOfPeople(people: readonly (RelatedPerson & { id: string })[]): Map<string, string> {
  return new Map(people.map((one) => [`RelatedPerson/${one.id}`, isMasked(one, 'name') ? MASKED : nameOf(one.name)]));
}
