import { classifyRead, type ReadFailure } from './notify-answers.ts';
import type { HttpOutcome } from './notify-http.ts';
import { type ListedTemplate, readTemplates } from './notify-wire.ts';
import type { ProviderChannel } from './provider.ts';

/** The template of a channel whose only content is what we put into it (contract 3.1). */
export interface PassThrough {
  readonly kind: 'template';
  readonly id: string;
  readonly version: number;
}

/** Asks Notify now; which channels have no pass-through template, or why nobody knows. */
export type TemplateCheck = { readonly kind: 'checked'; readonly missing: readonly ProviderChannel[] } | ReadFailure;

export interface PassThroughTemplates {
  /** The remembered template, or the one that the list shows now. */
  find(channel: ProviderChannel): Promise<PassThrough | ReadFailure>;
  check(): Promise<TemplateCheck>;
  /** What is remembered no longer holds: the next `find` asks again. */
  forget(): void;
}

const channels = ['sms', 'email', 'letter'] as const satisfies readonly ProviderChannel[];

/**
 * Finds the pass-through templates in the service's list, remembers them, and asks at most once at a time. A failure
 * is not remembered.
 */
export function createPassThroughTemplates(list: () => Promise<HttpOutcome>): PassThroughTemplates {
  let known = new Map<ProviderChannel, PassThrough>();
  let asking: Promise<TemplateCheck> | undefined;

  const ask = async (): Promise<TemplateCheck> => {
    const outcome = await list();
    const templates = outcome.kind === 'answer' && outcome.status === 200 ? readTemplates(outcome.body) : undefined;
    if (!templates) return classifyRead(outcome);
    known = new Map();
    for (const channel of channels) {
      const found = templates.find((template) => isPassThrough(template, channel));
      if (found) known.set(channel, { kind: 'template', id: found.id, version: found.version });
    }
    return { kind: 'checked', missing: channels.filter((channel) => !known.has(channel)) };
  };
  const check = (): Promise<TemplateCheck> => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  return {
    check,
    async find(channel) {
      const remembered = known.get(channel);
      if (remembered) return remembered;
      const answer = await check();
      if (answer.kind !== 'checked') return answer;
      return known.get(channel) ?? { kind: 'misconfigured', code: 'no-pass-through-template' };
    },
    forget() {
      known = new Map();
    },
  };
}

function isPassThrough(template: ListedTemplate, channel: ProviderChannel): boolean {
  if (template.type !== channel || !isOnly(template.body, 'body')) return false;
  switch (channel) {
    case 'sms':
      return true;
    case 'email':
    case 'letter':
      return template.subject !== undefined && isOnly(template.subject, 'subject');
    default:
      return channel satisfies never;
  }
}

/** The text is one placeholder of this name. Notify compares names without case, spaces, underscores and hyphens. */
function isOnly(text: string, name: string): boolean {
  const inner = /^\(\(([^()]+)\)\)$/.exec(text.trim())?.[1];
  return inner?.toLowerCase().replace(/[\s_-]/g, '') === name;
}
