import { MSG } from '../canonical.ts';
import { searchDefinition } from '../fhir/search-definitions.ts';
import { ABSENT } from './examined.ts';

/** Of these token parameters R4 knows no values but true and false. */
const truths: readonly string[] = ['active', 'actual', 'deceased'];

/** A value of the right form for a search parameter; where the form leaves a choice, one that no record has. */
export function valueFor(type: string, name: string): string {
  const { type: kind, target = [] } = searchDefinition(type, name);
  switch (kind) {
    case 'token':
      return truths.includes(name) ? 'true' : name === '_id' ? ABSENT : `${MSG}/id/doctor|none`;
    case 'reference':
      // A canonical is asked for by its address.
      return name === 'instantiates-canonical' ? `${MSG}/ActivityDefinition/none` : `${target[0] ?? type}/${ABSENT}`;
    case 'date':
      return '1800-01-01';
    case 'uri':
      return `${MSG}/id/doctor`;
    case 'composite':
      return 'none$none';
    case 'number':
    case 'quantity':
      return '-1';
    default:
      return 'herald-doctor-none';
  }
}
