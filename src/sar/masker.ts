import type { Communication, CommunicationRequest, Resource } from '@medplum/fhirtypes';
import { localReference } from '../send/naming.ts';
import type { Stored } from '../store/fhir-store.ts';
import { isTextAttachment } from './attachments.ts';
import type { EntryMask, MaskGround, Stage } from './history.ts';
import { findsWords, withMasks, withRedactLabel } from './mask.ts';
import { isWithin, type Place, pathTo, placesOf } from './places.ts';
import { type MaskFacts, type Order, proposals, unmarked } from './proposals.ts';
import type { MaskDecision } from './review.ts';
import { wordsPattern } from './words.ts';

/** What a decision on one resource means for the others that say the same. */
interface Echo {
  /** `CommunicationRequest/id` whose messages say it. */
  readonly thread: string;
  readonly from: string;
  /** Absent: everything that was written. */
  readonly words?: RegExp;
  readonly ground: MaskGround;
}

export interface Masked<T extends Resource> {
  readonly resource: T;
  readonly masks: readonly EntryMask[];
}

/** Applies the reviewer's decisions and Herald's proposals to one resource after another. */
export class Masker {
  readonly #stage: Stage;
  readonly #decisions: ReadonlyMap<string, readonly MaskDecision[]>;
  readonly #facts: MaskFacts;
  readonly #echoes: readonly Echo[];

  /** `decided`: the resources that decisions name, as exported. */
  constructor(
    stage: Stage,
    decisions: readonly MaskDecision[],
    facts: MaskFacts,
    decided: readonly Stored<Resource>[] = [],
  ) {
    this.#stage = stage;
    this.#decisions = Map.groupBy(decisions, (one) => one.reference);
    this.#facts = facts;
    this.#echoes = decided.flatMap((one) => this.#echoesOf(one));
  }

  /** The resource as it may be shown at this stage, and what is or would be hidden in it. */
  apply<T extends Stored<Resource>>(resource: T): Masked<T> {
    const reference = `${resource.resourceType}/${resource.id}`;
    const decisions = this.#decisions.get(reference) ?? [];
    const shows = decisions.filter((one) => one.kind === 'show');
    const decided = decisions.filter((one) => one.kind === 'mask').flatMap((one) => ordersOf(resource, one));
    const others = [...this.#echoed(resource), ...proposals(resource, this.#facts)];
    const proposed = others.map((one) => (isShown(resource, one, shows) ? { ...one, origin: 'shown' as const } : one));
    const hidden = [...decided, ...proposed].filter((one) => one.origin !== 'shown');
    const files = unreadable(resource, hidden).map((one) =>
      isShown(resource, one, shows) ? { ...one, origin: 'shown' as const } : one,
    );
    const all = [...decided, ...proposed, ...files];
    const effective = all.filter((one) => one.origin !== 'shown');
    if (this.#stage === 'release') {
      return {
        resource: withMasks(resource, effective),
        masks: effective.map(({ place, origin }) => ({ reference, what: whatIs(place), origin })),
      };
    }
    return {
      resource: effective.length === 0 ? resource : withRedactLabel(unmarked(resource)),
      masks: distinct(
        all.map(({ place, path, text, ground, origin, why }) => ({
          ...{ reference, what: whatIs(place), origin, path, ground, why },
          ...(text === undefined ? {} : { text }),
        })),
      ),
    };
  }

  #echoesOf(resource: Stored<Resource>): Echo[] {
    const thread = threadOf(resource);
    const from = `${resource.resourceType}/${resource.id}`;
    if (thread === undefined) return [];
    const masks = (this.#decisions.get(from) ?? []).filter((one) => one.kind === 'mask');
    return masks.flatMap((decision) =>
      ordersOf(resource, decision)
        .filter(
          ({ place }) => decision.text !== undefined || place.pointer.length === 0 || place.pointer[0] === 'payload',
        )
        .map(({ words, ground }) => ({ thread, from, ground, ...(words === undefined ? {} : { words }) })),
    );
  }

  #echoed(resource: Stored<Resource>): Order[] {
    const thread = threadOf(resource);
    const self = `${resource.resourceType}/${resource.id}`;
    if (thread === undefined) return [];
    return this.#echoes
      .filter((one) => one.thread === thread && one.from !== self)
      .flatMap(({ words, ground, from }): Order[] => {
        const why = `says what is masked in ${from}`;
        const order = (place: Place): Order => ({
          ...{ place, path: pathTo(resource, place.pointer), ground, origin: 'decided', why },
          ...(words === undefined ? {} : { words }),
        });
        if (words === undefined) return (placesOf(resource, 'payload') ?? []).map(order);
        const whole: Place = { pointer: [] };
        return findsWords(resource, whole, words) ? [order(whole)] : [];
      });
  }
}

