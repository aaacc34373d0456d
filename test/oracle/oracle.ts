import { type BlockReason, blockReasons } from '../../src/policy/codes.ts';
import { confidentialFamilies, type MessageType, type ScannedText } from '../../src/policy/message-facts.ts';
import type { Story } from './story.ts';
import { type Because, because, type Verdict } from './verdict.ts';
import { warningsOf } from './warned.ts';
import { waysFor } from './ways.ts';
import { mustAskFirst, saidYes, whyNotThisPerson, whyNotTo } from './who.ts';

const CARE = new Set(['TREAT', 'PATADMIN', 'PUBHLTH', 'ETREAT']);

/**
 * What the guidance and the contract say to one story: first whether it may be asked for at all, then whom it is about,
 * to whom it goes, by which channels, in which words. Several verdicts where the documents leave the choice open.
 */
export function judge(story: Story): Verdict[] {
  if (story.unread.length > 0) return [{ kind: 'cannot-tell' }];
  const emergency = isEmergency(story);
  const found = story.messageType.kind === 'found' ? story.messageType : undefined;
  const plain = [
    ...whyNotAsked(story, found?.type),
    ...whyNotThisPerson(story),
    ...whyNotTo(story, found?.type),
    ...whyNotInWords(story, emergency),
  ];
  if (found === undefined || !isAddressed(story)) {
    return [refused(plain)];
  }
  return (['words count', 'words do not count'] as const).flatMap((reading) =>
    judgeWays(story, found, emergency, plain, waysFor(story, found, emergency, reading)),
  );
}

function judgeWays(
  story: Story,
  found: Extract<Story['messageType'], { kind: 'found' }>,
  emergency: boolean,
  plain: readonly Because[],
  { open, shut, barred }: ReturnType<typeof waysFor>,
): Verdict[] {
  const waits = whyWait(story, found.type, emergency);
  const alsoSaid = found.texts.some(isAppeal) ? (['out-of-scope'] as const) : [];
  if (open.length === 0) {
    const also = new Set<BlockReason>([...shut, ...waits, ...alsoSaid]);
    return [{ kind: 'may-not-go', because: [...plain, ...barred], also }];
  }
  const verdicts = open.map((way): Verdict => {
    const said = whyNotSaid(way.text, emergency);
    if (plain.length + said.length > 0)
      return { kind: 'may-not-go', because: [...plain, ...said], also: new Set([...waits, ...alsoSaid]) };
    if (waits.length > 0) return { kind: 'must-wait', until: waits };
    const { channel, kind } = way.text;
    return {
      kind: 'may-go',
      way: { channel, kind, to: way.to },
      warned: emergency ? undefined : warningsOf(story, way),
    };
  });
  // The documents do not say whether a message is out of scope whose words by another channel are.
  const more = alsoSaid.length === 0 ? [] : [because('its words by another channel ask for money', 'out-of-scope')];
  return [...verdicts, ...more.map((one): Verdict => refused([...plain, one]))];
}

/** Which other reasons are given is left open. */
const refused = (reasons: readonly Because[]): Verdict => ({
  kind: 'may-not-go',
  because: reasons,
  also: new Set(blockReasons),
});

/** Somebody is there to whom it would go, rightly or not. */
function isAddressed({ subject, recipients }: Story): boolean {
  const [only, second] = recipients;
  return subject.is === 'found' && second === undefined && ['subject', 'proxy'].includes(only?.is ?? 'subject');
}

/** Contract 8: a claim with every part, by a named person. */
const isEmergency = (story: Story): boolean => story.request.emergency !== undefined && !lacksParts(story);

function lacksParts({ request }: Story): boolean {
  const claim = request.emergency;
  if (claim === undefined) return false;
  const isSaid = claim.isStat && claim.hasPurpose && claim.hasReason && claim.hasExtension && claim.hasDecider;
  return !isSaid || claim.seniorConsulted === claim.noSeniorBecause || request.requester !== 'person';
}

