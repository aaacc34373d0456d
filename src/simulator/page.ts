import { createHash } from 'node:crypto';
import { timestamp } from './clock.ts';
import type { Notification } from './notifications.ts';
import { pageScript, pageStyle } from './page-assets.ts';
import type { ServiceSettings } from './settings.ts';
import { escapeHtml } from './views.ts';
import type { World } from './world.ts';

/** How many messages are shown, the newest. */
const SHOWN = 200;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing may be loaded, and nothing run but the page's own style and script. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${hash(pageStyle)}; script-src ${hash(pageScript)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

/** The page of every simulated phone and inbox, with the messages as their owners see them. */
export function renderPage(world: World): string {
  const { service } = world.settings.current;
  const messages = world.notifications.newest(SHOWN);
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GOV.UK Notify simulator</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>GOV.UK Notify simulator</h1>
<p>${escapeHtml(service.name)} · nothing here reaches anybody</p>
</header>
<main id="messages">${renderMessages(messages, service)}</main>
<noscript><p class="note">Reload the page to see what is new.</p></noscript>
<script>${pageScript}</script>
</body>
</html>
`;
}

function renderMessages(messages: readonly Notification[], service: ServiceSettings): string {
  const texts = messages.filter(({ channel }) => channel === 'sms');
  const emails = messages.filter(({ channel }) => channel === 'email');
  const more = messages.length === SHOWN ? `<p class="note">The newest ${SHOWN} messages are shown.</p>` : '';
  return `
<section aria-labelledby="phones">
<h2 id="phones">Phones</h2>
${devices(texts, 'phone', 'No texts yet.', (message) => textBubble(message, service))}
</section>
<section aria-labelledby="inboxes">
<h2 id="inboxes">Inboxes</h2>
${devices(emails, 'inbox', 'No emails yet.', (message) => emailBubble(message, service))}
</section>
${more}`;
}

/** One device per recipient, the one with the newest message first; its messages in the order they came. */
function devices(
  messages: readonly Notification[],
  kind: 'phone' | 'inbox',
  none: string,
  bubble: (message: Notification) => string,
): string {
  if (messages.length === 0) return `<p class="none">${none}</p>`;
  const groups = [...Map.groupBy(messages, ({ normalised }) => normalised)];
  const cards = groups.map(([normalised, own]) => {
    const bubbles = own.toReversed().map((message) => `<li class="message ${message.status}">${bubble(message)}</li>`);
    const [newest] = own;
    const name = kind === 'phone' ? spell(normalised) : (newest?.recipient ?? normalised);
    return `<article class="${kind}"><h3>${escapeHtml(name)}</h3><ol>${bubbles.join('')}</ol></article>`;
  });
  return `<div class="devices">${cards.join('\n')}</div>`;
}

/** A UK mobile number as people write it; any other with its plus. */
function spell(digits: string): string {
  const [, operator, number] = /^44(7\d{3})(\d{6})$/.exec(digits) ?? [];
  return operator === undefined ? `+${digits}` : `0${operator} ${number}`;
}

function textBubble(message: Notification, service: ServiceSettings): string {
  const prefix = service.prefixSms ? `${service.name}: ` : '';
  return `<p class="from">${escapeHtml(service.smsSenders[0]?.text ?? '')}</p>
<p class="body">${escapeHtml(prefix + message.body)}</p>
${facts(message, `${message.fragments} ${message.fragments === 1 ? 'fragment' : 'fragments'}`)}`;
}

function emailBubble(message: Notification, service: ServiceSettings): string {
  return `<p class="from">${escapeHtml(service.emailFrom)}</p>
<h4>${escapeHtml(message.subject ?? '')}</h4>
<div class="body">${escapeHtml(message.body)}</div>
${facts(message)}`;
}

function facts(message: Notification, extra?: string): string {
  const iso = timestamp(message.created_us);
  const time = `<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
  const reference =
    message.reference === null ? '' : `<span>reference <code>${escapeHtml(message.reference)}</code></span>`;
  const key = message.key_type === 'normal' ? '' : `<span>${message.key_type} key: not sent to anybody</span>`;
  const fragments = extra === undefined ? '' : `<span>${extra}</span>`;
  return `<p class="facts"><strong>${wording[message.status]}</strong> ${time} ${fragments} ${key} ${reference}</p>`;
}

/** What each status means to a person looking at the phone. */
const wording = {
  created: 'created: not yet handed over',
  sending: 'sending: on its way',
  sent: 'sent: abroad, no receipt',
  pending: 'pending: the network keeps trying',
  delivered: 'delivered',
  'temporary-failure': 'temporary-failure: not delivered',
  'permanent-failure': 'permanent-failure: not delivered',
  'technical-failure': 'technical-failure: not delivered',
} as const satisfies Record<Notification['status'], string>;
