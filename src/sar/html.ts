import { aroundMessages, titleOf } from './bundle.ts';
import type { EntryMask, HistoryEntry, HistorySection, SubjectHistory } from './history.ts';
import { escaped } from './markup.ts';
import { fieldsAfter, fieldsBefore, headingOf, listedMasks, maskText, maskWords, particularsOf } from './printed.ts';
import { timeText } from './readable.ts';

/**
 * The copy as a page that can be read aloud, printed and kept: one file, no script, nothing loaded. Errors: those of
 * reading the history.
 */
export async function* historyPage(history: SubjectHistory): AsyncGenerator<string> {
  const { person, request, sections, stage } = history;
  const [before, after] = aroundMessages(sections);
  const title = `${titleOf(history)}: ${person.name}, request ${request.number}`;
  yield `<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escaped(titleOf(history))}</h1>
${stage === 'review' ? '<p class="warning"><strong>For review. Do not release this copy.</strong></p>\n' : ''}${list(particularsOf(history))}
</header>
<main>
${contents(sections)}
`;
  for (const section of before) yield sectionHtml(section);
  yield `<section id="messages" aria-labelledby="h-messages">\n<h2 id="h-messages">Messages and requests</h2>\n`;
  yield history.total === 0 ? '<p>There are none.</p>\n' : '<p>The oldest is first and the newest is last.</p>\n';
  for await (const entry of history.entries()) if (entry.standsAlone) yield entryHtml(entry);
  yield '</section>\n';
  for (const section of after) yield sectionHtml(section, section.id === 'masked' ? maskedList(history) : '');
  yield `</main>
<footer><p>${escaped(`${history.controller.name}. Made on ${timeText(history.madeAt)}. Document ${history.documentId}.`)}</p></footer>
</body>
</html>
`;
}

function contents(sections: readonly HistorySection[]): string {
  const [before, after] = aroundMessages(sections);
  const link = (id: string, title: string): string => `<li><a href="#${id}">${escaped(title)}</a></li>`;
  const links = [
    ...before.map(({ id, title }) => link(id, title)),
    link('messages', 'Messages and requests'),
    ...after.map(({ id, title }) => link(id, title)),
  ];
  return `<nav aria-labelledby="h-contents">\n<h2 id="h-contents">Contents</h2>\n<ul>\n${links.join('\n')}\n</ul>\n</nav>`;
}

function sectionHtml({ id, title, text, items, none }: HistorySection, more = ''): string {
  const said = text.map((one) => `<p>${escaped(one)}</p>\n`).join('');
  const empty = items.length === 0 && none !== undefined ? `<p>${escaped(none)}</p>\n` : '';
  const listed = items.map(
    (one) =>
      `<article>\n<h3>${escaped(one.title)}</h3>\n${list(one.fields.map(({ label, value }) => [label, value] as const))}${masksHtml(one.masks)}</article>\n`,
  );
  return `<section id="${id}" aria-labelledby="h-${id}">\n<h2 id="h-${id}">${escaped(title)}</h2>\n${said}${empty}${listed.join('')}${more}</section>\n`;
}

function entryHtml(entry: HistoryEntry): string {
  return `<article>
<h3><time datetime="${escaped(entry.at)}">${escaped(entry.atText)}</time>: ${escaped(headingOf(entry))}</h3>
${list(fieldsBefore(entry))}${entry.text === '' ? '' : `<blockquote>${escaped(entry.text)}</blockquote>\n`}${list(fieldsAfter(entry))}${masksHtml(entry.masks)}</article>
`;
}

function list(fields: readonly (readonly [label: string, value: string])[]): string {
  const given = fields.filter(([, value]) => value !== '');
  if (given.length === 0) return '';
  return `<dl>\n${given.map(([label, value]) => `<div><dt>${escaped(label)}</dt><dd>${escaped(value)}</dd></div>\n`).join('')}</dl>\n`;
}

function masksHtml(masks: readonly EntryMask[]): string {
  const listed = listedMasks(masks);
  if (listed.length === 0) return '';
  return `<p class="masks">${maskWords.beside}</p>\n${bullets(listed.map(maskText), ' class="masks"')}`;
}

function maskedList({ stage, masks, unmatched }: SubjectHistory): string {
  if (stage === 'release') return '';
  const { listed, more } = masks;
  return [
    ...(listed.length === 0 ? [`<p>${maskWords.none}</p>\n`] : [bullets(listed.map(maskText))]),
    ...(more ? [`<p>${maskWords.more}</p>\n`] : []),
    ...(unmatched.length === 0 ? [] : [`<p class="warning">${maskWords.unmatched}</p>\n`]),
    ...(unmatched.length === 0 ? [] : [bullets(unmatched.map(({ expression, text }) => `${expression}: ${text}`))]),
  ].join('');
}

const bullets = (texts: readonly string[], attributes = ''): string =>
  `<ul${attributes}>\n${texts.map((one) => `<li>${escaped(one)}</li>\n`).join('')}</ul>\n`;

const style = `
body{font-family:Arial,Helvetica,sans-serif;font-size:1rem;line-height:1.5;color:#212b32;background:#fff;max-width:50rem;margin:0 auto;padding:1rem}
h1{font-size:1.75rem}h2{font-size:1.4rem;border-bottom:2px solid #005eb8;padding-bottom:.25rem;margin-top:2rem}h3{font-size:1.1rem;margin:0 0 .5rem}
article{border-top:1px solid #4c6272;padding:.75rem 0;break-inside:avoid}
dl{margin:0 0 .5rem}dl div{display:flex;gap:.75rem}dt{flex:0 0 11rem;font-weight:bold}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
blockquote{margin:.5rem 0;padding:.5rem 1rem;border-left:4px solid #005eb8;white-space:pre-wrap;overflow-wrap:anywhere}
.warning{border:3px solid #d5281b;padding:.5rem 1rem}.masks{font-size:.9rem}
a{color:#005eb8}a:focus{outline:3px solid #ffeb3b;outline-offset:2px}
@page{size:A4;margin:2cm}
@media print{nav{display:none}body{max-width:none;padding:0;font-size:11pt}a{color:inherit;text-decoration:none}}
@media (max-width:35rem){dl div{display:block}}
`;
