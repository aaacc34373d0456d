/** What attachments hold, as far as it is text. */

/** Whether Herald can read what is in it: the values that fill a message's placeholders, or plain text. */
export function isTextAttachment(attachment: unknown): boolean {
  if (typeof attachment !== 'object' || attachment === null) return false;
  const type: unknown = Reflect.get(attachment, 'contentType');
  return typeof type === 'string' && /^(?:application\/(?:fhir\+)?json|text\/[a-z.+-]+)\b/i.test(type);
}

/** The text behind base64, JSON without needless escapes; `undefined` where it is no text. */
export function decodedText(data: string): string | undefined {
  try {
    return plainJson(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(data, 'base64')));
  } catch {
    return undefined;
  }
}

function plainJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

export const encodedText = (text: string): string => Buffer.from(text).toString('base64');

/** The values that a caller gave for a message's placeholders; none where it is something else. */
export function personalisationIn(attachment: { contentType?: string; data?: string }): [string, string][] {
  if (!isTextAttachment(attachment) || attachment.data === undefined) return [];
  try {
    const values: unknown = JSON.parse(decodedText(attachment.data) ?? '');
    if (typeof values !== 'object' || values === null || Array.isArray(values)) return [];
    return Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
  } catch {
    return [];
  }
}
