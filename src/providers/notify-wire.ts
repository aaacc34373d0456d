import type { ProviderChannel, ProviderNotification, ProviderTemplate } from './provider.ts';

/** A JSON object whose members nobody has looked at yet. */
export type Json = Readonly<Record<string, unknown>>;

/** A template as the list shows it: what is needed to know that it adds nothing to our text. */
export interface ListedTemplate {
  readonly id: string;
  readonly version: number;
  readonly type: string;
  readonly body: string;
  readonly subject: string | undefined;
}

const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The official client puts ids into paths unescaped: only a UUID may become one. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuidPattern.test(value);
}

/** The object in a JSON text; `undefined` when it is anything else. */
export function parseJson(text: string): Json | undefined {
  try {
    return object(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * A time of Notify's as a FHIR instant in UTC. Notify writes six decimals and `Z`; its older form has a space and no
 * zone, and means UTC too.
 */
export function instant(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  if (!parts) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = parts;
  const at = new Date(`${date}T${time}${fraction.slice(0, 4)}${zone}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** The answer to a POST: 201 says `created`, and names no status. */
export function readSent(text: string, url: string): ProviderNotification | undefined {
  const sent = parseJson(text);
  const content = object(sent?.content);
  if (!sent || !isUuid(sent.id) || typeof content?.body !== 'string') return undefined;
  return {
    id: sent.id,
    reference: optionalString(sent.reference),
    status: 'created',
    body: content.body,
    subject: optionalString(content.subject),
    ...templateOf(sent.template, url),
    sentAt: undefined,
    completedAt: undefined,
  };
}

/** One stored message, as looked up by id. */
export function readStored(text: string, url: string): ProviderNotification | undefined {
  return storedNotification(parseJson(text), url);
}

/**
 * A page of stored messages. One row that cannot be read, or is not what was asked for, makes the page unreadable:
 * leaving it out could turn "found" into "none", and "none" means sending again.
 */
export function readPage(
  text: string,
  asked: { reference: string; channel: ProviderChannel; url: string },
): readonly ProviderNotification[] | undefined {
  const rows = parseJson(text)?.notifications;
  if (!Array.isArray(rows)) return undefined;
  const read = rows.map((row) =>
    object(row)?.type === asked.channel ? storedNotification(object(row), asked.url) : undefined,
  );
  return read.every((row) => row !== undefined && row.reference === asked.reference)
    ? read.filter((row) => row !== undefined)
    : undefined;
}

/** One template, as it is looked up by id; `undefined` for a shape or a kind that is not known. */
export function readTemplate(text: string): ProviderTemplate | undefined {
  const row = parseJson(text);
  const listed = listedTemplate(row);
  const channel = templateChannels.find((one) => one === listed?.type);
  if (listed === undefined || channel === undefined) return undefined;
  const { id, version, body, subject } = listed;
  return { id, version, channel, body, subject, contactBlock: optionalString(row?.letter_contact_block) };
}

const templateChannels = ['sms', 'email', 'letter'] as const satisfies readonly ProviderChannel[];

/** The service's templates; those of an unknown shape cannot be ours and are left out. */
export function readTemplates(text: string): readonly ListedTemplate[] | undefined {
  const rows = parseJson(text)?.templates;
  return Array.isArray(rows) ? rows.map(listedTemplate).filter((row) => row !== undefined) : undefined;
}

function listedTemplate(value: unknown): ListedTemplate | undefined {
  const row = object(value);
  if (!row || !isUuid(row.id) || !isVersion(row.version)) return undefined;
  if (typeof row.type !== 'string' || typeof row.body !== 'string') return undefined;
  return { id: row.id, version: row.version, type: row.type, body: row.body, subject: optionalString(row.subject) };
}

function storedNotification(row: Json | undefined, url: string): ProviderNotification | undefined {
  if (!row || !isUuid(row.id) || typeof row.status !== 'string' || typeof row.body !== 'string') return undefined;
  return {
    id: row.id,
    reference: optionalString(row.reference),
    status: row.status,
    body: row.body,
    subject: optionalString(row.subject),
    ...templateOf(row.template, url),
    sentAt: instant(row.sent_at),
    completedAt: instant(row.completed_at),
  };
}

/** A POST answers with another address than a GET, which nobody can open with a key: the address is made here. */
function templateOf(value: unknown, url: string): Pick<ProviderNotification, 'templateUri' | 'templateVersion'> {
  const template = object(value);
  if (!template || !isUuid(template.id) || !isVersion(template.version)) {
    return { templateUri: undefined, templateVersion: undefined };
  }
  return {
    templateUri: `${url}/v2/template/${template.id}/version/${template.version}`,
    templateVersion: template.version,
  };
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function optionalString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}
