import type { CommunicationRequest, Extension, Reference } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';

/** A request as it is stored, and as its caller sees it. Pure. */

const decisionUrl = structureDefinition('decision');
const digestUrl = structureDefinition('submission-digest');

/** The digest of what the caller first submitted (see `submissionDigest`). */
export function storedDigest(request: CommunicationRequest): string | undefined {
  return request.extension?.find((one) => one.url === digestUrl)?.valueString;
}

/** The request as it is stored: the caller's content, its digest, and literal references to the people it names. */
export function requestRecord(
  request: CommunicationRequest,
  stored: {
    id: string;
    status: 'active' | 'draft' | 'on-hold';
    digest: string;
    /** `Patient/id`; absent where the person is in doubt, and then nobody is added. */
    patient: string | undefined;
    /** `Type/id` of each recipient, where it is known. */
    recipients: readonly (string | undefined)[];
  },
): CommunicationRequest & { id: string } {
  const { meta, ...content } = request;
  const record: CommunicationRequest & { id: string } = {
    ...content,
    id: stored.id,
    status: stored.status,
    // What only Herald says is not taken from a caller.
    extension: [...callerExtensions(request), { url: digestUrl, valueString: stored.digest }],
  };
  // Servers search literal references only, so a person named by number alone gets the address as well.
  if (stored.patient !== undefined && request.subject !== undefined && request.subject.reference === undefined) {
    record.subject = { ...(request.subject as Reference), reference: stored.patient } as NonNullable<
      CommunicationRequest['subject']
    >;
  }
  if (stored.patient !== undefined && request.recipient !== undefined) {
    record.recipient = withReferences(request.recipient, stored.recipients);
  }
  const kept = {
    ...(meta?.profile ? { profile: meta.profile } : {}),
    ...(meta?.security ? { security: meta.security } : {}),
    ...(meta?.tag ? { tag: meta.tag } : {}),
  };
  if (Object.keys(kept).length > 0) record.meta = kept;
  return record;
}

/** A request without what Herald itself puts on it: what may be compared with a caller's copy. */
export function callerContent(request: CommunicationRequest): CommunicationRequest {
  const { id: _id, meta: _meta, text: _text, statusReason: _reason, status, ...content } = request;
  const extension = callerExtensions(request);
  const { extension: _extension, ...rest } = content;
  return { ...rest, status, ...(extension.length > 0 ? { extension } : {}) };
}

function callerExtensions(request: CommunicationRequest): Extension[] {
  return (request.extension ?? []).filter((one) => one.url !== decisionUrl && one.url !== digestUrl);
}

/** Those who are named by number get their address as well: servers search by that alone (REC-3). */
export function withReferences(
  named: NonNullable<CommunicationRequest['recipient']>,
  references: readonly (string | undefined)[],
): NonNullable<CommunicationRequest['recipient']> {
  return named.map((one, index) => {
    const reference = references[index];
    return reference === undefined || one.reference !== undefined ? one : { ...one, reference };
  }) as NonNullable<CommunicationRequest['recipient']>;
}
