import type {
  CodeableConcept,
  Coding,
  Communication,
  CommunicationRequest,
  Extension,
  Reference,
} from '@medplum/fhirtypes';
import { codeSystem, identifierSystem, MSG, structureDefinition, system } from '../canonical.ts';
import type { Channel } from '../policy/channel.ts';
import type { Decision, Delivery, Reason, Warning } from '../policy/decision.ts';
import type { Policy } from '../policy/policy.ts';
import type { ProviderNotification } from '../providers/provider.ts';
import { controllerReference, type RecordContext } from './authors.ts';
import { labelsFor } from './labels.ts';
import { withReferences } from './request-record.ts';

/** Pure builders of what is kept: each takes what is known and answers a resource; none reads or writes. */

/** A reason as contract 3 has it: our code, the clause, and a sentence for staff. */
export function reasonConcept(reason: Pick<Reason, 'code' | 'clause' | 'text'>): CodeableConcept {
  return {
    coding: [
      { system: codeSystem('block-reason'), code: reason.code },
      { system: codeSystem('guidance-clause'), code: reason.clause },
    ],
    text: reason.text,
  };
}

/** A warning in the same form. */
export function warningConcept(warning: Warning): CodeableConcept {
  return {
    coding: [
      { system: codeSystem('decision-warning'), code: warning.code },
      { system: codeSystem('guidance-clause'), code: warning.clause },
    ],
    text: warning.text,
  };
}

const decisionUrl = structureDefinition('decision');

/**
 * `extension[decision]`: all that was decided, where `statusReason` holds one reason only. Of a message that went, the
 * reasons are those that were set aside for it (contract 8).
 */
export function decisionExtension(decision: Exclude<Decision, { kind: 'unknown' }>): Extension {
  const reasons = decision.kind === 'send' ? (decision.setAside ?? []) : decision.reasons;
  const rules = decision.kind === 'send' ? decision.rules : [];
  const parts: Extension[] = [
    ...reasons.map((reason) => ({ url: 'reason', valueCodeableConcept: reasonConcept(reason) })),
    ...decision.warnings.map((warning) => ({ url: 'warning', valueCodeableConcept: warningConcept(warning) })),
    ...rules.map((rule) => ({ url: 'rule', valueCode: rule })),
  ];
  if (decision.kind === 'send' && decision.preferencePassedOver !== undefined) {
    parts.push({ url: 'preferencePassedOver', valueString: decision.preferencePassedOver });
  }
  return { url: decisionUrl, extension: parts };
}

/** The resource with its decision replaced by this one. */
export function withDecision<T extends Communication | CommunicationRequest>(
  resource: T,
  decision: Exclude<Decision, { kind: 'unknown' }>,
): T {
  return withExtension(resource, decisionExtension(decision));
}

/** What the record of an attempt takes over from the request and its type. */
export interface AttemptOrigin {
  readonly request: CommunicationRequest;
  /** `Patient/id`. */
  readonly patient: string;
  /** Labels of the matter: the request's, the type's, and those of what it is about. */
  readonly sensitivity: readonly Coding[];
  /** `Type/id` of each recipient of the request, where it is known; a withheld message names them as the request does. */
  readonly recipients?: readonly (string | undefined)[];
}

/** The Communication of a new attempt, written before the provider is called (REC-1). */
export function preparedCommunication(
  attemptId: string,
  requestId: string,
  origin: AttemptOrigin,
  decision: Extract<Decision, { kind: 'send' }>,
  context: RecordContext,
): Communication & { id: string } {
  const communication: Communication & { id: string } = {
    ...attemptBase(attemptId, origin, context),
    basedOn: [{ reference: `CommunicationRequest/${requestId}` }],
    status: 'preparation',
  };
  return withDelivery(communication, decision, context.policy);
}

/** The attempt with the delivery that was decided: who, by which way, where, in which words. */
export function withDelivery<T extends Communication>(
  communication: T,
  decision: Extract<Decision, { kind: 'send' }>,
  policy: Policy,
): T {
  const { delivery } = decision;
  return withContact(
    withDecision(
      {
        ...communication,
        instantiatesCanonical: [delivery.messageType],
        medium: [mediumConcept(delivery.channel)],
        recipient: [delivery.recipient],
        ...(delivery.subjectLine === undefined ? {} : { topic: { text: delivery.subjectLine } }),
        payload: [exactText(asReceived(delivery.text, delivery.channel, policy))],
      },
      decision,
    ),
    delivery,
  );
}

/** The record of a message that a rule withheld (REC-5). */
export function withheldCommunication(
  attemptId: string,
  origin: AttemptOrigin,
  decision: Extract<Decision, { kind: 'refuse' }>,
  basedOn: Reference<CommunicationRequest> | undefined,
  context: RecordContext,
): Communication & { id: string } {
  const { request } = origin;
  const first = decision.reasons[0];
  const type = messageTypeOf(request);
  const communication: Communication & { id: string } = {
    ...attemptBase(attemptId, origin, context),
    ...(basedOn === undefined ? {} : { basedOn: [basedOn] }),
    status: 'not-done',
    ...(first === undefined ? {} : { statusReason: reasonConcept(first) }),
    ...(type === undefined ? {} : { instantiatesCanonical: [type] }),
    ...(request.medium === undefined ? {} : { medium: request.medium }),
    recipient: recipientsOf(origin),
  };
  return withDecision(communication, decision);
}

