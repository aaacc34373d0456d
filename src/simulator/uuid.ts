/**
 * Reads a UUID as Python's parser does: hyphens anywhere or nowhere, any case, braces and a `urn:uuid:` in front; no
 * white space. Answers the usual lower-case form.
 */
export function parseUuid(text: string): string | undefined {
  const hex = text
    .replace('urn:', '')
    .replace('uuid:', '')
    .replace(/^[{}]+|[{}]+$/g, '')
    .replaceAll('-', '')
    .toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