function whyNotAsked(story: Story, type: MessageType | undefined): Because[] {
  const { request, now } = story;
  const mayAsk = request.requester === 'person' || (request.requester === 'system' && type?.automatic !== false);
  const isCare = [...request.reasons, ...(type?.purposes ?? [])].every((reason) => CARE.has(reason));
  const latest = request.expires?.getTime() ?? Number.POSITIVE_INFINITY;
  const isLate = Math.max(now, request.occurrence?.getTime() ?? now) >= latest || request.timesUnclear;
  const isResults = type?.kinds.some(({ code }) => code === 'results-routine') === true;
  const isBadNews =
    type !== undefined &&
    (request.resultsStatement === 'not-routine' || (isResults && request.resultsStatement !== 'routine'));
  return [
    ...(mayAsk ? [] : [because('nobody who may asks for it', 'requester-missing')]),
    ...(isCare ? [] : [because('it is not about care', 'out-of-scope')]),
    ...(isLate ? [because('it is too late', 'expired')] : []),
    ...(request.unknownMedium.length > 0 ? [because('a way that nobody knows', 'channel-not-approved')] : []),
    ...(isBadNews ? [because('a person gives such news', 'results-not-routine')] : []),
    ...(lacksParts(story) ? [because('an emergency with parts missing', 'emergency-incomplete')] : []),
  ];
}

function whyNotInWords({ messageType }: Story, emergency: boolean): Because[] {
  if (messageType.kind !== 'found') return [because('no such kind of message', 'message-type-unknown')];
  const { missing, unreadable, freeText, strangeLink } = messageType.content;
  const isIncomplete = missing.length > 0 || unreadable || freeText === 'missing';
  return [
    ...(isIncomplete ? [because('words are missing', 'personalisation-incomplete')] : []),
    ...(freeText === 'not-taken'
      ? [because('words that it does not take', 'personalisation-incomplete', 'wording')]
      : []),
    ...(strangeLink && !emergency ? [because('a link to nowhere known', 'wording')] : []),
  ];
}

/** What somebody has to answer before it may go; what an emergency lifts of it is in contract 8. */
function whyWait(story: Story, type: MessageType, emergency: boolean): BlockReason[] {
  const { subject, messageType, policy, request } = story;
  const isRestricted = subject.is === 'found' && subject.patient.restricted && !emergency;
  const isFree = messageType.kind === 'found' && messageType.content.freeText === 'given';
  const isExcused = emergency && request.emergency?.personNotAsked === true;
  return [
    ...(mustAskFirst(story, type) && !isExcused ? (['sensitive-proxy'] as const) : []),
    ...(isRestricted && !saidYes(story, 'restricted-record') ? (['restricted-record'] as const) : []),
    ...(isFree && policy.secondReader.includes(type.code) && !saidYes(story, 'second-reader')
      ? (['second-reader'] as const)
      : []),
  ];
}

/** SUS-1 to SUS-3, CON-3 and the length: what a text says refuses it, and sends nobody another way. */
function whyNotSaid(text: ScannedText, emergency: boolean): Because[] {
  const { faults, found } = text;
  const families: readonly string[] = confidentialFamilies;
  const isLong = faults.some(({ kind }) => kind === 'too-long');
  const isBad =
    faults.some(({ kind }) => kind !== 'too-long') ||
    found.some(({ of }) => of !== 'appeal' && of !== 'study' && !families.includes(of));
  return [
    ...(isLong ? [because('the text is too long', 'too-long')] : []),
    ...(isAppeal(text) ? [because('it asks for money or for a study', 'out-of-scope')] : []),
    ...(isBad && !emergency ? [because('it reads like a scam', 'wording')] : []),
  ];
}

/** CON-3: fundraising and research. */
const isAppeal = ({ found }: ScannedText): boolean => found.some(({ of }) => of === 'appeal' || of === 'study');
