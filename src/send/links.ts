import { isApprovedHost, plainText } from './plain-value.ts';

/**
 * The first link in a text, as people and telephones see one, that is not https to an approved domain (SUS-2): another
 * scheme, a shortener or any other domain, letters that only look like ours, a bare internet address. A bare domain name
 * counts where it has a path, or one of the endings that the tricksters' links have.
 */
export function strangeLink(text: string, approved: readonly string[]): string | undefined {
  // As it will be once Notify has taken out what nobody sees, and spaces before full stops.
  const shown = plainText(text).replace(/[ \t\u00a0\u202f]+(?=[.,])/g, '');
  return shown.split(/\s+/).find((word) => isStrange(word, approved));
}

function isStrange(word: string, approved: readonly string[]): boolean {
  // Nearly every word: there is no link in it.
  if (!word.includes('.') && !word.includes('://')) return false;
  const written = [...word.matchAll(/([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/gi)];
  if (written.length > 0) {
    return written.some(
      ([, scheme = '', host = '']) => scheme.toLowerCase() !== 'https' || !isApprovedHost(withoutEnd(host), approved),
    );
  }
  if (word.includes('@')) return false;
  const [, host = '', path] = /^[("'<[]*([^/?#]*)([/?#])?/.exec(word) ?? [];
  const name = withoutEnd(host);
  if (bareAddress.test(name)) return true;
  if (!/^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*\.\p{L}{2,}$/u.test(name)) return false;
  const isLink = path !== undefined || /^www\./i.test(name) || commonEnding.test(name);
  return isLink && !isApprovedHost(name, approved);
}

/** Four numbers, with or without a port. */
const bareAddress = /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/;

const commonEnding =
  /\.(com|net|org|info|biz|io|co|uk|eu|me|ly|gl|link|click|xyz|top|site|online|app|shop|live|ru|cn|example)$/i;

const withoutEnd = (host: string): string => host.replace(/[.,;:!?)\]'">]+$/, '');
