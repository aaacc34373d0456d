/**
 * Writes `docs/fhir-servers.md` from the tables of `npx herald doctor`: what Herald needs of the server behind it, what its
 * lack costs, and how it is switched on. With `--check` it only looks whether the page is up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clausesOf, type Need } from '../src/doctor/need.ts';
import { needs, storedTypes } from '../src/doctor/needs.ts';
import { type Product, products, topicTitles } from '../src/doctor/remedies.ts';

const page = join(import.meta.dirname, '..', 'docs/fhir-servers.md');

if (import.meta.main) {
  const text = fhirServersPage();
  if (!process.argv.includes('--check')) writeFileSync(page, text);
  else if (readFileSync(page, 'utf8') !== text) {
    console.error('docs/fhir-servers.md is not what src/doctor makes. Run: npx node scripts/build-fhir-servers.ts');
    process.exitCode = 1;
  }
}

/** The whole page. */
export function fhirServersPage(): string {
  const rows = needs();
  const needed = rows.filter((one) => one.severity === 'needed' && !isParameter(one));
  const types: readonly string[] = storedTypes.map((one) => one.type);
  const forms = 'Modifiers and prefixes';
  const degrades = rows.filter((one) => one.severity === 'degrades' && ![...types, forms].includes(one.group));
  return [
    '<!-- Generated from src/doctor by scripts/build-fhir-servers.ts: change the source, not this page. -->',
    '',
    '# FHIR servers under Herald',
    '',
    'Any FHIR R4 server can be the system of record (`HERALD_FHIR_STORE`). `npx herald doctor` looks what a server has of',
    'all this; [operate.md](operate.md) says how to use it.',
    '',
    '## What Herald cannot do without',
    '',
    ...tableOf(needed),
    '',
    '## What it is better off with',
    '',
    ...tableOf(degrades),
    '',
    `Of each of ${types.join(', ')}: reading, searching, history and the search parameters that \`GET /fhir/metadata\` lists, with the modifiers and prefixes of R4.`,
    'What a server lacks of that is refused to callers, with 400 for a search and 503 for the rest; nothing else changes.',
    '',
    '## How it is switched on',
    '',
    'As far as the documentation of each product says; it was looked at in November 2026, and nothing of it was tried here',
    'but HAPI FHIR. What is not in a table is not documented, as far as we looked.',
    ...products.flatMap(productSection),
    '',
  ].join('\n');
}

/** The questions that Herald asks have a row of their own, whole. */
function isParameter({ id }: Need): boolean {
  return id.startsWith('search:');
}

function tableOf(rows: readonly Need[]): string[] {
  const seen = new Map<string, { readonly row: Need; readonly groups: string[] }>();
  for (const row of rows) {
    const key = [row.what, row.why, row.cost].join('|');
    const known = seen.get(key);
    if (known === undefined) seen.set(key, { row, groups: [row.group] });
    else known.groups.push(row.group);
  }
  return [
    '| of | what | clause | without it |',
    '| --- | --- | --- | --- |',
    ...[...seen.values()].map(
      ({ row, groups }) => `| ${groups.join(', ')} | ${row.what} | ${clausesOf(row)} | ${row.cost} |`,
    ),
  ];
}

function productSection({ name, remedies, sources }: Product): string[] {
  const rows = Object.entries(topicTitles).flatMap(([topic, title]) => {
    const remedy: unknown = Reflect.get(remedies, topic);
    return typeof remedy === 'string' ? [`| ${title} | ${remedy} |`] : [];
  });
  return ['', `### ${name}`, '', '| for | do |', '| --- | --- |', ...rows, '', `Source: ${sources.join('; ')}.`];
}
