import { isApprovedHost, plainText } from './plain-value.ts';

/**
 * The first link in a text, as people and telephones see one, that is not https to an approved domain (SUS-2): another
 * scheme, a shortener or any other domain, letters that only look like ours, a bare internet address. A bare domain name
 * counts where it has a path, or one of the endings that the tricksters' links have.
 */
export function strangeLink(text: string, approved: readonly string[]): string | undefined {
  // As it will be once Notify has taken out what nobody sees, and spaces before full stops.
  const shown = plainText(text)
    .replace(otherDots, '.')
    .replace(/[ \t\u00a0\u202f]+(?=[.,])/g, '');
  return shown.split(/\s+/).find((word) => isStrange(word, approved));
}

/** What browsers take for the full stop of a domain (UTS 46), and one more that looks like it. */
const otherDots = /[\u3002\uff0e\uff61\u2024]/g;

function isStrange(word: string, approved: readonly string[]): boolean {
  // Nearly every word: there is no link in it.
  if (!word.includes('.') && !word.includes('://')) return false;
  const written = [...word.matchAll(/([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/gi)];
  if (written.length > 0) {
    return written.some(
      ([, scheme = '', host = '']) => scheme.toLowerCase() !== 'https' || !isApprovedHost(withoutEnd(host), approved),
    );
  }
  if (bareAddress.test(word)) return true;
  for (const { 0: run, index } of word.matchAll(names)) {
    const after = word.slice(index + run.length);
    // Of an email address.
    if (after.startsWith('@') || (index > 1 && word[index - 1] === '@')) continue;
    const hasPath = /^(?::\d{1,5})?[/?#]/.test(after);
    const found = run.split(/\.{2,}/).map(withoutDots);
    if (found.some((name, at) => isStrangeName(name, hasPath && at === found.length - 1, approved))) return true;
    // What follows belongs to the address.
    if (hasPath && bareName.test(found.at(-1) ?? '')) return false;
  }
  return false;
}

function isStrangeName(name: string, hasPath: boolean, approved: readonly string[]): boolean {
  if (!bareName.test(name)) return false;
  const isLink = hasPath || /^www\./i.test(name) || commonEnding.test(name);
  return isLink && !isApprovedHost(name, approved);
}

/** Four numbers that stand apart. */
const bareAddress = /(?<![\p{L}\p{N}.-])\d{1,3}(?:\.\d{1,3}){3}(?![\p{L}\p{N}-]|\.\d)/u;

/** What a domain may be among other marks: people and telephones find one behind a slash, a colon or a bracket too. */
const names = /[\p{L}\p{N}.-]+/gu;
const bareName = /^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*\.\p{L}{2,}$/u;

const withoutDots = (name: string): string => name.replace(/^\.+|\.+$/g, '');

const commonEnding =
  /\.(com|net|org|info|biz|io|co|uk|eu|me|ly|gl|link|click|xyz|top|site|online|app|shop|live|ru|cn|example)$/i;

const withoutEnd = (host: string): string => host.replace(/[.,;:!?)\]'">]+$/, '');
