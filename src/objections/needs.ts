import type { Consent, Flag } from '@medplum/fhirtypes';
import { holdsAt, intervalOf } from '../policy/london.ts';
import { channelsNeeded } from '../send/gather-needs.ts';
import { objectedChannels, scopesOf } from '../send/gather-objections.ts';
import { stands } from '../send/objection-detail.ts';
import type { Stored } from '../store/fhir-store.ts';

/** `Flag/id` of each recorded need that an objection stands against: no rule can settle that, a person must. */
export function needsMet(consent: Consent, flags: readonly Stored<Flag>[], now: Date): string[] {
  if (!stands(consent, now)) return [];
  const channels = objectedChannels(consent);
  const scopes = scopesOf(consent);
  const isAll = channels === 'all' || scopes.includes('all-messages') || scopes.includes('care-processing');
  return flags.flatMap((flag) => {
    if (flag.status !== 'active' || !holdsAt(intervalOf(flag.period), now)) return [];
    return channelsNeeded(flag.code).some((one) => isAll || channels.includes(one)) ? [`Flag/${flag.id}`] : [];
  });
}
