/**
 * Decodes as Python does unless told to be strict: what is not in the alphabet is passed over, a whole group that ends
 * in padding ends the text, and only a group left open, or a character beyond ASCII, is a fault (undefined).
 */
export function decodeBase64(text: string): Buffer | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins there.
  if (/[^\x00-\x7f]/.test(text)) return undefined;
  const clean = text.replace(/[^A-Za-z0-9+/=]/g, '');
  const data = upToPadding(clean);
  return data === undefined ? undefined : Buffer.from(data, 'base64');
}

/** The characters of whole groups, without padding; undefined when the last group is left open. */
function upToPadding(clean: string): string | undefined {
  let data = '';
  for (const { 0: run, index } of clean.matchAll(/[^=]+/g)) {
    data += run;
    const open = data.length % 4;
    const padding = /^=*/.exec(clean.slice(index + run.length, index + run.length + 4))?.[0].length ?? 0;
    if (open >= 2 && open + padding >= 4) return data;
  }
  return data.length % 4 === 0 ? data : undefined;
}
