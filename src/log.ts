import { type DestinationStream, pino } from 'pino';

/**
 * Structured logs: events with ids and codes. A field that is not on this list cannot be logged, because it is dropped
 * here; nothing on it can hold a name, number, address or message text (ACC-4).
 */
export const logFields = [
  'requestId',
  'client',
  'role',
  'method',
  'route',
  'status',
  'durationMs',
  'resourceType',
  'resourceId',
  'versionId',
  'interaction',
  'code',
  'clause',
  'rule',
  'decision',
  'channel',
  'queue',
  'job',
  'attempt',
  'provider',
  'reference',
  'providerStatus',
  'outcome',
  'count',
  'seconds',
  'errorName',
  'at',
  'key',
  'address',
] as const;

export type LogFields = Partial<Record<(typeof logFields)[number], string | number | boolean>>;

/** Level by method; the event is a short dotted name (`message.sent`). */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  fatal(event: string, fields?: LogFields): void;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One JSON line an event, on stdout unless a stream is given. */
export function createLog(options: { level: LogLevel; stream?: DestinationStream }): Log {
  const settings = { level: options.level, base: null, messageKey: 'event', timestamp: pino.stdTimeFunctions.isoTime };
  const logger = options.stream ? pino(settings, options.stream) : pino(settings);
  const write =
    (level: Exclude<LogLevel, 'silent'>) =>
    (event: string, fields: LogFields = {}): void =>
      logger[level](allowed(fields), event);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
  };
}

/**
 * What may be said of an error that nobody expected: its class, and where in our own code it was thrown. Never its
 * message, which may quote what it choked on.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const at = error.stack
    ?.split('\n')
    .find((line) => /\/src\/[\w/.-]+\.ts:\d+/.test(line))
    ?.match(/src\/[\w/.-]+\.ts:\d+/)?.[0];
  return { errorName: error.name, ...(at === undefined ? {} : { at }) };
}

function allowed(fields: LogFields): LogFields {
  const kept: LogFields = {};
  for (const name of logFields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept;
}
