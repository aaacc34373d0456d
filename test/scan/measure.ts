import { readFileSync } from 'node:fs';
import { type ConfidentialFamily, confidentialFamilies } from '../../src/policy/message-facts.ts';
import { scan } from '../../src/scan/scan.ts';

/** A text, and the families of confidential things in it as a person labelled them; none: an ordinary text. */
export interface Labelled {
  readonly text: string;
  readonly families: readonly ConfidentialFamily[];
}

/** Two sets that the lists were tuned on, and three by people who had not seen them: docs/scanner.md says how they were used. */
export const sets = ['tuning', 'house', 'blind', 'ordinary-blind', 'fresh'] as const;
export type SetName = (typeof sets)[number];

export const labelledSet = (name: SetName): Labelled[] =>
  JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));

export interface Measured {
  readonly texts: number;
  readonly families: Readonly<Record<ConfidentialFamily, { readonly labelled: number; readonly found: number }>>;
  readonly ordinary: number;
  readonly falseAlarms: readonly string[];
  readonly missed: readonly string[];
}

/** How the scanner does on a set: a family counts as found only where it is found as that family. */
export function measured(set: readonly Labelled[]): Measured {
  const families = Object.fromEntries(
    confidentialFamilies.map((family) => [family, { labelled: 0, found: 0 }]),
  ) as Record<ConfidentialFamily, { labelled: number; found: number }>;
  const falseAlarms: string[] = [];
  const missed: string[] = [];
  for (const { text, families: labels } of set) {
    const found = scan(text).filter((one) => confidentialFamilies.some((family) => family === one.of));
    if (labels.length === 0 && found.length > 0) {
      falseAlarms.push(`${text} [${found.map((one) => `${one.of}: ${one.words}`).join('; ')}]`);
    }
    for (const family of labels) {
      families[family].labelled += 1;
      if (found.some((one) => one.of === family)) families[family].found += 1;
      else missed.push(`${family}: ${text}`);
    }
  }
  const ordinary = set.filter((one) => one.families.length === 0).length;
  return { texts: set.length, families, ordinary, falseAlarms, missed };
}
