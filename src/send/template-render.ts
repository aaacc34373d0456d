import { countSms, SMS_MAX_CHARACTERS, toSmsText } from '../notify/sms-text.ts';
import { fill, insensitive, placeholders, renderEmail, renderLetter, renderSms } from '../notify/template.ts';
import type { ChannelTemplate, RenderedText, TextFault } from '../policy/message-facts.ts';
import type { ProviderTemplate } from '../providers/provider.ts';
import { type FillContext, type Filling, placeholdersLeft } from './filling.ts';
import { escapeValue, isLineStart, softenValue } from './plain-value.ts';
import { isCheckable, namesSender } from './sender.ts';

type Values = Readonly<Record<string, string>>;

/** The texts of a provider's template that may hold placeholders, in the order in which Notify asks for them. */
export function textsOf({ contactBlock = '', subject = '', body }: ProviderTemplate): string[] {
  return [contactBlock, subject, body];
}

/**
 * What Notify will make of its own template and these values, and what is wrong with it (contract 3.1). Nothing can be
 * added to such a template, so it has to say by itself who writes and how to check that (SUS-3).
 */
export function renderProviderTemplate(
  context: FillContext,
  { channel, kind, rank }: ChannelTemplate,
  template: ProviderTemplate,
  { values }: Filling,
): RenderedText {
  const texts = textsOf(template);
  const faults = placeholdersLeft(...texts.map((text) => fill(text, values, 'sms')));
  const base = { channel, kind, rank } as const;
  if (template.channel === 'sms') {
    const { smsPrefix } = context.policy;
    const text = renderSms(template.body, values);
    const { characters, fragments } = countSms(fill(template.body, values, 'sms'), smsPrefix);
    if (characters > SMS_MAX_CHARACTERS) faults.push({ kind: 'too-long', characters, limit: SMS_MAX_CHARACTERS });
    faults.push(...senderFaults(context, smsPrefix === undefined ? text : `${smsPrefix}: ${text}`, toSmsText));
    return { ...base, text, subjectLine: undefined, fragments, faults, template: use(template, values) };
  }
  const safe = safeValues(template, values);
  const render = template.channel === 'letter' ? renderLetter : renderEmail;
  const { subject, body } = render({ subject: template.subject ?? '', body: template.body }, safe);
  const letterhead = fill(template.contactBlock ?? '', safe, 'email');
  const named = (name: string): string => escapeValue(name, false);
  faults.push(...senderFaults(context, `${letterhead}\n${body}`, named));
  return { ...base, text: body, subjectLine: subject, fragments: undefined, faults, template: use(template, safe) };
}

const use = ({ id, version }: ProviderTemplate, values: Values) => ({ id, version, values });

function senderFaults({ controller, policy }: FillContext, text: string, as: (name: string) => string): TextFault[] {
  const faults: TextFault[] = [];
  const isNamed = namesSender(text, controller) || namesSender(text, controller, as);
  if (!isNamed) faults.push({ kind: 'sender', lacks: 'name' });
  if (!isCheckable(text, policy)) faults.push({ kind: 'sender', lacks: 'way-to-check' });
  return faults;
}

/**
 * The values as Notify is given them for an email or a letter. It puts one and the same value wherever the template has
 * its key, and reads Markdown in the body alone.
 */
function safeValues({ subject = '', body }: ProviderTemplate, values: Values): Values {
  const inSubject = new Set(placeholders(subject).map(insensitive));
  const openers = lineOpeners(body);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const key = insensitive(name);
      return [name, inSubject.has(key) ? softenValue(value) : escapeValue(value, openers.has(key))];
    }),
  );
}

/** The keys with which a line of the body may begin, whatever the values are. */
function lineOpeners(body: string): ReadonlySet<string> {
  const openers = new Set<string>();
  for (const line of body.split(/\r\n?|\n/)) {
    for (const found of line.matchAll(/\(\([^()]+\)\)/g)) {
      if (!isLineStart(line.slice(0, found.index).replace(/\(\([^()]+\)\)/g, ''))) break;
      for (const name of placeholders(found[0])) openers.add(insensitive(name));
    }
  }
  return openers;
}
