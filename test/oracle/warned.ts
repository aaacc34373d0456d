import { monthsOn, onTheWall } from './calendar.ts';
import type { Story } from './story.ts';
import type { Warned } from './verdict.ts';
import type { OpenWay } from './ways.ts';
import { reachOf } from './who.ts';

/** What staff are told beside a message that goes: PRF-1, 2, 4, 6, contract 1 (quiet hours), 3.2 and 4. */
export function warningsOf(story: Story, { text, to, tells }: OpenWay): Warned {
  const { subject, request, policy } = story;
  const { preferred, needs, contacts } = reachOf(story);
  const used = contacts.filter(({ channel, form }) => channel === text.channel && 'to' in form && to.includes(form.to));
  const stale = used.map(({ confirmedOn }) => isStale(confirmedOn, story));
  return {
    'local-identifier-only': subject.is === 'found' && subject.patient.nhsNumbers.length === 0,
    'need-not-met': needs.some(({ metBy }) => !metBy.includes(text.channel)),
    necessity: tells && request.necessity !== undefined,
    ...(new Set(stale).size === 1 ? { 'stale-contact': stale[0] === true } : {}),
    ...(preferred !== undefined && !preferred.includes(text.channel) ? { 'preference-passed-over': true } : {}),
    // Contract 1 does not say whose hours count where the message is for later.
    ...(request.occurrence === undefined
      ? { 'quiet-hours': request.mayWait && isQuiet(policy.quietHours, story) }
      : {}),
  };
}

const isStale = (confirmedOn: string | undefined, { now, policy }: Story): boolean =>
  confirmedOn === undefined || monthsOn(confirmedOn, policy.contactConfirmedMonths) < onTheWall(now).day;

function isQuiet(hours: Story['policy']['quietHours'], { now }: Story): boolean {
  if (hours === undefined) return false;
  const { time } = onTheWall(now);
  const { from, to } = hours;
  return from < to ? from <= time && time < to : from <= time || time < to;
}
