import { hash } from 'node:crypto';
import { memo, remembering } from '../memo.ts';
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

/**
 * The same of all texts of a message. Words that several channels share are read once; and so are those that were read a
 * moment ago, for a message is decided on when it is asked for, and again before it goes.
 */
export function scannedTexts(rendered: readonly RenderedText[], own: Own): ScannedText[] {
  return rendered.map((one) => {
    const key = digestOf(one, own);
    const found = remembered.get(key) ?? scannedText(one, own).found;
    remembered.put(key, found);
    return { ...one, found };
  });
}

/** By digests: nobody's words are kept. */
const remembered = remembering<readonly WordsFound[]>(500);

function digestOf({ subjectLine, text }: RenderedText, { policy, controller }: Own): string {
  const { contactLine, smsPrefix, linkDomains } = policy;
  const all = [subjectLine ?? null, text, controller.name, contactLine ?? null, smsPrefix ?? null, linkDomains];
  return hash('sha256', JSON.stringify(all), 'base64');
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
  const [host = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#\\]*/i.exec(link.replace(/^[^\p{L}\p{N}]+/u, '')) ?? [];
  return host.split('@').at(-1)?.slice(0, 60) ?? '';
}

/** A sentence ends where the name stood, so that no phrase is read across it. */
const without = (text: string, name: string): string => text.replace(patternOf(name), '\n');

/** The organisation's few names, however their words are apart. */
const patternOf = memo(10, (name) => {
  const words = name.trim().split(/\s+/);
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+');
  return new RegExp(pattern, 'gi');
});
