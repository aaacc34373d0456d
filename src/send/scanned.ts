import type { RenderedText, ScannedText, WordsFound } from '../policy/message-facts.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import { scan } from '../scan/scan.ts';
import { strangeLink } from './links.ts';

interface Own {
  readonly policy: Policy;
  readonly controller: Controller;
}

/** A rendered text with what the scanner finds in its subject and its words, values included (MIN-4, SUS-1, SUS-2). */
export function scannedText(rendered: RenderedText, own: Own): ScannedText {
  const { text, subjectLine } = rendered;
  return { ...rendered, found: wordsFound(subjectLine === undefined ? text : `${subjectLine}\n${text}`, own) };
}

/** The same of all texts of a message; words that several channels share are read once. */
export function scannedTexts(rendered: readonly RenderedText[], own: Own): ScannedText[] {
  const known = new Map<string, readonly WordsFound[]>();
  return rendered.map((one) => {
    const key = JSON.stringify([one.subjectLine, one.text]);
    const found = known.get(key) ?? scannedText(one, own).found;
    known.set(key, found);
    return { ...one, found };
  });
}

/**
 * What stands out in words that are to be sent. The organisation's own name and contact line are passed over: a mental
 * health trust names itself in every message, and says nothing by it of the person.
 */
export function wordsFound(words: string, { policy, controller }: Own): WordsFound[] {
  const { contactLine = '', smsPrefix = '', linkDomains } = policy;
  const own = [controller.name, contactLine, smsPrefix].filter((one) => one.trim() !== '');
  const found = scan(own.reduce(without, words));
  const link = strangeLink(words, linkDomains);
  return link === undefined ? found : [...found, { of: 'link', words: hostOf(link) }];
}

/** Enough of a link to find it by; what follows the host may tell of the person. */
function hostOf(link: string): string {
  const [host = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#\\]*/i.exec(link.replace(/^[("'<[]+/, '')) ?? [];
  return host.split('@').at(-1)?.slice(0, 60) ?? '';
}

/** A sentence ends where the name stood, so that no phrase is read across it. */
function without(text: string, name: string): string {
  const pattern = name
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('\\s+');
  return text.replace(new RegExp(pattern, 'gi'), '\n');
}
