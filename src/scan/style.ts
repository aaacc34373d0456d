/** Shorter capital words are abbreviations; so many longer ones in a row, with so many letters, are shouting. */
const SHORTEST = 4;
const SHOUTED_WORDS = 3;
const SHOUTED_LETTERS = 10;

/** Words that shout where they stand alone in capitals. */
const loud: ReadonlySet<string> = new Set([
  'URGENT',
  'URGENTLY',
  'IMPORTANT',
  'WARNING',
  'FINAL',
  'IMMEDIATELY',
  'NOW',
]);

/** The first words of a text that are in capitals for effect (SUS-1); one long word or abbreviation is not. */
export function shouting(text: string): string | undefined {
  // Three capitals together are rare, and looking for them is quick.
  if (!/\p{Lu}{3}/u.test(text)) return undefined;
  let run: readonly string[] = [];
  for (const [word] of text.matchAll(/[\p{L}\p{N}'’]+/gu)) {
    const letters = word.replace(/[^\p{L}]/gu, '');
    const isCapital = letters.length > 1 && letters === letters.toUpperCase() && letters !== letters.toLowerCase();
    if (isCapital && loud.has(letters)) return word;
    // A number, or one letter as in "ward A", neither shouts nor ends shouting.
    if (letters.length <= 1 && word !== 'a') continue;
    run = isCapital ? [...run, word] : [];
    const whole = run.filter((one) => one.length >= SHORTEST);
    if (run.length >= SHOUTED_WORDS && whole.join('').length >= SHOUTED_LETTERS) return run.join(' ');
  }
  return undefined;
}

/** Whether a text has more than one exclamation mark (SUS-1). */
export function exclaims(text: string): boolean {
  return [...text.matchAll(/[!！¡‼❗❕]/gu)].length > 1 || /[‼⁉]/u.test(text);
}

/** The first word that mixes our letters with those of another alphabet that look like them (SUS-2). */
export function lookAlike(text: string): string | undefined {
  if (!foreign.test(text)) return undefined;
  for (const [word] of text.matchAll(/\p{L}+/gu)) {
    if (foreign.test(word) && /\p{Script=Latin}/u.test(word)) return word;
  }
  return undefined;
}

/** Cyrillic, and Greek without the mu that many write micrograms with. */
const foreign = /[\p{Script=Cyrillic}\u0370-\u03bb\u03bd-\u03ff]/u;
