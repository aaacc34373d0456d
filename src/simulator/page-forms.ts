import type { Controls } from './controls.ts';
import { dispatchMs, printRunMs } from './letters/calendar.ts';

/** What a form of the page did, or why it did not; then with what was typed, so that nobody types it again. */
export type Notice =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'error'; readonly text: string; readonly typed: Readonly<Record<string, string>> };

/** What the page answers to a form. */
export type FormAnswer =
  /** The page again, so that reloading it sends nothing twice. */
  | { readonly kind: 'done'; readonly notice: NoticeName }
  | { readonly kind: 'refused'; readonly status: 400 | 403 | 404 | 409; readonly notice: Notice };

/** What the page says after a form: a name in its address, so that no text of others can be put there. */
export const notices = {
  text: 'The text was sent to the service.',
  time: 'The time was moved on.',
  return: 'The letter came back to the sender.',
  cancel: 'The letter was stopped.',
} as const;
export type NoticeName = keyof typeof notices;

/** Whether a text from the page's address names a notice. */
export function isNoticeName(name: string | null): name is NoticeName {
  return name !== null && Object.hasOwn(notices, name);
}

const HOUR = 3_600_000;
const fixed = (ms: number) => (): number => ms;

/** How far the page can move the time, in milliseconds from then on. */
export const timeJumps: Readonly<Record<string, { readonly label: string; readonly ms: (nowMs: number) => number }>> = {
  minute: { label: 'One minute', ms: fixed(60_000) },
  hour: { label: 'One hour', ms: fixed(HOUR) },
  print: { label: 'To the next print run of letters', ms: (now) => printRunMs(now) - now },
  post: { label: 'Until letters printed next are with the post', ms: (now) => dispatchMs(printRunMs(now)) - now },
  day: { label: 'One day', ms: fixed(24 * HOUR) },
  week: { label: 'One week', ms: fixed(7 * 24 * HOUR) },
};

/** A form that the page sent. */
export interface FormCall {
  readonly path: string;
  readonly fields: URLSearchParams;
  /** Where the browser says it comes from. */
  readonly origin: string | undefined;
  readonly site: string | undefined;
  /** Scheme and host that it was sent to. */
  readonly root: string;
}

/** Does what a form of the page asks for. Forms of other pages are refused. */
export async function answerForm(controls: Controls, call: FormCall): Promise<FormAnswer> {
  const { path, fields, origin, site, root } = call;
  const typed = Object.fromEntries(fields);
  const refuse = (status: 400 | 403 | 404 | 409, text: string): FormAnswer => ({
    kind: 'refused',
    status,
    notice: { kind: 'error', text, typed },
  });
  const isOwn = (site === undefined || site === 'same-origin') && (origin === undefined || origin === root);
  if (!isOwn) return refuse(403, 'That form came from another page, and nothing was done.');
  if (path === '/page/received-texts') {
    const message = fields.get('message')?.trim() ?? '';
    if (message === '') return refuse(400, 'Enter a message.');
    const id = await controls.receiveText(fields.get('from') ?? '', message);
    return id === undefined
      ? refuse(400, 'Enter a phone number, such as 07700 900123.')
      : { kind: 'done', notice: 'text' };
  }
  if (path === '/page/clock') {
    const jump = timeJumps[fields.get('by') ?? ''];
    if (jump === undefined) return refuse(400, 'Choose by how much the time moves on.');
    await controls.advance(Math.max(0, jump.ms(Date.parse(controls.state().now))));
    return { kind: 'done', notice: 'time' };
  }
  const [, id = '', what] = /^\/page\/letters\/([0-9a-f-]{36})\/(return|cancel)$/.exec(path) ?? [];
  if (what === 'return') {
    const came = await controls.returnLetter(id);
    return came ? { kind: 'done', notice: 'return' } : refuse(409, 'That letter is not with the post.');
  }
  if (what === 'cancel') {
    const stopped = await controls.cancelLetter(id);
    return stopped ? { kind: 'done', notice: 'cancel' } : refuse(409, 'That letter can no longer be stopped.');
  }
  return refuse(404, 'There is no such form.');
}
