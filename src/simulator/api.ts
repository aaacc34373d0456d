import { authenticate } from './auth.ts';
import { letterOutcomes, messageOutcomes, precompiledOutcomes, type RequestOperation } from './faults.ts';
import { type AcceptedLetter, checkLetter, checkPrecompiled } from './letters/send-letter.ts';
import type { ListFilter, Notification } from './notifications.ts';
import { badRequest, noRoute, notFound, pdfNotReady, v2Error, wrongMethod } from './notify-error.ts';
import { receivedTextView } from './received-texts.ts';
import type { Personalisation } from './rendering/fields.ts';
import { type Accepted, checkSend } from './send.ts';
import type { ApiKey, Channel, ServiceSettings } from './settings.ts';
import { parseUuid } from './uuid.ts';
import { notificationView, previewView, templateView } from './views.ts';
import type { World } from './world.ts';

/** A request to Notify's API. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: Buffer;
  /** Scheme and host that it was sent to. */
  readonly root: string;
}

export interface Answer {
  readonly status: number;
  /** A PDF when it is bytes, otherwise JSON. */
  readonly body: unknown;
}

interface Context extends Call {
  readonly world: World;
  readonly service: ServiceSettings;
  readonly key: ApiKey;
  readonly params: readonly string[];
  /** Waited for between the last check and the row. */
  readonly beforeCommit: () => Promise<void>;
}

type Handler = (context: Context) => Answer | Promise<Answer>;

/** Paths, and what they answer by method; a path part of letters is itself, the groups are parameters. */
const routes: readonly { readonly path: RegExp; readonly methods: Readonly<Record<string, Handler>> }[] = [
  { path: /^\/v2\/notifications$/, methods: { GET: listNotifications } },
  { path: /^\/v2\/notifications\/([^/]+)$/, methods: { GET: getNotification, POST: send } },
  { path: /^\/v2\/notifications\/([^/]+)\/pdf$/, methods: { GET: getPdf } },
  { path: /^\/v2\/template\/([^/]+)$/, methods: { GET: getTemplate } },
  { path: /^\/v2\/template\/([^/]+)\/version\/(\d+)$/, methods: { GET: getTemplate } },
  { path: /^\/v2\/template\/([^/]+)\/preview$/, methods: { POST: preview } },
  { path: /^\/v2\/templates$/, methods: { GET: listTemplates } },
  { path: /^\/v2\/received-text-messages$/, methods: { GET: listReceivedTexts } },
];

/**
 * Answers a request as Notify does. Routing comes before authentication, as there.
 *
 * @throws {NotifyError} for every answer that is not a success
 */
