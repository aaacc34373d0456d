import { countSms, SMS_MAX_CHARACTERS, toSmsText } from '../notify/sms-text.ts';
import { fill, renderEmail, renderLetter } from '../notify/template.ts';
import type { Channel } from '../policy/channel.ts';
import type { ChannelTemplate, ContentFact, RenderedText, TextFault } from '../policy/message-facts.ts';
import type { ProviderTemplate } from '../providers/provider.ts';
import { type FillContext, type Filling, fillingOf, placeholdersLeft } from './filling.ts';
import { hoursText } from './hours.ts';
import { contentFact } from './personalisation.ts';
import { escapeMarked, mark } from './plain-value.ts';
import { isCheckable, namesSender } from './sender.ts';
import { renderProviderTemplate, textsOf } from './template-render.ts';

export interface RenderContext extends FillContext {
  /** The recipient's preferred language, in lower case. */
  readonly language: string | undefined;
  /** The provider's own templates that the type names, by id, as they are now; those that it does not have are absent. */
  readonly providerTemplates: ReadonlyMap<string, ProviderTemplate>;
}

/**
 * The exact words of a message for each channel and kind that its type has: as the provider will answer them, so that
 * what was checked, shown and recorded is what the person reads.
 */
export function renderTexts(context: RenderContext): { texts: RenderedText[]; content: ContentFact } {
  const { type, given, policy } = context;
  const chosen = inLanguage(type.templates, context.language);
  const left = new Set<string>();
  const filled = (...words: string[]): Filling => {
    const filling = fillingOf(context, ...words);
    for (const name of filling.left) left.add(name);
    return filling;
  };
  // An email and a letter mostly have the same words: they are made once.
  const made = new Map<string, LongForm>();
  const longForm = (words: Words): LongForm => {
    const key = JSON.stringify([words.subject, words.text]);
    const form = made.get(key) ?? madeLong(context, words, filled(words.subject, words.text));
    made.set(key, form);
    return form;
  };
  const texts = chosen.flatMap((template): RenderedText[] => {
    const sender = template.senderId === undefined ? {} : { senderId: template.senderId };
    if (template.words.held === 'at-provider') {
      const theirs = context.providerTemplates.get(template.words.templateId);
      // A template of another channel can never be sent by this one.
      if (theirs?.channel !== template.channel) return [];
      return [{ ...renderProviderTemplate(context, template, theirs, filled(...textsOf(theirs))), ...sender }];
    }
    const { text, subject = '' } = template.words;
    const words = { text, subject };
    const rendered = lengthLimited[template.channel]
      ? renderShort(context, template, words, filled(subject, text))
      : renderLong(template, words, longForm(words));
    return [{ ...rendered, ...sender }];
  });
  return { texts, content: contentFact(given, type, [...left], policy) };
}

interface Words {
  readonly text: string;
  readonly subject: string;
}

const faultsIn = ({ text, subject }: Words, { values }: Filling): TextFault[] =>
  placeholdersLeft(fill(text, values, 'sms'), fill(subject, values, 'subject'));

function renderShort(
  context: RenderContext,
  { channel, kind, rank }: ChannelTemplate,
  words: Words,
  filling: Filling,
): RenderedText {
  const { policy } = context;
  const faults = faultsIn(words, filling);
  const prefix = policy.smsPrefix === undefined ? '' : `${policy.smsPrefix}: `;
  const text = stable(toSmsText, withSender(context, fill(words.text, filling.values, 'sms'), { gap: '\n', prefix }));
  const { characters, fragments } = countSms(text, policy.smsPrefix);
  if (characters > SMS_MAX_CHARACTERS) faults.push({ kind: 'too-long', characters, limit: SMS_MAX_CHARACTERS });
  return { channel, kind, rank, text, subjectLine: undefined, fragments, faults };
}

/** Of words without a limit of length: what is the same whichever way they go. */
interface LongForm {
  readonly body: string;
  readonly faults: readonly TextFault[];
  /** The values as a subject takes them. */
  readonly oneLine: Readonly<Record<string, string>>;
}

function madeLong(context: RenderContext, words: Words, filling: Filling): LongForm {
  const { values } = filling;
  const marked = fill(words.text, values, 'email', (value) => `${mark.open}${value}${mark.close}`);
  const body = withSender(context, escapeMarked(marked), { gap: '\n\n', prefix: '' });
  return {
    body: renderEmail({ subject: '', body: `${body.trim()}\n\n${hoursText(context.policy.teamHours)}` }, {}).body,
    faults: faultsIn(words, filling),
    oneLine: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value.replace(/\\/g, '/')])),
  };
}

function renderLong({ channel, kind, rank }: ChannelTemplate, words: Words, form: LongForm): RenderedText {
  const renderSubject = channel === 'letter' ? renderLetter : renderEmail;
  const subjectOf = (subject: string, using = {}) => renderSubject({ subject, body: '' }, using).subject;
  return {
    channel,
    kind,
    rank,
    text: form.body,
    // A placeholder left in it stays as it is, and is a fault.
    subjectLine: stable(subjectOf, subjectOf(words.subject, form.oneLine)),
    fragments: undefined,
    faults: form.faults,
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
  const named = namesSender(prefix + text, controller) ? text : `${text}${gap}${controller.name}`;
  if (policy.contactLine === undefined || isCheckable(named, policy)) return named;
  return `${named}${gap}${policy.contactLine}`;
}

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
