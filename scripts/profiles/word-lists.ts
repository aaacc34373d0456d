import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodeSystem, CodeSystemConcept, ValueSet } from '@medplum/fhirtypes';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { inboundListNames } from '../../src/inbound/word-lists.ts';
import { alternativesIn, formKey, formsOf, wordListNames } from '../../src/scan/lists.ts';

/** What is looked for in texts that go out, and in those that come in. */
const names = [...wordListNames, ...inboundListNames] as const;

const FOLDER = join(import.meta.dirname, '..', '..', 'profiles', 'words');

/**
 * The word lists of `profiles/words/`, each as a code system with all its forms as designations, and a value set of it.
 * Errors: Error for a file that is no list of the scanner's, a line without words, or the same thing twice.
 */
export function wordLists(): (CodeSystem | ValueSet)[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  const strangers = files.filter((name) => !names.some((one) => `${one}.txt` === name));
  if (strangers.length > 0) throw new Error(`profiles/words: the scanner knows no list ${strangers.join(', ')}`);
  return names.flatMap((name) => listOf(name, readFileSync(join(FOLDER, `${name}.txt`), 'utf8')));
}

function listOf(name: (typeof names)[number], text: string): [CodeSystem, ValueSet] {
  const lines = text.split('\n').map((line) => line.trim());
  const about = lines.find((line) => line.startsWith('#'))?.replace(/^#\s*/, '') ?? '';
  const concept = conceptsOf(lines.filter((line) => line !== '' && !line.startsWith('#')).flatMap(entriesOf));
  const id = `words-${name}`;
  const title = `Words: ${name.replaceAll('-', ' ')}`;
  const base = `Words${name.replace(/(?:^|-)(\w)/g, (_whole, letter: string) => letter.toUpperCase())}`;
  return [
    {
      resourceType: 'CodeSystem',
      id,
      url: codeSystem(id),
      name: `${base}Codes`,
      title,
      status: 'active',
      description: about,
      content: 'complete',
      concept,
      count: concept.length,
    },
    {
      resourceType: 'ValueSet',
      id,
      url: `${MSG}/ValueSet/${id}`,
      name: `${base}Values`,
      title,
      status: 'active',
      description: about,
      compose: { include: [{ system: codeSystem(id) }] },
    },
  ];
}

/** What a line says, before it is known what the lines above it say. */
interface Entry {
  readonly line: string;
  /** The forms that it may be called by: those of what it begins with. */
  readonly names: readonly string[];
  readonly designation: readonly Designation[];
}

type Designation = NonNullable<CodeSystemConcept['designation']>[number];

/** A form that an earlier line has is not given again; a thing is called by its first form that names no other. */
function conceptsOf(entries: readonly Entry[]): CodeSystemConcept[] {
  const told = new Set<string>();
  const codes = new Set<string>();
  return entries.flatMap(({ line, names, designation }) => {
    const untold = designation.filter((one) => {
      const keys = formsOf(one).map(formKey);
      const isNew = keys.some((key) => !told.has(key));
      for (const key of keys) told.add(key);
      return isNew;
    });
    if (untold.length === 0) return [];
    const name = names.find((one) => !codes.has(codeOf(one)));
    if (name === undefined) throw new Error(`profiles/words: what this line begins with names another: ${line}`);
    codes.add(codeOf(name));
    return [{ code: codeOf(name), display: name.replace(/^=/, ''), designation: untold }];
  });
}

/** With a colon one thing and its other forms, without one several things: see profiles/words/README.md. */
function entriesOf(line: string): Entry[] {
  return line.includes(':') ? [entryOf(line)] : line.split(',').map((one) => entryOf(one.trim()));
}

/** `diabetes: diabetic, type 2`; `=MS` only as it is written, `-itis` an ending: see profiles/words/README.md. */
function entryOf(line: string): Entry {
  const colon = line.indexOf(':');
  const head = (colon < 0 ? line : line.slice(0, colon)).trim();
  const others = colon < 0 ? [] : line.slice(colon + 1).split(',');
  if (slug(head) === '') throw new Error(`profiles/words: a line without words: ${line}`);
  const forms = [head, ...others.map((one) => one.trim())].filter((one) => one !== '');
  return {
    line,
    names: head.startsWith('=') ? [head] : alternativesIn(head),
    designation: [...new Set(forms)].map((form) => {
      const { use, value } = marked(form);
      return { ...(use === undefined ? {} : { use: { system: codeSystem('word-form'), code: use } }), value };
    }),
  };
}

function marked(form: string): { use: 'as-written' | 'ending' | 'alternatives' | undefined; value: string } {
  if (form.startsWith('=')) return { use: 'as-written', value: form.slice(1) };
  if (form.startsWith('-')) return { use: 'ending', value: form.slice(1) };
  return { use: form.includes('|') ? 'alternatives' : undefined, value: form };
}

const codeOf = (name: string): string => `${name.startsWith('-') ? 'ending-' : ''}${slug(name)}`;

const slug = (words: string): string =>
  words
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
