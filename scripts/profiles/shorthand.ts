import type { CodeSystemSource } from './code-systems.ts';

/** Code systems in FHIR Shorthand, so that SUSHI makes them as it makes the written ones. */
export function codeSystemShorthand(sources: readonly CodeSystemSource[]): string {
  return sources
    .map(({ id, title, description, content, concepts }) =>
      [
        `CodeSystem: ${nameOf(id)}Codes`,
        `Id: ${id}`,
        `Title: ${quoted(title)}`,
        `Description: ${quoted(description)}`,
        `* ^content = #${content}`,
        ...concepts.map(({ code, display, definition }) => `* #${code} ${quoted(display)} ${quoted(definition)}`),
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** A value set of all codes for each code system in `shorthand` that has none of its id yet. */
export function valueSetShorthand(shorthand: string): string {
  const made = new Set([...shorthand.matchAll(/^ValueSet: .*\nId: (.+)$/gm)].map((match) => match[1]));
  return [...shorthand.matchAll(/^CodeSystem: (\w+)Codes\nId: (.+)\nTitle: (".*")\nDescription: (".*")$/gm)]
    .filter(([, , id]) => !made.has(id))
    .map(
      ([, name, id, title, description]) =>
        `ValueSet: ${name}Values\nId: ${id}\nTitle: ${title}\nDescription: ${description}\n* include codes from system ${name}Codes\n`,
    )
    .join('\n');
}

/** `block-reason` → `BlockReason`. */
function nameOf(id: string): string {
  return id.replace(/(?:^|-)(\w)/g, (_whole, letter: string) => letter.toUpperCase());
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
