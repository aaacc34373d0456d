import { system } from '../../src/canonical.ts';
import type { Clearance } from '../../src/policy/facts.ts';
import type { Kind, MessageType } from '../../src/policy/message-facts.ts';
import { hasBegun, isRunning, monthsOn, onTheWall } from './calendar.ts';
import type { AuthorityPaper, Reach, Story } from './story.ts';
import { type Because, because } from './verdict.ts';

/** The person: is it clear who they are, and may anybody write to them at all? (VER-1, VER-3, contract 4) */
export function whyNotThisPerson({ subject, matter }: Story): Because[] {
  return [
    ...(matter.ofAnother ? [because('it is about somebody else', 'identity-mismatch')] : []),
    ...whyNotThem(subject),
  ];
}

function whyNotThem(subject: Story['subject']): Because[] {
  if (subject.is === 'mismatch') return [because('two people are named', 'identity-mismatch')];
  if (subject.is === 'not-a-patient') return [because('no patient is named', 'identity-unusable', 'out-of-scope')];
  if (subject.is !== 'found') return [because('nobody knows who this is', 'identity-unusable')];
  const { patient } = subject;
  const [number, ...others] = patient.nhsNumbers;
  const isKnownLocally = patient.hasLocalNumber && patient.hasName && patient.birthDate !== undefined;
  const isClear = number === undefined ? isKnownLocally : others.length === 0 && passesModulus11(number);
  return [
    ...(isClear && !patient.numberShared ? [] : [because('it may be somebody else', 'identity-unusable')]),
    ...(patient.deceased ? [because('they have died', 'deceased')] : []),
    ...(patient.active && !patient.replaced ? [] : [because('the record is out of use', 'inactive-record')]),
  ];
}

/** Weights 10 to 2; the remainder of eleven, with its check digit, is a multiple of eleven. */
function passesModulus11(number: string): boolean {
  const sum = [...number].reduce((total, digit, index) => total + Number(digit) * (index === 9 ? 1 : 10 - index), 0);
  return /^\d{10}$/.test(number) && sum % 11 === 0;
}

/** To whom it goes, and why it may not go to them. */
export function whyNotTo(story: Story, type: MessageType | undefined): Because[] {
  const [only, second] = story.recipients;
  const staff = story.recipients.some(({ is }) => is === 'colleague');
  const doubtful = story.recipients.some(({ is }) => is === 'mismatch');
  const odd = [
    ...(staff ? [because('it is for a colleague', 'out-of-scope')] : []),
    ...(doubtful ? [because('the recipient is two people', 'identity-mismatch')] : []),
  ];
  if (second !== undefined) return [...odd, because('it is for several people', 'not-a-proxy')];
  if (only === undefined || only.is === 'subject') return [];
  if (only.is === 'another-patient' && story.subject.is !== 'found') return [];
  if (only.is !== 'proxy') return odd.length > 0 ? odd : [because('it is for somebody else', 'not-a-proxy')];
  const { proxy } = story;
  const isRefused = type?.proxiesAllowed === false;
  const notToProxies = isRefused ? [because('such things go to no proxy', 'proxy-not-authorised')] : [];
  if (!proxy.isOfSubject) return [because('they are somebody else’s relative', 'not-a-proxy'), ...notToProxies];
  const stands = isRunning(proxy.term, story.now) && proxy.active;
  return [
    ...(stands ? [] : [because('they are their relative no more', 'proxy-not-authorised')]),
    ...(proxy.deceased ? [because('the proxy has died', 'deceased', 'proxy-not-authorised')] : []),
    ...notToProxies,
    ...(authoritiesFor(story, type).length === 0
      ? [because('nothing lets them receive it', 'proxy-not-authorised', 'not-a-proxy')]
      : []),
  ];
}

/** Whether somebody other than the person is written to. */
export const isForProxy = ({ recipients }: Story): boolean => recipients.length === 1 && recipients[0]?.is === 'proxy';

/** Where and how they wish to be written to: the proxy at the proxy's own (PRX-9). */
export function reachOf(story: Story): Reach {
  if (isForProxy(story)) return story.proxy.reach;
  if (story.subject.is !== 'found') throw new Error('nobody to write to');
  return story.subject.reach;
}

/** The papers that let the proxy have this kind of message, today (PRX-2 to PRX-6). */
export function authoritiesFor(story: Story, type: MessageType | undefined): AuthorityPaper[] {
  return story.authorities.filter(
    (paper) => isOneOfThem(paper, type?.kinds) && isInOrder(paper, story) && countsFor(paper, story),
  );
}

const isOneOfThem = (paper: AuthorityPaper, kinds: readonly Kind[] | undefined): boolean =>
  paper.kinds.length === 0 || kinds === undefined || share(paper.kinds, kinds);

export const share = (some: readonly Kind[], others: readonly Kind[]): boolean =>
  some.some((one) => others.some((other) => other.system === one.system && other.code === one.code));

/** The note in the record: between whom, since when, on what evidence, signed, and nobody has ended or refuted it. */
function isInOrder(paper: AuthorityPaper, { now }: Story): boolean {
  const { check, term } = paper;
  const today = onTheWall(now).day;
  const evidence = paper.document || (check?.held === true && check.on <= today);
  const between = paper.isOfSubject && paper.namesProxy;
  const whole = paper.dated && paper.signed && term.start !== undefined && evidence && !paper.denies;
  return between && whole && paper.status === 'active' && isRunning(term, now) && check?.held !== false;
}

function countsFor({ basis, document, check, term }: AuthorityPaper, { now, subject, policy }: Story): boolean {
  const today = onTheWall(now).day;
  switch (basis) {
    case 'consent':
    case 'court-appointed-personal-welfare-deputy':
      return true;
    case 'parental-responsibility': {
      const born = subject.is === 'found' ? subject.patient.birthDate : undefined;
      return born !== undefined && !hasBegun({ day: monthsOn(born, 18 * 12) }, now);
    }
    case 'health-and-welfare-lasting-power-of-attorney':
      return document && check?.held === true && check.on <= today;
    case 'best-interest': {
      const { start, end } = term;
      if (start === undefined || end !== undefined) return start !== undefined;
      const day = 'day' in start ? start.day : onTheWall(start.instant).day;
      return today < monthsOn(day, policy.bestInterestMonths);
    }
    case 'unknown':
      return false;
  }
}

/** What is sensitive goes to a proxy only after somebody asked the person, or the Guardian where they cannot be (PRX-7, 8). */
export function mustAskFirst(story: Story, type: MessageType): boolean {
  if (!isForProxy(story)) return false;
  const labels = story.matter.labels.filter((one) => one.system === system.actCode);
  if (labels.length === 0 && !story.matter.unread) return false;
  const papers = authoritiesFor(story, type);
  const canSpeak = papers.every(({ basis }) => basis === 'consent' || basis === 'parental-responsibility');
  return !saidYes(story, 'check-with-person', (roles) => canSpeak || roles.includes('caldicott-guardian'));
}

/** Somebody whose it was to answer said yes, and nobody said no. */
export function saidYes(
  { answers }: Story,
  to: Clearance['code'],
  counts: (roles: Clearance['roles']) => boolean = () => true,
): boolean {
  const given = answers.filter(({ code }) => code === to);
  return given.every(({ agreed }) => agreed) && given.some(({ roles }) => counts(roles));
}
