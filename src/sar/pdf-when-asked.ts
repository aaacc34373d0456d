import type { SubjectHistory } from './history.ts';

/** As `historyPdf`. The writer and its fonts are loaded with the first copy: the service must not start later for them. */
export async function* historyPdfWhenAsked(history: SubjectHistory): AsyncGenerator<Uint8Array> {
  const { historyPdf } = await import('./pdf.ts');
  yield* historyPdf(history);
}
