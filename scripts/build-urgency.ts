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

/** Reads the blind texts, whose words nobody who changes the lists may see. */
export function blind(): Labelled {
  const texts = JSON.parse(read('blind')) as { text: string; urgent: boolean }[];
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

One sure word is enough, unless it is denied, over, long ago, or part of something ordinary ("blood test"). A word that stands
in both lists, such as a part of the body, is doubtful: two of them are enough, unless the text laughs or says that all is
well. Words that people put in or leave out, and spellings of the commonest words, make no difference.

The tuning texts have what the lists are made with, earlier unseen sets among them: what is found in them says only that the
lists were made for them. The blind texts were written by somebody who had not seen the lists, and nobody who changed the
lists read them. They were tried twice, for the totals alone: first 4 of 138 urgent texts were missed and 16 of 144 ordinary
ones marked; then general sayings were added to the ordinary ones, because of that total and of no text, and the second
trial is the table below. So it is no longer quite blind to the number of false alarms. The aim of 95 in 100 noticed was
reached; that of at most 10 in 100 false alarms was missed by one text, and left so. Five texts stood in both sets by chance,
so that the lists had been tried on them; they now stand among the blind ones alone. Whoever changes the lists has a new
blind set written first, and moves this one to the tuning texts.

${table('Texts with which the lists were made', measured(tuning()))}
${named(measured(tuning()))}
${table('Blind texts', measured(blind()))}`;
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
