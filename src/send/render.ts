import { countSms, SMS_MAX_CHARACTERS, toSmsText } from '../notify/sms-text.ts';
import { fill, insensitive, placeholders, renderEmail } from '../notify/template.ts';
import type { Channel } from '../policy/channel.ts';
import type { ChannelTemplate, ContentFact, MessageType, RenderedText, TextFault } from '../policy/facts.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import { hoursText } from './hours.ts';
import { contentFact, type GivenContent } from './personalisation.ts';
import { escapeMarked, hasWayToCheck, mark, plainText, plainValue, unmarked } from './plain-value.ts';

/** What every template may use without the caller giving it; a caller's value of that name is not looked at. */
const ORGANISATION = 'organisation';
/** The key that the free text fills, for types that take it. */
const FREE_TEXT = 'message';

export interface RenderContext {
  readonly type: MessageType;
  readonly given: GivenContent;
  /** The recipient's preferred language, in lower case. */
  readonly language: string | undefined;
  readonly policy: Policy;
  readonly controller: Controller;
}

/**
 * The exact words of a message for each channel and kind that its type has: as the provider will answer them, so that
 * what was checked, shown and recorded is what the person reads.
 */
export function renderTexts(context: RenderContext): { texts: RenderedText[]; content: ContentFact } {
  const { type, given, policy } = context;
  const chosen = inLanguage(type.templates, context.language);
  const left = new Set<string>();
  const texts = chosen.flatMap((template): RenderedText[] => {
    if (template.words.held === 'at-provider') return [];
    const { text, subject = '' } = template.words;
    const filled = filler(context, placeholders(subject, text));
    for (const name of filled.left) left.add(name);
    return [render(context, template, { text, subject }, filled)];
  });
  return { texts, content: contentFact(given, type, [...left], policy) };
}

interface Filler {
  readonly values: ReadonlyMap<string, string>;
  /** Keys that the template asks for, that the type does not declare and nobody filled. */
  readonly left: readonly string[];
}

function filler({ type, given, controller }: RenderContext, wanted: readonly string[]): Filler {
  const values = new Map<string, string>();
  const left: string[] = [];
  const declared = new Set(type.personalisation.map((one) => insensitive(one.name)));
  for (const name of wanted) {
    const key = insensitive(name);
    const value = given.values.get(key);
    if (key === ORGANISATION) values.set(key, controller.name);
    else if (key === FREE_TEXT && type.freeText) values.set(key, plainText(given.freeText ?? ''));
    else if (value !== undefined) values.set(key, plainValue(value));
    else if (declared.has(key)) values.set(key, '');
    else left.push(name);
  }
  return { values, left };
}

function render(
  context: RenderContext,
  { channel, kind, rank }: ChannelTemplate,
  words: { text: string; subject: string },
  { values }: Filler,
): RenderedText {
  const { policy } = context;
  const plain = Object.fromEntries(values);
  const faults: TextFault[] = placeholdersLeft(fill(words.text, plain, 'sms'), fill(words.subject, plain, 'subject'));
  if (lengthLimited[channel]) {
    const prefix = policy.smsPrefix === undefined ? '' : `${policy.smsPrefix}: `;
    const text = stable(toSmsText, withSender(context, fill(words.text, plain, 'sms'), { gap: '\n', prefix }));
    const { characters, fragments } = countSms(text, policy.smsPrefix);
    if (characters > SMS_MAX_CHARACTERS) faults.push({ kind: 'too-long', characters, limit: SMS_MAX_CHARACTERS });
    return { channel, kind, rank, text, subjectLine: undefined, fragments, faults };
  }
  const marked = Object.fromEntries([...values].map(([key, value]) => [key, `${mark.open}${value}${mark.close}`]));
  const body = withSender(context, escapeMarked(fill(words.text, marked, 'email')), { gap: '\n\n', prefix: '' });
  const oneLine = Object.fromEntries([...values].map(([key, value]) => [key, value.replace(/\\/g, '/')]));
  const subjectOf = (subject: string, using = {}) => renderEmail({ subject, body: '' }, using).subject;
  return {
    channel,
    kind,
    rank,
    text: renderEmail({ subject: '', body: `${body.trim()}\n\n${hoursText(policy.teamHours)}` }, {}).body,
    // A placeholder left in it stays as it is, and is a fault.
    subjectLine: stable(subjectOf, subjectOf(words.subject, oneLine)),
    fragments: undefined,
    faults,
  };
}

/** Channels whose words go as one plain text of limited length. */
const lengthLimited = {
  nhsapp: false,
  sms: true,
  email: false,
  'secure-email': false,
  letter: false,
} as const satisfies Record<Channel, boolean>;

/**
 * The text with the organisation's name, and a way to check it, added where they are lacking (SUS-3). `prefix` is what
 * the provider puts before it, which may be the name.
 */
function withSender(
  { controller, policy }: RenderContext,
  text: string,
  { gap, prefix }: { gap: string; prefix: string },
): string {
  const isNamed = plainly(prefix + text).includes(plainly(controller.name));
  const named = isNamed ? text : `${text}${gap}${controller.name}`;
  if (policy.contactLine === undefined || hasWayToCheck(named, policy.linkDomains)) return named;
  return `${named}${gap}${policy.contactLine}`;
}

const plainly = (text: string): string => text.replace(/\s+/g, ' ').toLowerCase();

/** One template for each channel and kind: in the recipient's language where the type has it, otherwise the plain one. */
function inLanguage(templates: readonly ChannelTemplate[], language: string | undefined): ChannelTemplate[] {
  const best = new Map<string, ChannelTemplate>();
  for (const template of templates) {
    const fit = fitOf(template, language);
    if (fit === 0) continue;
    const key = `${template.channel} ${template.kind}`;
    const other = best.get(key);
    if (other === undefined || fit > fitOf(other, language)) best.set(key, template);
  }
  return [...best.values()];
}

/** 3: the very language; 2: its first part; 1: no language is said; 0: another language. */
function fitOf(template: ChannelTemplate, language: string | undefined): 0 | 1 | 2 | 3 {
  if (template.language === undefined) return 1;
  if (language === undefined) return 0;
  if (template.language === language) return 3;
  return template.language.split('-')[0] === language.split('-')[0] ? 2 : 0;
}

const forms: readonly (readonly [string, RegExp])[] = [
  ['double round brackets', /\(\([^()\n]{1,60}\)\)/],
  ['double curly brackets', /\{\{[^{}\n]{0,60}\}\}/],
  ['angle brackets', /<[\p{L}_][\p{L}\p{N}_ .-]{0,59}>/u],
  ['square brackets', /\[[\p{L}_][^[\]\n]{0,59}\](?!\()/u],
];

/** Looked for before anything is escaped, in the words as a person would read them. */
function placeholdersLeft(...texts: string[]): TextFault[] {
  return forms
    .filter(([, pattern]) => texts.some((text) => pattern.test(unmarked(text))))
    .map(([form]) => ({ kind: 'placeholder', form }));
}

/**
 * What comes out when a clean-up is repeated until nothing changes: the provider cleans again what it is given, and
 * must find nothing left to do. It settles in a few rounds: after the first, each shortens the text or keeps it.
 */
function stable(clean: (text: string) => string, text: string): string {
  let before = text;
  for (;;) {
    const after = clean(before);
    if (after === before) return after;
    before = after;
  }
}
