/** One word of a text. */
export interface Token {
  /** In small letters, without accents and apostrophes: what is looked up. */
  readonly plain: string;
  readonly start: number;
  readonly end: number;
  /** A sentence, a line or a clause ends between this word and the one before. */
  readonly opens: boolean;
}

/** The words of a text: runs of letters and digits, so that `follow-up` is two and `Crohn's` is one. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let from = 0;
  for (const { 0: raw, index } of text.matchAll(word)) {
    const end = index + raw.length;
    tokens.push({ plain: plainWord(raw), start: index, end, opens: breaks.test(text.slice(from, index)) });
    from = end;
  }
  return tokens;
}

/** A word as it is looked up. */
export function plainWord(raw: string): string {
  const lower = raw.toLowerCase();
  if (asciiWord.test(lower)) return lower;
  return lower.normalize('NFKD').replace(/[^\p{L}\p{N}]/gu, '');
}

/** An abbreviation with full stops is one word as well: S.T.I. */
const word = /(?:(?<![\p{L}\p{N}])\p{L}\.){2,}\p{L}?(?![\p{L}\p{N}])|[\p{L}\p{N}]+(?:['’`´]\p{L}+)*/gu;
const asciiWord = /^[a-z0-9]+$/;
const breaks = /[.!?;:\n]/;
