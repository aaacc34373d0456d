import type { Token } from '../scan/tokens.ts';

/**
 * The words of a text in one line, in small letters and without accents, with ` , ` and ` . ` where it pauses and ends:
 * what the signs of urgency are held against. Pure.
 */
export function lineOf(written: string, tokens: readonly Token[]): string {
  let line = '';
  for (const [at, token] of tokens.entries()) {
    line += at === 0 ? '' : pauseBetween(written.slice(tokens[at - 1]?.end, token.start), token.opens);
    line += token.plain;
  }
  return line;
}

/** 38.4 and 120/80 are one; a full stop ends, a comma, a dash or a bracket pauses. */
function pauseBetween(written: string, opens: boolean): string {
  if (/^[.:/]$/.test(written)) return written;
  if (opens) return ' . ';
  return /[,()]|\s[-–—]+\s/.test(written) ? ' , ' : ' ';
}
