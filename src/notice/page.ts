import { createHash } from 'node:crypto';
import { escaped } from '../sar/markup.ts';
import type { Notice } from './gather.ts';
import { sectionsOf } from './sections.ts';

const style = `
:root { color-scheme: light dark; --ink: #212b32; --quiet: #4c6272; --paper: #f0f4f5; --card: #fff; --line: #d8dde0;
  --brand: #005eb8; --link: #005eb8; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f4f5; --quiet: #b6c3cb; --paper: #141a1e; --card: #1e272d;
  --line: #3d4a53; --brand: #003d78; --link: #8ec7ff; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.1875rem/1.5 Arial, Helvetica, sans-serif; }
header { background: var(--brand); color: #fff; }
header p, main, footer p { max-width: 44rem; margin: 0 auto; padding: 1rem 1.25rem; overflow-wrap: anywhere; }
header p { font-weight: bold; }
h1 { font-size: 2rem; line-height: 1.2; margin: 1rem 0 .5rem; }
h2 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
.lead { font-size: 1.375rem; margin: 0 0 1.5rem; }
nav { margin: 0 0 1.5rem; }
nav ul { list-style: none; padding: 0; margin: 0; columns: 16rem; }
nav li { padding: .25rem 0; }
section { background: var(--card); border: 1px solid var(--line); padding: 1.25rem; margin: 0 0 1.25rem; }
section > :last-child { margin-bottom: 0; }
p { margin: 0 0 1rem; }
ul { padding-left: 1.25rem; margin: 0 0 1rem; }
li { margin: 0 0 .5rem; }
dl { margin: 0; }
dt { font-weight: bold; padding-top: .75rem; border-top: 1px solid var(--line); }
dd { margin: 0 0 .75rem; }
dd i { display: block; font-style: normal; color: var(--quiet); }
a { color: var(--link); }
a:focus-visible { outline: 4px solid transparent; background: #ffeb3b; color: #212b32; box-shadow: 0 4px #212b32; text-decoration: none; }
footer { border-top: 1px solid var(--line); color: var(--quiet); font-size: 1rem; }
@media print { header { color: #000; background: none; } nav { display: none; } section { border: 0; padding: 0; break-inside: avoid-page; } }
`;

/** Nothing is loaded and nothing runs: the page's own style is all there is. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The page of ACC-3, for everybody to read. */
export function noticePage(notice: Notice): string {
  const { controller, at } = notice;
  const name = escaped(controller.name);
  const sections = sectionsOf(notice);
  const contents = sections.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`).join('');
  const body = sections
    .map(
      ({ id, title, html }) =>
        `<section aria-labelledby="${id}"><h2 id="${id}">${escaped(title)}</h2>${html}</section>`,
    )
    .join('\n');
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>How we contact you – ${name}</title>
<style>${style}</style>
</head>
<body>
<header><p>${name}</p></header>
<main>
<h1>How we contact you</h1>
<p class="lead">${name} sends messages to people about their care. This page says how, what about, and what you can do if you do not want them.</p>
<nav aria-label="On this page"><ul>${contents}</ul></nav>
${body}
</main>
<footer><p>${name}, organisation code ${escaped(controller.ods)}. As our systems were set on ${dayText(at)}.</p></footer>
</body>
</html>
`;
}

const dayText = (at: Date): string => at.toLocaleDateString('en-GB', { timeZone: 'Europe/London', dateStyle: 'long' });