/** The attempt once the provider has taken it: its words, its ids, its time. */
export function acceptedCommunication<T extends Communication>(
  communication: T,
  notification: ProviderNotification,
  { now, policy }: RecordContext,
): T {
  const channel = communication.medium?.[0]?.coding?.[0]?.code;
  const identifiers = communication.identifier ?? [];
  const known = identifiers.some((one) => one.system === identifierSystem.notifyNotification);
  return {
    ...communication,
    status: communication.status === 'preparation' ? 'in-progress' : communication.status,
    identifier: known
      ? identifiers
      : [...identifiers, { system: identifierSystem.notifyNotification, value: notification.id }],
    sent: communication.sent ?? notification.sentAt ?? now.toISOString(),
    ...(notification.templateUri === undefined ? {} : { instantiatesUri: [notification.templateUri] }),
    ...(notification.subject === undefined ? {} : { topic: { text: notification.subject } }),
    payload: [exactText(asReceived(notification.body, channel, policy))],
  };
}

/**
 * The words as they arrive: the account's prefix stands before every text, and is in no answer of the provider's
 * (contract 5).
 */
function asReceived(text: string, channel: string | undefined, { smsPrefix }: Policy): string {
  return channel === 'sms' && smsPrefix !== undefined ? `${smsPrefix}: ${text}` : text;
}

/** The canonical of the message type that a request names. */
export function messageTypeOf(request: CommunicationRequest): string | undefined {
  return request.extension?.find((one) => one.url === system.instantiatesCanonical)?.valueCanonical;
}

/** Text kept word for word. */
export function exactText(text: string): NonNullable<Communication['payload']>[number] {
  return {
    extension: [{ url: structureDefinition('content-fidelity'), valueCode: 'exact' }],
    contentString: text,
  };
}

/** The channel as `medium`; beside our code only what R4's own code system has. */
export function mediumConcept(channel: Channel): CodeableConcept {
  const ours: Coding = { system: codeSystem('channel'), code: channel };
  const hl7 = hl7Mode[channel];
  return { coding: hl7 === undefined ? [ours] : [ours, { system: system.participationMode, code: hl7 }] };
}

const hl7Mode = {
  nhsapp: undefined,
  sms: undefined,
  email: 'EMAILWRIT',
  'secure-email': 'EMAILWRIT',
  letter: 'MAILWRIT',
} as const satisfies Record<Channel, string | undefined>;

function attemptBase(attemptId: string, origin: AttemptOrigin, context: RecordContext) {
  const { request, patient, sensitivity } = origin;
  const type = messageTypeOf(request)?.split('|')[0];
  const code = type?.startsWith(`${MSG}/ActivityDefinition/`) ? type.split('/').at(-1) : undefined;
  return {
    resourceType: 'Communication' as const,
    id: attemptId,
    ...(sensitivity.length === 0 ? {} : { meta: { security: labelsFor(sensitivity) } }),
    identifier: [{ system: identifierSystem.attempt, value: attemptId }],
    category: [
      {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/communication-category', code: 'notification' }],
      },
      ...(code === undefined ? [] : [{ coding: [{ system: codeSystem('message-type'), code }] }]),
      { coding: [{ system: codeSystem('direction'), code: 'outbound' }] },
    ],
    ...(request.priority === undefined ? {} : { priority: request.priority }),
    subject: { reference: patient },
    ...inReplyTo(request),
    ...(request.about === undefined ? {} : { about: request.about }),
    ...(request.encounter === undefined ? {} : { encounter: request.encounter }),
    sender: controllerReference(context.controller) as NonNullable<Communication['sender']>,
    ...(request.reasonCode === undefined ? {} : { reasonCode: request.reasonCode }),
    ...(request.reasonReference === undefined ? {} : { reasonReference: request.reasonReference }),
  };
}

/** The conversation that it belongs to (TWO-1). */
function inReplyTo(request: CommunicationRequest): Pick<Communication, 'inResponseTo'> {
  const answered = answeredText(request);
  return answered === undefined ? {} : { inResponseTo: [answered] };
}

/** The text from a patient that a request answers. */
export function answeredText({ extension = [] }: CommunicationRequest): Reference<Communication> | undefined {
  const named = extension.find((one) => one.url === structureDefinition('in-reply-to'))?.valueReference;
  return named as Reference<Communication> | undefined;
}

/** Those who are named by number get their address as well: servers search by that alone (REC-3). */
function recipientsOf({ request, patient, recipients = [] }: AttemptOrigin): NonNullable<Communication['recipient']> {
  if (request.recipient === undefined || request.recipient.length === 0) return [{ reference: patient }];
  return withReferences(request.recipient, recipients) as NonNullable<Communication['recipient']>;
}

function withContact<T extends Communication>(communication: T, delivery: Delivery): T {
  const contact = delivery.contactPoint;
  return withExtension(communication, {
    url: structureDefinition('contact-point-used'),
    ...(delivery.channel === 'letter' ? { valueAddress: contact } : { valueContactPoint: contact }),
  } as Extension);
}

function withExtension<T extends Communication | CommunicationRequest>(resource: T, extension: Extension): T {
  const others = (resource.extension ?? []).filter((one) => one.url !== extension.url);
  return { ...resource, extension: [...others, extension] };
}
