import { createHash } from 'node:crypto';
import { timestamp } from './clock.ts';
import type { Letter } from './letters/letters.ts';
import type { Notification } from './notifications.ts';
import { pageScript, pageStyle } from './page-assets.ts';
import { type Notice, timeJumps } from './page-forms.ts';
import type { ReceivedText } from './received-texts.ts';
import type { ServiceSettings } from './settings.ts';
import { escapeHtml } from './views.ts';
import type { World } from './world.ts';

/** How many messages are shown, the newest. */
const SHOWN = 200;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing may be loaded, nothing run but the page's own style and script, and forms go nowhere else. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${hash(pageStyle)}; script-src ${hash(pageScript)}; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * The page of every simulated phone, inbox and letterbox, with the messages as their owners see them, and of what a
 * person can do there. `notice` says what the last form did.
 */
export function renderPage(world: World, notice?: Notice): string {
  const { service } = world.settings.current;
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${notice?.kind === 'error' ? 'Error: ' : ''}GOV.UK Notify simulator</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>GOV.UK Notify simulator</h1>
<p>${escapeHtml(service.name)} · nothing here reaches anybody</p>
</header>
<main>
${notice === undefined ? '' : noticeHtml(notice)}
<section aria-labelledby="do">
<h2 id="do">What you can do</h2>
<div class="forms">
${textForm(world, notice)}
${timeForm()}
</div>
</section>
<div id="messages">${renderMessages(world, service)}</div>
</main>
<noscript><p class="note">Reload the page to see what is new.</p></noscript>
<script>${pageScript}</script>
</body>
</html>
`;
}

function noticeHtml({ kind, text }: Notice): string {
  const role = kind === 'error' ? 'alert' : 'status';
  return `<p class="notice ${kind}" role="${role}">${escapeHtml(text)}</p>`;
}

function textForm({ notifications }: World, notice: Notice | undefined): string {
  const phones = new Set(
    notifications
      .newest(SHOWN)
      .filter(({ channel }) => channel === 'sms')
      .map(({ normalised }) => spell(normalised)),
  );
  const options = [...phones].map((phone) => `<option value="${escapeHtml(phone)}"></option>`).join('');
  const { from = '', message = '' } = notice?.kind === 'error' ? notice.typed : {};
  return `<form method="post" action="/page/received-texts">
<h3>Send a text as a phone</h3>
<label for="from">Phone number that sends it</label>
<input id="from" name="from" type="tel" list="phones" autocomplete="off" required value="${escapeHtml(from)}">
<datalist id="phones">${options}</datalist>
<label for="message">Message</label>
<textarea id="message" name="message" rows="3" required>${escapeHtml(message)}</textarea>
<button type="submit">Send the text</button>
</form>`;
}

function timeForm(): string {
  const choices = Object.entries(timeJumps).map(([name, { label }]) => `<option value="${name}">${label}</option>`);
  return `<form method="post" action="/page/clock">
<h3>Move the time on</h3>
<label for="by">By how much</label>
<select id="by" name="by">${choices.join('')}</select>
<p class="note">Time only goes forward. Messages, letters, limits and callbacks move with it.</p>
<button type="submit">Move the time on</button>
</form>`;
}

function renderMessages(world: World, service: ServiceSettings): string {
  const messages = world.notifications.newest(SHOWN);
  const on = (wanted: Notification['channel']): Notification[] => messages.filter(({ channel }) => channel === wanted);
  const received = world.receivedTexts.newest(SHOWN);
  const more = messages.length === SHOWN ? `<p class="note">The newest ${SHOWN} messages are shown.</p>` : '';
  return `
<p class="clock">Simulated time: ${timeHtml(world.clock.ms() * 1000, 'minutes')}</p>
<section aria-labelledby="phones-heading">
<h2 id="phones-heading">Phones</h2>
${devices(phoneItems(on('sms'), received, service), 'phone', 'No texts yet.')}
</section>
<section aria-labelledby="inboxes">
<h2 id="inboxes">Inboxes</h2>
${devices(
  on('email').map((message) => itemOf(message, message.recipient, emailBubble(message, service))),
  'inbox',
  'No emails yet.',
)}
</section>
<section aria-labelledby="letterbox">
<h2 id="letterbox">Letterbox</h2>
${devices(
  on('letter').map((message) =>
    itemOf(message, addressName(message), letterCard(message, world.letters.get(message.id))),
  ),
  'envelope',
  'No letters yet.',
)}
</section>
${more}`;
}

/** One thing on a device. */
interface Item {
  /** Which device. */
  readonly device: string;
  readonly name: string;
  readonly us: number;
  readonly look: string;
  readonly html: string;
}

function itemOf(message: Notification, name: string, html: string): Item {
  return { device: message.normalised, name, us: message.created_us, look: message.status, html };
}

function phoneItems(
  texts: readonly Notification[],
  received: readonly ReceivedText[],
  service: ServiceSettings,
): Item[] {
  const sent = texts.map((message) => itemOf(message, spell(message.normalised), textBubble(message, service)));
  const own = received.map((text) => ({
    device: text.user_number,
    name: spell(text.user_number),
    us: text.created_us,
    look: 'own',
    html: ownBubble(text),
  }));
  return [...sent, ...own].toSorted((a, b) => b.us - a.us);
}

/** One device per recipient, the one with the newest message first; its messages in the order they came. */
function devices(items: readonly Item[], kind: 'phone' | 'inbox' | 'envelope', none: string): string {
  if (items.length === 0) return `<p class="none">${none}</p>`;
  const cards = [...Map.groupBy(items, ({ device }) => device).values()].map((own) => {
    const bubbles = own.toReversed().map(({ look, html }) => `<li class="message ${look}">${html}</li>`);
    return `<article class="${kind}"><h3>${escapeHtml(own[0]?.name ?? '')}</h3><ol>${bubbles.join('')}</ol></article>`;
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
${facts(message, [plural(message.fragments, 'fragment')])}`;
}

