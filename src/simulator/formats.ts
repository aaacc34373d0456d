import { parseEmail } from '../notify/email-address.ts';
import { parsePhone } from '../notify/phone.ts';
import { pythonString } from '../notify/python-text.ts';
import { parseUuid } from './uuid.ts';

/** What a format has against a value, in Notify's words; undefined when nothing. */
export type Format = (value: unknown, nowMs: number) => string | undefined;

/** Notify's own formats. Those that are for strings say nothing about other types: `type` does. */
export const formats: Readonly<Record<string, Format>> = {
  uuid: ofString((text) => (parseUuid(text) === undefined ? 'is not a valid UUID' : undefined)),
  url: ofString((text) => (URL.canParse(text) ? undefined : 'is not a valid https url')),
  phone_number: ofString((text) => {
    const phone = parsePhone(text);
    return phone.kind === 'bad' ? phone.message : undefined;
  }),
  email_address: ofString((text) => {
    const address = parseEmail(text);
    return address.kind === 'bad' ? address.message : undefined;
  }),
  within_next_day: ofString(withinNextDay),
  postage: ofString((text) =>
    ['first', 'second', 'economy'].includes(text) ? undefined : 'invalid. It must be either first, second or economy.',
  ),
  is_csv: booleanOrNull('is_csv'),
  confirm_email_before_download: booleanOrNull('confirm_email_before_download'),
  retention_period: (value) => {
    const weeks = typeof value === 'string' ? /^(\d+) weeks?$/.exec(value.trim().toLowerCase())?.[1] : undefined;
    if (value === null || (weeks !== undefined && Number(weeks) >= 1 && Number(weeks) <= 78)) return undefined;
    return `Unsupported value for retention_period: ${pythonString(value)}. Supported periods are from 1 to 78 weeks.`;
  },
  filename: (value) =>
    value === null || (typeof value === 'string' && value.includes('.'))
      ? undefined
      : '`filename` must end with a file extension. For example, filename.csv',
};

function ofString(check: (text: string, nowMs: number) => string | undefined): Format {
  return (value, nowMs) => (typeof value === 'string' ? check(value, nowMs) : undefined);
}

function booleanOrNull(name: string): Format {
  return (value) =>
    value === null || typeof value === 'boolean'
      ? undefined
      : `Unsupported value for ${name}: ${pythonString(value)}. Use a boolean true or false value.`;
}

const isoTime =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** The zone is ignored: Notify reads the time of day as UTC whatever the offset says. */
function withinNextDay(text: string, nowMs: number): string | undefined {
  const [, day, hours = '00', minutes = '00', seconds = '00'] = isoTime.exec(text) ?? [];
  const time = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
  if (day === undefined || Number.isNaN(time)) {
    return 'datetime format is invalid. It must be a valid ISO8601 date time format, https://en.wikipedia.org/wiki/ISO_8601';
  }
  if (time < nowMs) return 'datetime can not be in the past';
  return time > nowMs + 24 * 3_600_000 ? 'datetime can only be 24 hours in the future' : undefined;
}
