import { Ajv, type ValidateFunction } from 'ajv';
import { instant } from './notify-wire.ts';

export type CallbackKind = 'delivery-receipt' | 'received-text' | 'returned-letter';

/** What an `inbox` job of GOV.UK Notify's carries. Ids are Notify's own, in lower case; times are FHIR instants. */
export type CallbackEvent =
  | {
      readonly kind: 'delivery-receipt';
      readonly id: string;
      /** Ours, where we sent one. */
      readonly reference: string | undefined;
      /** Notify's word as it came, known or not. */
      readonly status: string;
      readonly sentAt: string | undefined;
      readonly completedAt: string | undefined;
    }
  | {
      readonly kind: 'received-text';
      readonly id: string;
      /** Digits without a plus, as Notify writes them. */
      readonly from: string;
      readonly to: string | undefined;
      readonly text: string;
      /** None when Notify's time could not be read: the job's own `addedAt` is close. */
      readonly receivedAt: string | undefined;
    }
  | { readonly kind: 'returned-letter'; readonly id: string; readonly reference: string | undefined };

/** The event in a callback's body, and the key under which a repeat of it is the same job; `undefined`: not one. */
export function readCallback(kind: CallbackKind, body: unknown): { key: string; data: CallbackEvent } | undefined {
  switch (kind) {
    case 'delivery-receipt': {
      if (!isDeliveryReceipt(body)) return undefined;
      const id = body.id.toLowerCase();
      const data = {
        kind,
        id,
        reference: body.reference ?? undefined,
        status: body.status,
        sentAt: instant(body.sent_at),
        completedAt: instant(body.completed_at),
      };
      return { key: `${kind}:${id}:${body.status}`, data };
    }
    case 'received-text': {
      if (!isReceivedText(body)) return undefined;
      const id = body.id.toLowerCase();
      const data = {
        kind,
        id,
        from: body.source_number,
        to: body.destination_number ?? undefined,
        text: body.message,
        receivedAt: instant(body.date_received),
      };
      return { key: `received:${id}`, data };
    }
    case 'returned-letter': {
      if (!isReturnedLetter(body)) return undefined;
      const id = body.notification_id.toLowerCase();
      return { key: `${kind}:${id}:returned-letter`, data: { kind, id, reference: body.reference ?? undefined } };
    }
    default:
      return kind satisfies never;
  }
}

interface DeliveryReceipt {
  id: string;
  reference?: string | null;
  status: string;
  sent_at?: string | null;
  completed_at?: string | null;
}

interface ReceivedText {
  id: string;
  source_number: string;
  destination_number?: string | null;
  message: string;
  date_received?: string | null;
}

interface ReturnedLetter {
  notification_id: string;
  reference?: string | null;
}

const uuid = { type: 'string', pattern: '^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$' };
const text = (maxLength: number): object => ({ type: 'string', maxLength });
const textOrNull = (maxLength: number): object => ({ type: ['string', 'null'], maxLength });
const TIME = 40;
const WORD = 64;
/** Notify's own limit for a reference. */
const REFERENCE = 1000;

const ajv = new Ajv({ allowUnionTypes: true });

/**
 * Only what the work cannot do without is required, and keys that Notify adds later are left behind: a 4xx loses a
 * receipt or a person's text for good.
 */
const isDeliveryReceipt: ValidateFunction<DeliveryReceipt> = ajv.compile<DeliveryReceipt>({
  type: 'object',
  required: ['id', 'status'],
  properties: {
    id: uuid,
    reference: textOrNull(REFERENCE),
    status: { ...text(WORD), minLength: 1 },
    sent_at: textOrNull(TIME),
    completed_at: textOrNull(TIME),
  },
});

const isReceivedText: ValidateFunction<ReceivedText> = ajv.compile<ReceivedText>({
  type: 'object',
  required: ['id', 'source_number', 'message'],
  properties: {
    id: uuid,
    source_number: { ...text(WORD), minLength: 1 },
    destination_number: textOrNull(WORD),
    message: text(20_000),
    date_received: textOrNull(TIME),
  },
});

const isReturnedLetter: ValidateFunction<ReturnedLetter> = ajv.compile<ReturnedLetter>({
  type: 'object',
  required: ['notification_id'],
  properties: { notification_id: uuid, reference: textOrNull(REFERENCE) },
});