/** The parts that a decision hides; none where its path leads nowhere or its words are not there. */
export function ordersOf(resource: Resource, { path = '$this', text, ground = 'other' }: MaskDecision): Order[] {
  const places = placesOf(resource, path) ?? [];
  const words = text === undefined ? undefined : wordsPattern(text);
  return places
    .filter((place) => words === undefined || findsWords(resource, place, words))
    .map((place) => ({
      ...{ place, path, ground, origin: 'decided', why: 'decided by the reviewer' },
      ...(words === undefined || text === undefined ? {} : { words, text }),
    }));
}

/** The request that a message belongs to. */
function threadOf(resource: Resource): string | undefined {
  if (resource.resourceType === 'CommunicationRequest') return `CommunicationRequest/${resource.id}`;
  if (resource.resourceType !== 'Communication') return undefined;
  return localReference(resource.basedOn?.[0]?.reference, 'CommunicationRequest');
}

/** Whether the reviewer wants a proposed part shown: by the same element or one around it, and by the same words if any. */
function isShown(resource: Resource, order: Order, shows: readonly MaskDecision[]): boolean {
  if (order.origin === 'fixed') return false;
  return shows.some(({ path = '$this', text }) => {
    const around = (placesOf(resource, path) ?? []).some((place) => isWithin(order.place.pointer, place.pointer));
    if (!around || text === undefined) return around;
    return order.text !== undefined && order.text.replace(wordsPattern(text), '').trim() === '';
  });
}

/** Files that say what is hidden beside them: nothing in them can be hidden, so that they are hidden whole. */
function unreadable(resource: Stored<Resource>, hidden: readonly Order[]): Order[] {
  if (resource.resourceType !== 'Communication' && resource.resourceType !== 'CommunicationRequest') return [];
  if (!hidden.some(({ place }) => place.pointer[0] === 'payload' || place.pointer.length === 0)) return [];
  const { payload = [] } = resource as Communication | CommunicationRequest;
  return payload.flatMap(({ contentAttachment }, at): Order[] => {
    if (contentAttachment === undefined || isTextAttachment(contentAttachment)) return [];
    const place: Place = { pointer: ['payload', at, 'contentAttachment'] };
    if (hidden.some((one) => one.words === undefined && isWithin(place.pointer, one.place.pointer))) return [];
    return [
      {
        ...{ place, path: pathTo(resource, place.pointer), ground: 'third-party', origin: 'proposed' },
        why: 'a file beside words that are masked: nothing in it can be hidden',
      },
    ];
  });
}

/** Each once: one path may lead to several places. */
const distinct = (masks: readonly EntryMask[]): EntryMask[] => [
  ...new Map(masks.map((one) => [JSON.stringify(one), one])).values(),
];

/** A part in a reader's words. */
function whatIs({ pointer }: Place): string {
  const [first, , second] = pointer;
  if (pointer.length === 0) return 'all of it';
  if (first === 'payload') return second === 'contentAttachment' ? 'attachment' : 'text of the message';
  if (first === 'extension') return 'contact detail';
  return partNames[String(first)] ?? 'a part of it';
}

const partNames: Readonly<Record<string, string>> = {
  telecom: 'contact detail',
  address: 'address',
  identifier: 'number',
  birthDate: 'date of birth',
  name: 'name',
  note: 'note',
  topic: 'subject line',
};
