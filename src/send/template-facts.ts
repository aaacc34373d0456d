import type { Channel } from '../policy/channel.ts';
import type { Fact } from '../policy/facts.ts';
import type { Provider, ProviderTemplate } from '../providers/provider.ts';
import type { NamedType } from './gather-catalogue.ts';

/** The provider's own templates that a message type names, by id; one that the provider does not have is absent. */
export type ProviderTemplates = ReadonlyMap<string, ProviderTemplate>;

/**
 * Reads the provider's templates of a message type, for the channels that the request allows. One that cannot be read
 * makes all of it unknown: what nobody has seen is never sent (contract 3.1, 4).
 */
export async function providerTemplatesOf(
  named: NamedType,
  allowed: readonly Channel[] | undefined,
  findTemplate: Provider['findTemplate'],
): Promise<Fact<ProviderTemplates>> {
  const templates = named.kind === 'found' ? named.type.templates : [];
  const ids = templates.flatMap(({ channel, words }) =>
    words.held === 'at-provider' && (allowed?.includes(channel) ?? true) ? [words.templateId] : [],
  );
  const found = new Map<string, ProviderTemplate>();
  const answers = await Promise.all([...new Set(ids)].map(async (id) => [id, await findTemplate(id)] as const));
  for (const [id, answer] of answers) {
    switch (answer.kind) {
      case 'found':
        found.set(id, answer.template);
        break;
      case 'none':
        break;
      case 'unavailable':
        return { known: false, cause: "the provider's template of the message type" };
      default:
        return answer satisfies never;
    }
  }
  return { known: true, value: found };
}
