import { documentBundle, searchsetBundle } from './bundle.ts';
import { historyCsv } from './csv.ts';
import type { SubjectHistory } from './history.ts';
import { historyPage } from './html.ts';
import { historyPdfWhenAsked } from './pdf-when-asked.ts';
import { historyZip } from './zip.ts';

/** Forms of the same copy, each written piece by piece. `base`: the interface's own address. */
export interface HistoryForm {
  readonly mediaType: string;
  /** Of a file that holds it, without the dot. */
  readonly extension: string;
  write(history: SubjectHistory, base: string): AsyncIterable<Uint8Array | string>;
}

/** As a Bundle: which one is the parameter `form`. */
export const bundleForms = {
  document: { mediaType: 'application/fhir+json', extension: 'json', write: documentBundle },
  searchset: { mediaType: 'application/fhir+json', extension: 'json', write: searchsetBundle },
} as const satisfies Record<string, HistoryForm>;

/** By what the caller accepts. */
export const fileForms: readonly HistoryForm[] = [
  { mediaType: 'text/html', extension: 'html', write: historyPage },
  { mediaType: 'text/csv', extension: 'csv', write: historyCsv },
  { mediaType: 'application/pdf', extension: 'pdf', write: historyPdfWhenAsked },
  { mediaType: 'application/zip', extension: 'zip', write: historyZip },
];
