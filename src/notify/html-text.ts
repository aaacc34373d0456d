/** Entities by name that are read before anything is escaped; HTML has two thousand, of which people type these. */
const characterOf: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['pound', '£'],
  ['euro', '€'],
  ['copy', '©'],
  ['reg', '®'],
  ['trade', '™'],
  ['ndash', '–'],
  ['mdash', '—'],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['hellip', '…'],
  ['bull', '•'],
  ['middot', '·'],
  ['deg', '°'],
  ['eacute', 'é'],
]);

/**
 * Text as Notify puts it into HTML: entities are read first, so that nothing is escaped twice, but for `&amp;` and
 * `&nbsp;`, which stay; then `&`, `<` and `>` are escaped, and quotes are not.
 */
export function escapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#[xX]([\da-fA-F]+)|([A-Za-z]\w*));|[&<>]/g, (whole, decimal, hex, name) => {
    if (name === 'amp' || name === 'nbsp') return whole;
    return [...characterIn(whole, { decimal, hex, name })].map(escapeOne).join('');
  });
}

interface Entity {
  readonly decimal: string | undefined;
  readonly hex: string | undefined;
  readonly name: string | undefined;
}

function characterIn(whole: string, { decimal, hex, name }: Entity): string {
  if (name !== undefined) return characterOf.get(name) ?? whole;
  if (decimal !== undefined) return ofCode(Number(decimal));
  return hex === undefined ? whole : ofCode(Number.parseInt(hex, 16));
}

function ofCode(code: number): string {
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : '\ufffd';
}

function escapeOne(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    default:
      return character;
  }
}
