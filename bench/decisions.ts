import { join } from 'node:path';
import { shippedEndpoints } from '../src/catalogue/channels.ts';
import { shippedMessageTypes } from '../src/catalogue/message-types.ts';
import { seedCatalogue } from '../src/catalogue/seed.ts';
import { systemClock } from '../src/clock.ts';
import { decide } from '../src/policy/decide.ts';
import { defaultPolicy } from '../src/policy-file.ts';
import { gatherFacts } from '../src/send/gather.ts';
import { openEmbedded } from '../src/store/embedded.ts';
import { median, perSecond, processorClock } from './measure.ts';
import { people, reminder } from './people.ts';

export interface Decisions {
  /** A second of processor time: the rules alone, on facts at hand. */
  readonly decided: number;
  /** The same: facts read from the embedded store, words rendered, rules applied. */
  readonly gatheredAndDecided: number;
}

const PEOPLE = 300;
const SLICES = 5;
const WARM_UP_MS = 1_000;

/** How fast an ordinary request is decided. Errors: Error when the decision is not to send. */
export async function measureDecisions(dir: string, sliceMs: number): Promise<Decisions> {
  const embedded = openEmbedded(join(dir, 'decisions.sqlite'), { clock: systemClock });
  try {
    const { store } = embedded;
    await seedCatalogue(store, [...shippedMessageTypes, ...shippedEndpoints]);
    const cast = people(PEOPLE);
    await store.commit(cast.map((resource) => ({ op: 'create', resource })));
    const requests = cast.map((one, at) => reminder(`Patient/${one.id}`, `bench-${at}`));
    const gather = (at: number) =>
      gatherFacts(requests[at % PEOPLE] ?? reminder('', ''), {
        store,
        clock: systemClock,
        policy: defaultPolicy,
        controller: { ods: 'RXX', name: 'Example NHS Trust' },
        providerChannels: ['sms', 'email'],
      });
    const facts = await Promise.all(requests.map((_, at) => gather(at)));
    let at = 0;
    const decideOnce = (): void => {
      at += 1;
      mustSend(decide(facts[at % PEOPLE] ?? mustHave()));
    };
    const gatherAndDecide = async (): Promise<void> => {
      at += 1;
      mustSend(decide(await gather(at)));
    };
    const rates = { decided: [] as number[], gatheredAndDecided: [] as number[] };
    await perSecond(WARM_UP_MS, decideOnce, processorClock);
    await perSecond(WARM_UP_MS, gatherAndDecide, processorClock);
    for (let slice = 0; slice < SLICES; slice += 1) {
      rates.decided.push(await perSecond(sliceMs, decideOnce, processorClock));
      rates.gatheredAndDecided.push(await perSecond(sliceMs, gatherAndDecide, processorClock));
    }
    return { decided: median(rates.decided), gatheredAndDecided: median(rates.gatheredAndDecided) };
  } finally {
    embedded.close();
  }
}

function mustSend({ kind }: ReturnType<typeof decide>): void {
  if (kind !== 'send') throw new Error(`An ordinary request was decided as ${kind}`);
}

function mustHave(): never {
  throw new Error('There are no facts');
}
