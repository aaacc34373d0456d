import type { Personalisation } from '../notify/template.ts';
import { authenticate } from './auth.ts';
import type { ListFilter } from './notifications.ts';
import { badRequest, noRoute, notFound, v2Error, wrongMethod } from './notify-error.ts';
import { receivedTextView } from './received-texts.ts';
import { checkSend } from './send.ts';
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
  world.limits.checkMinute(service, key.type);
  if (type === 'letter') return sendLetter(context);
  if (type === 'sms' || type === 'email') world.limits.checkDay(service, key.type, type);
  const body = parseBody(context.body);
  if (type !== 'sms' && type !== 'email') throw noRoute();
  const { templates, limits, validate } = world;
  const accepted = checkSend(type, body, { service, key, templates, limits, validate, root });
  await context.beforeCommit();
  if (accepted.row !== undefined) await store(world, key, { ...accepted, row: accepted.row });
  return { status: 201, body: accepted.answer };
}

type Stored = Omit<ReturnType<typeof checkSend>, 'row'> & {
  readonly row: NonNullable<ReturnType<typeof checkSend>['row']>;
};

async function store(world: World, key: ApiKey, { row, limits, outcome }: Stored): Promise<void> {
  const rule = world.faults.strike({ operation: 'outcome', channel: row.channel, recipient: row.normalised });
  await world.database.write(() => {
    world.notifications.insert({ ...row, created_us: world.notifications.nextUs() });
    world.limits.count(key, ...limits);
    world.lifecycle.begin(row.id, rule?.outcome ?? outcome);
  });
  world.lifecycle.wake();
}

/** This service has no permission for letters, so every well-formed one is refused. */
function sendLetter({ world, service, key, body }: Context): never {
  const form = parseBody(body);
  const precompiled = typeof form === 'object' && form !== null && 'content' in form;
  if (!precompiled) world.limits.checkMinute(service, key.type);
  world.validate(precompiled ? 'precompiledLetter' : 'letter', form);
  throw badRequest('Service is not allowed to send letters');
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

function findNotification({
  world,
  params: [id = ''],
}: Context): NonNullable<ReturnType<World['notifications']['get']>> {
  world.validate('notificationId', { notification_id: id });
  const message = world.notifications.get(parseUuid(id) ?? '');
  if (message === undefined) throw notFound();
  return message;
}

function getNotification(context: Context): Answer {
  const view = notificationView(findNotification(context), context.root, context.service.smsRate);
  return { status: 200, body: view };
}

function getPdf(context: Context): never {
  findNotification(context);
  throw badRequest('Notification is not a letter');
}

function listNotifications({ world, service, key, query, root }: Context): Answer {
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
  const notifications = page.map((message) => notificationView(message, root, service.smsRate));
  const links = pageLinks(`${root}/v2/notifications`, given, page.at(-1)?.id);
  return { status: 200, body: { notifications, links } };
}

/** A status asked for may stand for several. */
function statusFilter(status: string): readonly string[] {
  if (status === 'failed') return ['technical-failure', 'temporary-failure', 'permanent-failure'];
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

/** The channel of a request to send a text or an email. */
export function channelOf(call: Call): Channel | undefined {
  if (call.method !== 'POST') return undefined;
  if (call.path === '/v2/notifications/sms') return 'sms';
  return call.path === '/v2/notifications/email' ? 'email' : undefined;
}
