/** Text as it stands in HTML and XHTML: nothing in it can become markup, and no character that XML does not have. */
export function escaped(text: string): string {
  return text.replaceAll(notXml, '\uFFFD').replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, and halves of characters (XML 1.0, 2.2). */
const notXml = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
