/**
 * Makes `docs/urgency.md`: what the words of urgency find in the labelled texts of `test/inbound/`. With `--check` nothing
 * is written, and a difference exits with 1.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMeaning } from '../src/inbound/meaning.ts';

const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'docs', 'urgency.md');

/** Texts by kind; those of the kind `routine` are not urgent. */
type Labelled = Readonly<Record<string, readonly string[]>>;

/** What was found in one set of labelled texts. */
export interface Measured {
  readonly kinds: readonly { readonly kind: string; readonly texts: number; readonly marked: number }[];
  /** Urgent texts in which no word of urgency is found. */
  readonly missed: readonly string[];
  /** Ordinary texts in which one is. */
  readonly raised: readonly string[];
}

/** Reads the texts with which the lists are made. */
export const tuning = (): Labelled => JSON.parse(read('tuning')) as Labelled;

/** Reads texts that deny, laugh or play down, and ordinary ones that look as if something were wrong. */
export const hedged = (): Labelled => JSON.parse(read('hedged')) as Labelled;

/** Reads the texts that were written before the lists were last changed, and by which no word was chosen. */
export const heldBack = (): Labelled => JSON.parse(read('held-back')) as Labelled;

/** Reads the texts that were blind when they were first tried, and have been tuned with since. */
export const second = (): Labelled => inTwo('second');

/** Reads the texts of everyday that were written while the rules were made. */
export const everyday = (): Labelled => inTwo('everyday');

/** Reads the texts whose words nobody who changes the lists may see. */
export const blind = (): Labelled => inTwo('blind');

/** Reads the texts that were written last, by somebody who had seen nothing. */
export const fresh = (): Labelled => inTwo('fresh');

function inTwo(name: string): Labelled {
  const texts = JSON.parse(read(name)) as { text: string; urgent: boolean }[];
  const those = (urgent: boolean): string[] => texts.filter((one) => one.urgent === urgent).map((one) => one.text);
  return { urgent: those(true), routine: those(false) };
}

const read = (name: string): string => readFileSync(join(ROOT, 'test', 'inbound', `urgency-${name}.json`), 'utf8');

/** Holds the shipped words against a labelled set. */
export function measured(set: Labelled): Measured {
  const meaningOf = createMeaning();
  const isMarked = (text: string): boolean => meaningOf(text).urgent;
  const urgent = Object.entries(set).filter(([kind]) => kind !== 'routine');
  return {
    kinds: Object.entries(set).map(([kind, texts]) => ({
      kind,
      texts: texts.length,
      marked: texts.filter(isMarked).length,
    })),
    missed: urgent.flatMap(([, texts]) => texts.filter((one) => !isMarked(one))),
    raised: (set.routine ?? []).filter(isMarked),
  };
}

if (import.meta.main) {
  const text = page();
  if (process.argv.includes('--check')) {
    const same = existsSync(FILE) && readFileSync(FILE, 'utf8') === text;
    if (!same) console.error('docs/urgency.md is not what the words and the texts make. Run: npm run build:urgency');
    process.exitCode = same ? 0 : 1;
  } else {
    writeFileSync(FILE, text);
    console.log('docs/urgency.md was written');
  }
}

