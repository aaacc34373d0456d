import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Clock } from '../../src/clock.ts';
import { createLog, type Log } from '../../src/log.ts';
import { createGovukNotify, type GovukNotify, type GovukNotifyOptions } from '../../src/providers/govuk-notify.ts';
import type { OutboundMessage } from '../../src/providers/provider.ts';

export const SECRET = '5f0c5a3e-1111-4222-8333-9a9a9a9a9a9a';
export const API_KEY = `test key-7d9e2f10-4444-4555-8666-1b1b1b1b1b1b-${SECRET}`;

/** A real log that keeps its lines. */
export function keepingLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog({ level: 'debug', stream }), lines };
}

export function fixedClock(at = '2026-06-01T09:00:00.000Z'): Clock & { advance(ms: number): void } {
  let now = Date.parse(at);
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms;
    },
  };
}

export function notifyAt(url: string, change: Partial<GovukNotifyOptions> = {}): GovukNotify {
  return createGovukNotify({ apiKey: API_KEY, url, clock: fixedClock(), log: keepingLog().log, ...change });
}

export function text(change: Partial<OutboundMessage> = {}): OutboundMessage {
  return { channel: 'sms', to: '+447700900123', text: 'Please ring the ward.', reference: randomUUID(), ...change };
}

export function email(change: Partial<OutboundMessage> = {}): OutboundMessage {
  return text({ channel: 'email', to: 'ann@example.org', subjectLine: 'Your visit', ...change });
}

export function letter(change: Partial<OutboundMessage> = {}): OutboundMessage {
  return email({ channel: 'letter', to: 'Ann Example\n1 Example Row\nLS1 4AP', ...change });
}

export const always = (): boolean => true;
