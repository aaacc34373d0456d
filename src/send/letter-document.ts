import { createHash } from 'node:crypto';
import type { Communication } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';
import type { Provider } from '../providers/provider.ts';
import type { Stored } from '../store/fhir-store.ts';
import { channelOfAttempt } from './tried.ts';

const PDF = 'application/pdf';

/** What came of looking for a letter's PDF. `kept`: the record with it, which nobody has written yet. */
export type Looked =
  | { readonly kind: 'kept'; readonly communication: Stored<Communication> }
  | { readonly kind: 'later' }
  | { readonly kind: 'never' };

/** Whether the record of a letter is still without the PDF of what was printed. */
export function lacksDocument(communication: Communication): boolean {
  return (
    channelOfAttempt(communication) === 'letter' &&
    !(communication.payload ?? []).some((one) => one.contentAttachment?.contentType === PDF)
  );
}

/** Asks the provider for a letter's PDF, under the provider's id. Never throws. */
export async function lookForDocument(
  { provider }: { readonly provider: Provider },
  communication: Stored<Communication>,
  id: string,
): Promise<Looked> {
  const found = await provider.findDocument(id);
  switch (found.kind) {
    case 'found':
      return { kind: 'kept', communication: withDocument(communication, found.pdf) };
    case 'none':
      return { kind: 'never' };
    case 'not-yet':
    case 'unavailable':
      return { kind: 'later' };
    default:
      return found satisfies never;
  }
}

/** The record with the letter as it is printed, after its words: `payload[0]` stays the text. */
function withDocument(communication: Stored<Communication>, pdf: Buffer): Stored<Communication> {
  return {
    ...communication,
    payload: [
      ...(communication.payload ?? []),
      {
        extension: [{ url: structureDefinition('content-fidelity'), valueCode: 'exact' }],
        contentAttachment: {
          contentType: PDF,
          data: pdf.toString('base64'),
          size: pdf.length,
          // SHA-1 is what R4 defines this element to be.
          hash: createHash('sha1').update(pdf).digest('base64'),
          title: 'The letter as printed',
        },
      },
    ],
  };
}
