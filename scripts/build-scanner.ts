/**
 * Writes docs/scanner.md: how the scanner does on its labelled sets. With `--check` nothing is written, and a
 * difference exits with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { confidentialFamilies } from '../src/policy/message-facts.ts';
import { wordForms, wordListNames } from '../src/scan/lists.ts';
import { labelledSet, type Measured, measured, type SetName } from '../test/scan/measure.ts';

/** How often the blind set has been measured while the lists were written. */
const times = 'twice';

const file = new URL('../docs/scanner.md', import.meta.url);

if (import.meta.main) {
  if (!process.argv.includes('--check')) {
    writeFileSync(file, scannerPage());
  } else if (readFileSync(file, 'utf8') !== scannerPage()) {
    console.error('docs/scanner.md is not what the scanner and its sets make. Run: npx node scripts/build-scanner.ts');
    process.exitCode = 1;
  }
}

/** The text of docs/scanner.md. */
export function scannerPage(): string {
  const forms = wordForms();
  const lists = wordListNames.map((name) => `| \`${name}\` | ${forms.filter((one) => one.list === name).length} |`);
  return [
    '# What the scanner finds',
    '',
    'Made by `npx node scripts/build-scanner.ts`; do not edit.',
    '',
    'Every text that is to be sent, values and free text included, is read for what is confidential (MIN-4), for what is',
    "not about care (CON-3), and for what scams have (SUS-1, SUS-2). The organisation's own name is passed over. A hit on",
    'something confidential closes texts and email, which others may see, unless the request says in `necessity` why it',
    'has to be there. The words are in `profiles/words/`, and are published as `CodeSystem/words-…`. Beside them the',
    'scanner knows NHS numbers by their check digit, dates of birth and hospital numbers by what stands before them, dates',
    'of long ago, National Insurance numbers, endings that names of conditions and medicines have, words with one letter',
    'wrong, and long words that are written as they sound.',
    '',
    '## How well',
    '',
    'Recall: of the texts that people labelled with a family, how many the scanner finds as that family. False alarms: how',
    'many ordinary texts it finds something confidential in. What is aimed at, on a set that nothing was tuned on: recall of',
    'at least 0.95 in each family, and false alarms on at most 2 % of ordinary texts.',
    '',
    'The first two sets are for tuning: what the scanner missed in them, and each false alarm, was looked at and mended. The',
    'second was written by somebody who had not seen the lists; its figures steered later work, so that it proves nothing',
    'any more. The third is blind: written by somebody who had not seen the lists, and its texts were not read by those who',
    `wrote the lists and the rules. It was measured ${times}, by its totals alone, and nothing is changed because of one of`,
    'its texts. After the first time, what could alarm in general was taken out, because its false alarms were one too many;',
    'that did not change its figures. Two forms were mended after the second, for tests of another file. This page measures',
    'it too: whoever changes a list from now on sees its totals move, and needs a new set to claim more.',
    '',
    ...tableOf('tuning', 'For tuning: by those who wrote the lists'),
    ...tableOf('house', 'For tuning: by somebody who had not seen the lists'),
    ...tableOf('blind', 'Blind: by somebody who had not seen the lists'),
    'One ordinary text of 140 weighs much, so somebody else who had not seen the lists wrote more of them. They were measured',
    'once, when the lists were finished, and nothing was changed after it.',
    '',
    ...tableOf('ordinary-blind', 'Blind: ordinary texts alone'),
    '## The lists',
    '',
    '| list | forms |',
    '| --- | --- |',
    ...lists,
    '',
    'It is no judge of meaning: a text can give much away in harmless words ("the thing that we talked about on Monday is',
    'back"), and the person who writes it stays the one who knows. What it misses is caught, where an organisation wants',
    'that, by a second reader (MIN-6).',
    '',
  ].join('\n');
}

function tableOf(name: SetName, title: string): string[] {
  const result: Measured = measured(labelledSet(name));
  const rows = confidentialFamilies.flatMap((family) => {
    const { labelled, found } = result.families[family];
    return labelled === 0 ? [] : [`| ${family} | ${labelled} | ${found} | ${(found / labelled).toFixed(3)} |`];
  });
  const table = ['| family | labelled | found | recall |', '| --- | --- | --- | --- |', ...rows, ''];
  const share = ((100 * result.falseAlarms.length) / result.ordinary).toFixed(1);
  return [
    `### ${title} (\`test/scan/${name}.json\`, ${result.texts} texts)`,
    '',
    ...(rows.length === 0 ? [] : table),
    `False alarms: ${result.falseAlarms.length} of ${result.ordinary} ordinary texts (${share} %).`,
    '',
  ];
}