export async function answerCall(world: World, call: Call, beforeCommit: () => Promise<void>): Promise<Answer> {
  const route = routes.find(({ path }) => path.test(call.path));
  if (route === undefined) throw noRoute();
  const handler = route.methods[call.method];
  if (handler === undefined) throw wrongMethod();
  const { service } = world.settings.current;
  const key = authenticate(call.authorization, service, world.clock.unmovedMs() / 1000);
  const params = (route.path.exec(call.path) ?? []).slice(1).map(decode);
  return handler({ ...call, world, service, key, params, beforeCommit });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Limits come before the body is read: a refused request costs a token, and 429 hides every other fault. */
async function send(context: Context): Promise<Answer> {
  const { world, service, key, params, root } = context;
  const [type = ''] = params;
  const checkLimits = (): void => {
    world.limits.checkMinute(service, key.type);
    if (isChannel(type)) world.limits.checkDay(service, key.type, type);
  };
  checkLimits();
  const body = parseBody(context.body);
  const { templates, limits, validate } = world;
  const how = { service, key, templates, limits, validate, root };
  if (type === 'letter') {
    const precompiled = hasContent(body);
    // Notify hands a letter from a template on to its common route, which counts it again.
    if (!precompiled) checkLimits();
    const accepted = precompiled ? checkPrecompiled(body, how) : checkLetter(body, how);
    await context.beforeCommit();
    await storeLetter(world, key, accepted);
    return { status: 201, body: accepted.answer };
  }
  if (type !== 'sms' && type !== 'email') throw noRoute();
  const accepted = checkSend(type, body, how);
  await context.beforeCommit();
  await storeMessage(world, key, accepted);
  return { status: 201, body: accepted.answer };
}

function isChannel(type: string): type is Channel {
  return type === 'sms' || type === 'email' || type === 'letter';
}

/** Whether a letter is a PDF that is ready made. Notify fails where it cannot look inside. */
function hasContent(body: unknown): boolean {
  if (typeof body === 'object' && body !== null) return 'content' in body;
  if (typeof body === 'string') return false;
  throw v2Error(500, { error: 'TypeError', message: 'Internal server error' });
}

/** A smoke test has no row, and nothing to keep. */
async function storeMessage(world: World, key: ApiKey, { row, limits, outcome }: Accepted): Promise<void> {
  if (row === undefined) return;
  const { channel, normalised: recipient } = row;
  const rule = world.faults.strike({ operation: 'outcome', outcomes: messageOutcomes, channel, recipient });
  await world.database.write(() => {
    world.notifications.insert({ ...row, created_us: world.notifications.nextUs() });
    world.limits.count(key, ...limits);
    world.lifecycle.begin(row.id, rule?.outcome ?? outcome);
  });
  world.lifecycle.wake();
}

async function storeLetter(world: World, key: ApiKey, accepted: AcceptedLetter): Promise<void> {
  const { row, letter, pdf, limits, outcome } = accepted;
  const outcomes = letter.precompiled ? precompiledOutcomes : letterOutcomes;
  const { channel, normalised: recipient } = row;
  const rule = world.faults.strike({ operation: 'outcome', outcomes, channel, recipient });
  await world.database.write(() => {
    world.notifications.insert({ ...row, created_us: world.notifications.nextUs() });
    world.letters.insert(row.id, letter, pdf);
    world.limits.count(key, ...limits);
    world.lifecycle.begin(row.id, rule?.outcome ?? outcome);
  });
  world.lifecycle.wake();
}

/** JSON whatever the media type says; what Python takes for false counts as an empty object. */
function parseBody(body: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw badRequest('Invalid JSON supplied in POST data');
  }
  return !value || (Array.isArray(value) && value.length === 0) ? {} : value;
}

function findNotification({ world, params: [id = ''] }: Context): Notification {
  world.validate('notificationId', { notification_id: id });
  const message = world.notifications.get(parseUuid(id) ?? '');
  if (message === undefined) throw notFound();
  return message;
}

function getNotification(context: Context): Answer {
  return { status: 200, body: viewOf(context, findNotification(context)) };
}

function viewOf({ world, root, service }: Context, message: Notification): Record<string, unknown> {
  const letter = message.channel === 'letter' ? world.letters.get(message.id) : undefined;
  return notificationView(message, letter, root, service);
}

function getPdf(context: Context): Answer {
  const { id, channel, status } = findNotification(context);
  if (channel !== 'letter') throw badRequest('Notification is not a letter');
  if (status === 'virus-scan-failed') throw badRequest('File did not pass the virus scan');
  if (status === 'technical-failure') throw badRequest(`PDF not available for letters in status ${status}`);
  const pdf = status === 'pending-virus-check' ? undefined : context.world.letters.pdf(id);
  if (pdf === undefined) throw pdfNotReady();
  return { status: 200, body: pdf };
}

function listNotifications(context: Context): Answer {
  const { world, service, key, query, root } = context;
  const given: Record<string, string | string[]> = {};
  for (const name of query.keys()) {
    const values = query.getAll(name);
    given[name] = ['older_than', 'reference', 'include_jobs'].includes(name) ? (values[0] ?? '') : values;
  }
  world.validate('notificationList', given);
  const olderThan = query.get('older_than');
  const reference = query.get('reference');
  const filter: ListFilter = {
    keyType: key.type,
    pageSize: service.pageSize,
    ...(query.has('template_type') && { channels: query.getAll('template_type') }),
    ...(query.has('status') && { statuses: query.getAll('status').flatMap((status) => statusFilter(status)) }),
    ...(reference !== null && { reference }),
    ...(olderThan !== null && { olderThan: parseUuid(olderThan) ?? '' }),
  };
  const page = world.notifications.list(filter);
  const notifications = page.map((message) => viewOf(context, message));
  const links = pageLinks(`${root}/v2/notifications`, given, page.at(-1)?.id);
  return { status: 200, body: { notifications, links } };
}