/** The page. */
export function page(): string {
  return `# How urgent texts are noticed

Made by \`npm run build:urgency\` from the word lists \`profiles/words/urgent.txt\` and \`not-urgent.txt\` and from the labelled
texts in \`test/inbound/\`. All texts are invented; whoever wrote each said whether somebody should see it at once.

Words can only say where a person looks first. A text without any of them is not forgotten: it has a Task with a due time as
every other, and a text with one has an urgent Task that escalates (TWO-3). So the words are wide: missing one counts worst,
and an ordinary text that is read too soon costs a minute.

One sure word is enough, and so is a sentence that is built from words of every day: a number with what it measures, a tube
that came out, somebody who does not wake (\`src/inbound/urgency-signs.ts\`). A word that stands in both lists is doubtful: it
counts beside a second one, or beside a part of the body, a device or a medicine (\`body-and-device.txt\`), within six words,
unless the text laughs or says that all is well. Words that people put in or leave out, and spellings of the commonest words,
make no difference.

Nothing that was found is argued away by the rest of the sentence: that somebody tells of last year, of a neighbour or of
what they fear is for whoever reads it. Rules that did so were tried. They took ordinary texts away on the texts they were
made with, and few on others, and each could hide an urgent one.

## What these figures prove, and what they do not
No patient wrote any of these texts, and no figure here says what the words find in real ones. How the sets came about is
told as whoever made them noted it; the repository shows them beside the lists, and proves none of it.

- **The tuning texts** have what the lists are made with, earlier unseen sets among them, and so have those that deny or
  play down: what is found in them says only that the lists were made for them.
- **The texts that were tried for totals alone** were written by somebody who had not seen the lists, and their words were
  not read by whoever changed the lists. They are no longer a blind set. First 4 of 138 urgent texts were missed and 16 of
  144 ordinary ones marked; general sayings were added because of that total, and 15 were marked. Then about ten more trials
  were made while everyday words became doubtful: words were kept or given up by these totals, until no urgent text more
  was missed and 14 ordinary ones were marked. So lists have been fitted to this set, by its totals. The tests show those
  alone. Five texts stood in the tuning set as well by chance, and were taken out there.
  Later trials, some twenty, saw these totals too, and the distance of six words was chosen with them in view.
- **The second set** was written by somebody who had seen neither the lists nor the other sets, and who made many of the
  ordinary ones look alarming. Tried once, the lists as they were then found 138 of 150 urgent texts (92 in 100) and marked
  47 of 150 ordinary ones (31 in 100). Then it was read, and the signs were made with it.
- **The texts of everyday** were written by the hand that made the signs, each part before it was tried. At the first trial
  105 of 111 urgent ones were found, then 45 of 50, then 30 of 36. After each the signs were mended by it.
- **The texts held back** were written by a hand that changed the lists; their totals were seen with each trial. They are
  few, and written to be hard.
- **The fresh set** was written by somebody who had seen neither lists nor other sets, with ordinary texts in about the
  proportions in which such a number gets them. It was tried when lists and signs were finished, four times in one hour, by
  its totals alone, to choose between whole ways of reading: without the signs 144 of 160 urgent texts were found and 17 of
  240 ordinary ones marked; with them 148 and 17; with the rules that argue away, 148 and 12; with the lists of the week
  before 146 and 23. Nothing else was chosen by it, and no word of it was read. Twelve of its ordinary texts
  stood in other sets by chance and are left out below.

So of a hundred urgent texts that nobody has seen before, some seven are not marked. They are why every text that nobody
answers has a due time.

Whoever changes the lists next has a new set written first, by somebody who knows neither the lists nor the other sets, tries
it once, and moves the older sets to the tuning texts.

${table('Texts with which the lists were made', measured(tuning()))}
${named(measured(tuning()))}
${table('Texts that deny, laugh or play down, with which they were made too', measured(hedged()))}
${named(measured(hedged()))}
${table('The second set, since it was tuned with', measured(second()))}
${named(measured(second()))}
${table('Texts of everyday', measured(everyday()))}
${named(measured(everyday()))}
${table('Texts that were tried for totals alone', measured(blind()))}
${table('Texts held back', measured(heldBack()))}
${table('The fresh set', measured(fresh()))}`;
}

function table(title: string, { kinds }: Measured): string {
  const rows = kinds.map(({ kind, texts, marked }) => {
    const wrong = kind === 'routine' ? marked : texts - marked;
    return `| ${kind} | ${texts} | ${marked} | ${wrong} |`;
  });
  return `## ${title}
| kind | texts | marked urgent | wrongly judged |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function named({ missed, raised }: Measured): string {
  const list = (texts: readonly string[]): string =>
    texts.length === 0 ? 'None.' : texts.map((one) => `- ${one}`).join('\n');
  return `Urgent, and missed:
${list(missed)}

Ordinary, and marked urgent:
${list(raised)}
`;
}
