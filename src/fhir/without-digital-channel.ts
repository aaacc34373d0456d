import { AppError } from '../errors.ts';
import { unreachedList } from '../unreachable/list.ts';
import { unreachedInParts } from '../unreachable/report.ts';
import type { Answer, Call, FhirDeps } from './call.ts';

/**
 * `GET Patient/$without-digital-channel` (contract 12): a List of the people whom no digital channel reaches, as it is
 * found (TWO-7). Errors: AppError RESOURCE_INVALID for a parameter, which it has none of; StoreError.
 */
export async function withoutDigitalChannel(deps: FhirDeps, call: Call): Promise<Answer> {
  const [named] = call.params;
  if (named !== undefined) throw new AppError('RESOURCE_INVALID', 'The operation takes no parameters.');
  const parts = unreachedInParts(deps, { caller: call.caller, network: call.network });
  // Whatever fails at once is an answer of its own, and no half of a List.
  const first = await parts.next();
  const rest = (async function* () {
    if (first.done !== true) yield first.value;
    yield* parts;
  })();
  return {
    kind: 'file',
    mediaType: call.mediaType,
    name: 'without-digital-channel.json',
    content: unreachedList(rest, { date: deps.clock.now(), controller: deps.controller }),
  };
}
