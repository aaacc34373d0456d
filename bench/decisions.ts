import { join } from 'node:path';
import { shippedEndpoints } from '../src/catalogue/channels.ts';
import { shippedMessageTypes } from '../src/catalogue/message-types.ts';
import { seedCatalogue } from '../src/catalogue/seed.ts';
import { systemClock } from '../src/clock.ts';
import { decide } from '../src/policy/decide.ts';
import type { Fact } from '../src/policy/facts.ts';
import type { MessageTypeFact } from '../src/policy/message-facts.ts';
import { defaultPolicy } from '../src/policy-file.ts';
import { gatherFacts } from '../src/send/gather.ts';
import { scannedText } from '../src/send/scanned.ts';
import { openEmbedded } from '../src/store/embedded.ts';
import { median, perSecond, processorClock } from './measure.ts';
import { people, reminder } from './people.ts';

export interface Decisions {
  /** A second of processor time: the rules alone, on facts at hand. */
  readonly decided: number;
  /** The same: the words of a message scanned and the rules applied. */
  readonly scannedAndDecided: number;
  /** The same: facts read from the embedded store, words rendered, rules applied. */
  readonly gatheredAndDecided: number;
}

/** With two texts and a number each, more than the service remembers: every one is read as if for the first time. */
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
        findTemplate: async () => ({ kind: 'none' }),
        fingerprint: () => undefined,
      });
    const facts = await Promise.all(requests.map((_, at) => gather(at)));
    let at = 0;
    const decideOnce = (): void => {
      at += 1;
      mustSend(decide(facts[at % PEOPLE] ?? mustHave()));
    };
    const scanAndDecide = (): void => {
      at += 1;
      const one = facts[at % PEOPLE] ?? mustHave();
      mustSend(decide({ ...one, messageType: scannedAgain(one.messageType) }));
    };
    const gatherAndDecide = async (): Promise<void> => {
      at += 1;
      mustSend(decide(await gather(at)));
    };
    const rates = { decided: [] as number[], scannedAndDecided: [] as number[], gatheredAndDecided: [] as number[] };
    await perSecond(WARM_UP_MS, decideOnce, processorClock);
    await perSecond(WARM_UP_MS, scanAndDecide, processorClock);
    await perSecond(WARM_UP_MS, gatherAndDecide, processorClock);
    for (let slice = 0; slice < SLICES; slice += 1) {
      rates.decided.push(await perSecond(sliceMs, decideOnce, processorClock));
      rates.scannedAndDecided.push(await perSecond(sliceMs, scanAndDecide, processorClock));
      rates.gatheredAndDecided.push(await perSecond(sliceMs, gatherAndDecide, processorClock));
    }
    return {
      decided: median(rates.decided),
      scannedAndDecided: median(rates.scannedAndDecided),
      gatheredAndDecided: median(rates.gatheredAndDecided),
    };
  } finally {
    embedded.close();
  }
}

/** The words of one channel, scanned as `gatherFacts` does for each. */
function scannedAgain(messageType: Fact<MessageTypeFact>): Fact<MessageTypeFact> {
  if (!messageType.known || messageType.value.kind !== 'found') return mustHave();
  const [first = mustHave(), ...others] = messageType.value.texts;
  const own = { policy: defaultPolicy, controller: { ods: 'RXX', name: 'Example NHS Trust' } };
  return { known: true, value: { ...messageType.value, texts: [scannedText(first, own), ...others] } };
}

function mustSend({ kind }: ReturnType<typeof decide>): void {
  if (kind !== 'send') throw new Error(`An ordinary request was decided as ${kind}`);
}

function mustHave(): never {
  throw new Error('There are no facts');
}
