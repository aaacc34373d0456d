import { systemClock } from '../clock.ts';
import type { NotifyConfig } from '../config-notify.ts';
import type { Log } from '../log.ts';
import { createGovukNotify } from '../providers/govuk-notify.ts';
import { claimed, type Finding, missing, type Need, type Seen, unproven, works } from './need.ts';

const group = 'GOV.UK Notify';

const rows = {
  configured: need(
    'configured',
    'an API key, an address and a callback token',
    'contract 1',
    'The service does not start.',
  ),
  reachable: need('reachable', 'answers', 'contract 1', 'No message goes; each waits until it can.'),
  key: need(
    'key',
    'the API key is good',
    'contract 1',
    'No message goes; each waits until somebody puts in another key.',
  ),
  templates: need(
    'templates',
    'templates that add nothing to our text, for texts, emails and letters',
    'contract 3.1',
    'No message goes by a channel without one.',
  ),
  kind: {
    ...need(
      'key-kind',
      'a live key, not one for tests or for the team alone',
      'contract 1',
      'With a test key nothing is delivered; with a team key it is to the team and the guest list alone.',
    ),
    severity: 'degrades' as const,
  },
};

/** Asks GOV.UK Notify, sending nothing. The key is shown nowhere. */
export async function examineProvider(notify: NotifyConfig, log: Log): Promise<readonly Finding[]> {
  if (notify.kind === 'simulator') {
    return [{ ...rows.configured, ...claimed('none: the simulator stands in, and no message leaves the machine') }];
  }
  const { apiKey, url } = notify;
  const readiness = await createGovukNotify({ apiKey, url, clock: systemClock, log }).ready();
  const { reachable, key, templates } = seenIn(readiness.kind === 'ready' ? undefined : readiness);
  return [
    { ...rows.configured, ...works('given') },
    { ...rows.reachable, ...reachable },
    { ...rows.key, ...key },
    { ...rows.templates, ...templates },
    { ...rows.kind, ...unproven("Notify's API does not tell: see the page API integration of the account") },
  ];
}

/** What the service would refuse to start with. */
export function misconfigured(message: string): readonly Finding[] {
  return [{ ...rows.configured, ...missing(message.replaceAll('\n', ' ')) }];
}

function seenIn(failure: { readonly code: string; readonly missing: readonly string[] } | undefined): {
  readonly reachable: Seen;
  readonly key: Seen;
  readonly templates: Seen;
} {
  const notAsked = unproven('not come to');
  if (failure === undefined) {
    return { reachable: works('answers'), key: works('accepted'), templates: works('found for each channel') };
  }
  switch (failure.code) {
    case 'no-pass-through-template': {
      const seen = `none for ${failure.missing.join(', ')}: see src/providers/README.md`;
      return { reachable: works('answers'), key: works('accepted'), templates: missing(seen) };
    }
    case 'key':
    case 'not-permitted':
      return {
        reachable: works('answers'),
        key: missing('refused: make a new one in the account, and put it in GOVUK_NOTIFY_API_KEY'),
        templates: notAsked,
      };
    case 'clock':
      return {
        reachable: works('answers'),
        key: missing('refused, for the clock of this machine is more than 30 seconds out'),
        templates: notAsked,
      };
    default:
      return {
        reachable: missing(`no answer that can be read (${failure.code}): see GOVUK_NOTIFY_URL and the way there`),
        key: notAsked,
        templates: notAsked,
      };
  }
}

function need(id: string, what: string, why: string, cost: string): Need {
  return { id: `provider:${id}`, group, what, why, cost, severity: 'needed', remedy: 'access' };
}
