import { pythonString } from '../../notify/python-text.ts';
import { stripHidden } from './spaces.ts';

/** Values for a template, as they travel in JSON. */
export type Personalisation = Readonly<Record<string, unknown>>;

/** How a list prints: `a, b and c`, or as bullets of Notify's Markdown. */
export type ListForm = 'words' | 'bullets';

/** A template is text and fields in turn; a conditional field prints its text or nothing. */
type Part = string | { readonly name: string; readonly conditional?: string; readonly source: string };

/** The names that templates ask for, in order and spelling of their first appearance. */
export function fieldNames(...templates: string[]): string[] {
  const names: string[] = [];
  const seen = new Set<string>();
  for (const part of templates.flatMap(parse)) {
    if (typeof part === 'string' || seen.has(nameKey(part.name))) continue;
    seen.add(nameKey(part.name));
    names.push(part.name);
  }
  return names;
}

/** The names for which there is no value, or null. */
export function missingNames(values: Personalisation, ...templates: string[]): string[] {
  const given = keyed(values);
  return fieldNames(...templates).filter((name) => isNothing(given.get(nameKey(name))));
}

/** Puts the values in; nothing in a value is looked at again. A field without a value stays as it is written. */
export function fillIn(template: string, values: Personalisation, lists: ListForm): string {
  const given = keyed(values);
  let text = '';
  for (const part of parse(template)) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = given.get(nameKey(part.name));
    if (isNothing(value)) text += part.source;
    else if (part.conditional === undefined) text += printed(value, lists);
    else if (switchesOn(value, lists)) text += part.conditional;
  }
  return text;
}

/** Names are one if they differ in case, spaces, hyphens and underscores alone. */
export function nameKey(name: string): string {
  return [...name]
    .filter((one) => one !== ' ' && one !== '_' && one !== '-')
    .join('')
    .toLowerCase();
}

/** Reads `((name))` and `((name??text))`: two brackets, no bracket inside, two brackets. */
function parse(template: string): Part[] {
  const parts: Part[] = [];
  let done = 0;
  let at = template.indexOf('((');
  while (at >= 0) {
    const field = fieldAt(template, at);
    if (field === undefined) {
      at = template.indexOf('((', at + 1);
      continue;
    }
    parts.push(template.slice(done, at), field);
    done = at + field.source.length;
    at = template.indexOf('((', done);
  }
  parts.push(template.slice(done));
  return parts.filter((part) => part !== '');
}

/** The field that begins with the two brackets there, if they begin one. */
function fieldAt(template: string, at: number): Exclude<Part, string> | undefined {
  let end = at + 2;
  while (end < template.length && template[end] !== '(' && template[end] !== ')') end += 1;
  if (end === at + 2 || !template.startsWith('))', end)) return undefined;
  const inside = template.slice(at + 2, end);
  const source = template.slice(at, end + 2);
  const [name = '', ...texts] = inside.split('??');
  return texts.length === 0 ? { name, source } : { name, conditional: texts.join('??'), source };
}

function keyed(values: Personalisation): Map<string, unknown> {
  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(values)) given.set(nameKey(name), value);
  return given;
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function printed(value: unknown, lists: ListForm): string {
  if (!Array.isArray(value)) return pythonString(value);
  const items: string[] = [];
  for (const item of value) {
    const text = isNothing(item) ? '' : stripHidden(pythonString(item));
    if (text !== '') items.push(text);
  }
  const last = items.pop();
  if (last === undefined) return '';
  if (lists === 'bullets') return ['\n', ...items.map((item) => `* ${item}`), `* ${last}`].join('\n');
  return items.length === 0 ? last : `${items.join(', ')} and ${last}`;
}

const switches: ReadonlySet<string> = new Set(['1', 'include', 'show', 't', 'true', 'y', 'yes']);

function switchesOn(value: unknown, lists: ListForm): boolean {
  return switches.has(printed(value, lists).toLowerCase());
}
