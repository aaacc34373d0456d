import type { Problem } from './run.ts';

/**
 * Checks `Narrative.div` (R4 `narrative.html`, txt-1 and txt-2): well-formed XHTML in one `div` of the XHTML namespace, with the
 * formatting elements and attributes of the specification alone, nothing that runs or loads a script, and some content.
 * Reads the text once, forwards; no input makes it slower than its length.
 */
export function narrativeProblem(div: string): Problem | undefined {
  const open: string[] = [];
  let at = 0;
  let content = false;
  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at;
    const match = token.exec(div);
    if (match) at = token.lastIndex;
    return match;
  };
  const trimmed = div.trimEnd().length;
  while (at < trimmed) {
    const words = take(plainText);
    if (words) {
      if (open.length === 0) return malformed;
      content ||= words[0].trim() !== '';
      continue;
    }
    if (take(entity)) {
      if (open.length === 0) return malformed;
      content = true;
      continue;
    }
    if (take(comment)) continue;
    const end = take(endTag);
    if (end) {
      if (open.pop() !== end[1]) return malformed;
      if (open.length === 0 && at < trimmed) return malformed;
      continue;
    }
    const start = take(startTag);
    const name = start?.[1];
    if (name === undefined) return malformed;
    if (!elements.has(name)) return forbidden;
    if (open.length === 0 && name !== 'div') return malformed;
    const attributes = new Map<string, string>();
    for (let match = take(attribute); match; match = take(attribute)) {
      const [, key = '', quoted = ''] = match;
      const value = quoted.slice(1, -1);
      if (attributes.has(key)) return malformed;
      if (!allowed(key, value)) return forbidden;
      attributes.set(key, value);
    }
    const close = take(tagClose);
    if (!close) return malformed;
    if (open.length === 0 && attributes.get('xmlns') !== 'http://www.w3.org/1999/xhtml') return namespace;
    if (name === 'img' && attributes.has('src')) content = true;
    if (close[1] !== '/') open.push(name);
    else if (open.length === 0) return blank;
  }
  if (open.length > 0) return malformed;
  return content ? undefined : blank;
}

const malformed: Problem = ['structure', 'is not well-formed XHTML in one div: close every element and escape < and &'];
const namespace: Problem = [
  'structure',
  'has no XHTML namespace: begin with <div xmlns="http://www.w3.org/1999/xhtml">',
];
const forbidden: Problem = [
  'invariant',
  'holds markup that a narrative may not: use plain formatting, without scripts or forms (txt-1)',
];
const blank: Problem = ['invariant', 'has no text: write the content for a reader, or leave the narrative out (txt-2)'];

const plainText = /[^<&]+/y;
const entity = /&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});/y;
const comment = /<!--(?:[^-]|-(?!-))*-->/y;
const startTag = /<([a-z][a-z0-9]*)/y;
const endTag = /<\/([a-z][a-z0-9]*)\s*>/y;
const attribute = /\s+([A-Za-z][A-Za-z:]*)\s*=\s*("[^"<]*"|'[^'<]*')/y;
const tagClose = /\s*(\/?)>/y;

const elements: ReadonlySet<string> = new Set(
  `a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6
   hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var`.split(
    /\s+/,
  ),
);

const attributeNames: ReadonlySet<string> = new Set(
  `abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class
   colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rules
   scope shape span src start style summary tabindex title type valign value vspace width xml:lang xmlns`.split(/\s+/),
);

const addresses: ReadonlySet<string> = new Set(['href', 'src', 'cite', 'longdesc']);

function allowed(name: string, value: string): boolean {
  if (!attributeNames.has(name)) return false;
  if (name === 'style') return !activeStyle.test(value.replace(imageInStyle, ''));
  if (!addresses.has(name)) return true;
  if (/^(?:https?:|ftp:|mailto:|tel:|cid:|urn:)/i.test(value)) return true;
  if (name === 'src' && /^data: ?image\/(?:png|jpeg|gif|webp);base64,/i.test(value)) return true;
  // A colon, or an entity that may hide one, before the path would name a scheme.
  return !/[:&]/.test(value.split(/[/?#]/, 1)[0] ?? '');
}

/** What makes a style load or run something; a backslash or an entity could hide it. */
const activeStyle = /url\s*\(|expression|javascript|behaviou?r|-moz-binding|@import|[\\&]/i;
const imageInStyle = /url\(data: ?image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*\)/gi;
