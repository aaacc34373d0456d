import { fillIn, type Personalisation } from './fields.ts';
import { escapeMarkup } from './html-text.ts';
import { type Block, type Inline, parseInline, parseMarkdown } from './markdown.ts';
import { escapedValues } from './render.ts';
import { niceTypography } from './typography.ts';

/** The `html` of an email's preview (5.9): the body as Notify's mail shows it, without the frame around it. */
export function emailHtml(body: string, values: Personalisation): string {
  const filled = fillIn(escapeMarkup(body), escapedValues(values), 'bullets');
  const text = unlinkGovUk(filled).replace(/[\u2028\u3164]/g, '');
  return niceTypography(parseMarkdown(`${text}\n`).map(blockHtml).join(''));
}

/** So that mail programs make no link of the name. */
function unlinkGovUk(text: string): string {
  return text.replace(/(^|\s)([#*^]?)(GOV)\.(UK)(?![/?#])/gi, '$1$2$3.\u200b$4');
}

const TEXT = 'font-size: 19px; line-height: 25px; color: #0B0C0C;';
const CELL = '<td style="font-family: Helvetica, Arial, sans-serif;">';
const LINK = 'word-wrap: break-word; color: #1D70B8;';

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return headingHtml(block.level, inlineHtml(block.text));
    case 'paragraph':
      return paragraphHtml(inlineHtml(block.text));
    case 'lines':
      return inlineHtml(block.text);
    case 'rule':
      return '<hr style="border: 0; height: 1px; background: #B1B4B6; Margin: 30px 0 30px 0;">';
    case 'quote':
      return `<div style="Margin: 0 0 20px 0;"><blockquote style="Margin: 0; border-left: 10px solid #B1B4B6;padding: 15px 0 0.1px 15px; font-size: 19px; line-height: 25px;">${block.blocks.map(blockHtml).join('')}</blockquote></div>`;
    case 'list':
      return listHtml(block.ordered, block.items);
    case 'verbatim':
      return block.text;
    case 'gap':
      return '<br>';
    default:
      return block satisfies never;
  }
}

function headingHtml(level: number, text: string): string {
  const style = (size: string): string =>
    `style="Margin: 0 0 15px 0; padding: 10px 0 0 0; ${size} font-weight: bold; color: #0B0C0C;"`;
  if (level === 1) return `<h2 ${style('font-size: 27px; line-height: 35px;')}>${text}</h2>`;
  if (level === 2) return `<h3 ${style('font-size: 19px; line-height: 25px;')}>${text}</h3>`;
  return paragraphHtml(text);
}

function paragraphHtml(text: string): string {
  return text.trim() === '' ? '' : `<p style="Margin: 0 0 20px 0; ${TEXT}">${text}</p>`;
}

function listHtml(ordered: boolean, items: readonly (readonly Block[])[]): string {
  const [tag, type] = ordered ? ['ol', 'decimal'] : ['ul', 'disc'];
  const inside = items.map((item) => {
    const text = item.map(blockHtml).join('').trim();
    return `<li style="Margin: 5px 0 5px; padding: 0 0 0 5px; font-size: 19px;line-height: 25px; color: #0B0C0C;">${text}</li>`;
  });
  return (
    `<table role="presentation" style="padding: 0 0 20px 0;"><tr>${CELL}` +
    `<${tag} style="Margin: 0 0 0 20px; padding: 0; list-style-type: ${type};">${inside.join('')}</${tag}>` +
    '</td></tr></table>'
  );
}

function inlineHtml(text: string): string {
  return parseInline(text).map(pieceHtml).join('');
}

function pieceHtml(piece: Inline): string {
  switch (piece.kind) {
    case 'text':
      return safe(piece.text);
    case 'escaped':
      return safe(piece.text);
    case 'break':
      return '<br>';
    case 'url':
      return anchor(piece.url, undefined, piece.url);
    case 'link':
      return anchor(piece.url, piece.title, piece.text.map(pieceHtml).join('') || piece.url);
    default:
      return piece satisfies never;
  }
}

/** The text is escaped already; what is left is an ampersand that begins no entity. */
function safe(text: string): string {
  return text
    .replace(/&(?!#?[\p{L}\p{N}_]+;)/gu, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function anchor(url: string, title: string | undefined, text: string): string {
  const known = /^(?:ftp|file|https?|mailto|tel):/i.test(url);
  const href = percentEncode(known ? url : `http://${url}`);
  const titled = title === undefined || title === '' ? '' : ` title="${title}"`;
  return `<a style="${LINK}" href="${href}"${titled}>${text}</a>`;
}

/** Everything but what addresses are made of; what is encoded already stays. */
function percentEncode(url: string): string {
  return Array.from(url.toWellFormed(), (one) =>
    /[A-Za-z0-9_.\-~:/?#=&;%]/.test(one)
      ? one
      : Array.from(Buffer.from(one), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  ).join('');
}
