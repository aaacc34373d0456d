import { aroundMessages, titleOf } from './bundle.ts';
import type { EntryMask, HistoryEntry, HistorySection, SubjectHistory } from './history.ts';
import { escaped } from './markup.ts';
import { dayText, timeText } from './readable.ts';

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
${stage === 'review' ? '<p class="warning"><strong>For review. Do not release this copy.</strong></p>\n' : ''}${particulars(history)}
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

function particulars({ person, request }: SubjectHistory): string {
  return list([
    ['Name', person.name],
    ['Date of birth', person.birthDate === undefined ? '' : dayText(person.birthDate)],
    ['NHS number', person.nhsNumber ?? ''],
    ['Request', request.number],
    ['Received on', dayText(request.received)],
  ]);
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
  const kind = entry.kind === 'request' ? 'Request for a message' : entry.direction === 'inbound' ? 'From' : 'To';
  const who = entry.kind === 'request' ? '' : ` ${entry.direction === 'inbound' ? entry.from : entry.to}`;
  return `<article>
<h3><time datetime="${escaped(entry.at)}">${escaped(entry.atText)}</time>: ${escaped(`${kind}${who}`)}</h3>
${list([
  ['Status', entry.status],
  ['Channel', entry.channel ?? ''],
  ['From', entry.from],
  ['To', entry.to],
  ['Contact detail', entry.contact ?? ''],
  ['Kind of message', entry.messageType ?? ''],
  ['Acting for somebody', entry.asProxy ? 'Yes' : ''],
  ['Other record', entry.otherRecord ?? ''],
  ['Subject line', entry.subjectLine ?? ''],
])}${entry.text === '' ? '' : `<blockquote>${escaped(entry.text)}</blockquote>\n`}${list([
  ['Attachments', entry.attachments.map((one) => one.title).join('\n')],
  ['Reasons', entry.reasons.join('\n')],
  ['Notes', entry.notes.join('\n')],
  ['Asked for by', entry.requester ?? ''],
  ['Recorded by', entry.recordedBy.join(', ')],
  ['Lawful basis', entry.lawfulBases.join(', ')],
  ...entry.times.map(({ what, atText }) => [what, atText] as const),
  ['Reference', entry.reference],
])}${masksHtml(entry.masks)}</article>
`;
}

function list(fields: readonly (readonly [label: string, value: string])[]): string {
  const given = fields.filter(([, value]) => value !== '');
  if (given.length === 0) return '';
  return `<dl>\n${given.map(([label, value]) => `<div><dt>${escaped(label)}</dt><dd>${escaped(value)}</dd></div>\n`).join('')}</dl>\n`;
}

/** In a review alone: the parts, as they are decided on. */
function masksHtml(masks: readonly EntryMask[]): string {
  const listed = masks.filter((one) => one.path !== undefined);
  if (listed.length === 0) return '';
  return `<p class="masks">Masked in the released copy:</p>\n<ul class="masks">\n${listed.map(maskHtml).join('')}</ul>\n`;
}

function maskHtml({ reference, what, origin, path = '', text, ground, why = '' }: EntryMask): string {
  const words = text === undefined ? '' : `, the words “${text}”`;
  return `<li>${escaped(`${reference}: ${what}${words}; ${originText[origin]}; ground: ${ground ?? 'none'}; ${why}; path: ${path}`)}</li>\n`;
}

const originText = {
  decided: 'decided by the reviewer',
  proposed: 'proposed',
  shown: 'proposed, and shown by a decision: it is NOT masked',
  fixed: 'always masked',
} as const satisfies Record<EntryMask['origin'], string>;

function maskedList({ stage, masks, unmatched }: SubjectHistory): string {
  if (stage === 'release') return '';
  const none = masks.listed.length === 0 ? '<p>Nothing is masked.</p>\n' : '';
  const lost = unmatched.map(({ expression, text }) => `<li>${escaped(`${expression}: ${text}`)}</li>\n`).join('');
  const more = masks.more ? '<p>There are more; each is listed at its message.</p>\n' : '';
  return `${none}<ul>\n${masks.listed.map(maskHtml).join('')}</ul>\n${more}${
    lost === '' ? '' : `<p class="warning">Decisions that mask nothing:</p>\n<ul>\n${lost}</ul>\n`
  }`.replace('<ul>\n</ul>\n', '');
}

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