/** A status asked for may stand for several. */
function statusFilter(status: string): readonly string[] {
  if (status === 'failed') {
    return [
      'technical-failure',
      'temporary-failure',
      'permanent-failure',
      'validation-failed',
      'virus-scan-failed',
      'returned-letter',
    ];
  }
  if (status === 'accepted') return ['created', 'sending'];
  return status === 'received' ? ['delivered'] : [status];
}

/** There is a next page whenever this one has anything on it: loop until an empty page. */
function pageLinks(
  address: string,
  given: Readonly<Record<string, string | string[]>>,
  lastId: string | undefined,
): Record<string, string> {
  const link = (values: typeof given): string => {
    const pairs = Object.entries(values).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    );
    return pairs.length === 0 ? address : `${address}?${new URLSearchParams(pairs)}`;
  };
  return lastId === undefined
    ? { current: link(given) }
    : { current: link(given), next: link({ ...given, older_than: lastId }) };
}

function findTemplate(world: World, id: string, version?: number): NonNullable<ReturnType<World['templates']['get']>> {
  world.validate('templateId', { id });
  const template = world.templates.get(parseUuid(id) ?? '', version);
  if (template === undefined) throw notFound();
  return template;
}

function getTemplate({ world, params: [id = '', version = '0'] }: Context): Answer {
  const template = findTemplate(world, id, version === '0' ? undefined : Number(version));
  return { status: 200, body: templateView(template) };
}

function listTemplates({ world, query }: Context): Answer {
  world.validate('templateList', firstValues(query));
  const templates = world.templates.list(query.get('type') ?? undefined).map(templateView);
  return { status: 200, body: { templates } };
}

function preview({ world, params: [id = ''], body }: Context): Answer {
  const form = body.length === 0 ? {} : parseBody(body);
  if (typeof form !== 'object' || form === null || Array.isArray(form)) {
    throw v2Error(500, { error: 'TypeError', message: 'Internal server error' });
  }
  world.validate('preview', { ...form, id });
  const values = (form as { personalisation?: Personalisation }).personalisation ?? {};
  return { status: 200, body: previewView(findTemplate(world, id), values) };
}

function listReceivedTexts({ world, service, query, root }: Context): Answer {
  world.validate('receivedTexts', firstValues(query));
  const olderThan = query.get('older_than');
  const page = world.receivedTexts.list(
    service.pageSize,
    olderThan === null ? undefined : (parseUuid(olderThan) ?? ''),
  );
  const links = pageLinks(`${root}/v2/received-text-messages`, {}, page.at(-1)?.id);
  const texts = page.map((text) => receivedTextView(text, service.id));
  return { status: 200, body: { received_text_messages: texts, links } };
}

function firstValues(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.get(name) ?? '']));
}

/** What a request is for; undefined when it is none that Notify knows. */
export function operationOf(call: Call): { operation: RequestOperation; channel?: Channel } | undefined {
  const [, type = ''] = /^\/v2\/notifications\/([^/]+)$/.exec(call.path) ?? [];
  if (call.method === 'POST') {
    if (isChannel(type)) return { operation: 'send', channel: type };
    return /^\/v2\/template\/[^/]+\/preview$/.test(call.path) ? { operation: 'template' } : undefined;
  }
  if (call.method !== 'GET') return undefined;
  if (/^\/v2\/notifications(?:\/[^/]+)?$/.test(call.path)) return { operation: 'lookup' };
  if (/^\/v2\/notifications\/[^/]+\/pdf$/.test(call.path)) return { operation: 'pdf', channel: 'letter' };
  if (/^\/v2\/template(?:s$|\/)/.test(call.path)) return { operation: 'template' };
  return call.path === '/v2/received-text-messages' ? { operation: 'received-texts' } : undefined;
}