function ownBubble(text: ReceivedText): string {
  return `<p class="from">sent from this phone</p>
<p class="body">${escapeHtml(text.content)}</p>
<p class="facts">${timeHtml(text.created_us, 'seconds')}</p>`;
}

function emailBubble(message: Notification, service: ServiceSettings): string {
  return `<p class="from">${escapeHtml(service.emailFrom)}</p>
<h4>${escapeHtml(message.subject ?? '')}</h4>
<div class="body">${escapeHtml(message.body)}</div>
${facts(message)}`;
}

/** The first line of an address: whose letterbox it is. */
function addressName({ recipient }: Notification): string {
  return recipient.split('\n')[0] ?? '';
}

/** A subject is kept as the API answers it, which for letters is escaped already. */
function letterCard(message: Notification, letter: Letter | undefined): string {
  const about = `the letter to ${escapeHtml(addressName(message))}, ${message.subject ?? ''}`;
  const link = letter?.hasPdf
    ? `<p><a href="/page/letters/${message.id}.pdf">Open the PDF<span class="hidden"> of ${about}</span></a></p>`
    : '<p class="note">No PDF yet.</p>';
  const extra = letter === undefined ? [] : [`postage ${letter.postage}`, plural(letter.sheets, 'sheet')];
  if (letter?.reason) extra.push(escapeHtml(letter.reason));
  return `<p class="address">${escapeHtml(message.recipient)}</p>
<h4>${message.subject ?? ''}</h4>
<div class="body">${escapeHtml(message.body)}</div>
${link}
${facts(message, extra)}
${action(message, ['sending', 'delivered', 'returned-letter'], 'return', `Return to sender<span class="hidden">: ${about}</span>`)}
${action(message, ['created', 'pending-virus-check'], 'cancel', `Stop before printing<span class="hidden">: ${about}</span>`)}`;
}

function action(message: Notification, when: readonly Notification['status'][], name: string, label: string): string {
  if (!when.includes(message.status)) return '';
  return `<form method="post" action="/page/letters/${message.id}/${name}"><button type="submit">${label}</button></form>`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function timeHtml(us: number, to: 'minutes' | 'seconds'): string {
  const iso = timestamp(us);
  return `<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, to === 'minutes' ? 16 : 19)} UTC</time>`;
}

function facts(message: Notification, extra: readonly string[] = []): string {
  const reference =
    message.reference === null ? '' : `<span>reference <code>${escapeHtml(message.reference)}</code></span>`;
  const key = message.key_type === 'normal' ? '' : `<span>${message.key_type} key: not sent to anybody</span>`;
  const more = extra.map((one) => `<span>${one}</span>`).join(' ');
  const words = message.channel === 'letter' ? letterWording : wording;
  const status = words[message.status] ?? message.status;
  return `<p class="facts"><strong>${status}</strong> ${timeHtml(message.created_us, 'seconds')} ${more} ${key} ${reference}</p>`;
}

type Words = Readonly<Partial<Record<Notification['status'], string>>>;

/** What each status means to a person looking at the phone. */
const wording: Words = {
  created: 'created: not yet handed over',
  sending: 'sending: on its way',
  sent: 'sent: abroad, no receipt',
  pending: 'pending: the network keeps trying',
  delivered: 'delivered',
  'temporary-failure': 'temporary-failure: not delivered',
  'permanent-failure': 'permanent-failure: not delivered',
  'technical-failure': 'technical-failure: not delivered',
};

const letterWording: Words = {
  created: 'accepted: waits for the evening’s print run',
  sending: 'accepted: at the printer',
  delivered: 'received: with the post',
  'pending-virus-check': 'pending-virus-check: not yet scanned',
  'virus-scan-failed': 'virus-scan-failed: not sent',
  'validation-failed': 'validation-failed: not sent',
  'technical-failure': 'technical-failure: not sent',
  'permanent-failure': 'permanent-failure: not sent',
  cancelled: 'cancelled: not sent',
  'returned-letter': 'received: came back to the sender',
};
