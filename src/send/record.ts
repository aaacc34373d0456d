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
const digestUrl = structureDefinition('submission-digest');

/** `extension[decision]`: all that was decided, where `statusReason` holds one reason only. */
export function decisionExtension(decision: Exclude<Decision, { kind: 'unknown' }>): Extension {
  const reasons = decision.kind === 'send' ? [] : decision.reasons;
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

/** The digest of what the caller first submitted (see `submissionDigest`). */
export function storedDigest(request: CommunicationRequest): string | undefined {
  return request.extension?.find((one) => one.url === digestUrl)?.valueString;
}

/** The request as it is stored: the caller's content, its digest, and literal references to the people it names. */
export function requestRecord(
  request: CommunicationRequest,
  stored: { id: string; status: 'active' | 'draft' | 'on-hold'; digest: string; patient: string | undefined },
): CommunicationRequest & { id: string } {
  const { meta, ...content } = request;
  const record: CommunicationRequest & { id: string } = {
    ...content,
    id: stored.id,
    status: stored.status,
    // What only Herald says is not taken from a caller.
    extension: [...callerExtensions(request), { url: digestUrl, valueString: stored.digest }],
  };
  // Servers search literal references only, so a person named by number alone gets the address as well.
  if (stored.patient !== undefined && request.subject !== undefined && request.subject.reference === undefined) {
    record.subject = { ...(request.subject as Reference), reference: stored.patient } as NonNullable<
      CommunicationRequest['subject']
    >;
  }
  const kept = {
    ...(meta?.profile ? { profile: meta.profile } : {}),
    ...(meta?.security ? { security: meta.security } : {}),
    ...(meta?.tag ? { tag: meta.tag } : {}),
  };
  if (Object.keys(kept).length > 0) record.meta = kept;
  return record;
}

/** A request without what Herald itself puts on it: what may be compared with a caller's copy. */
export function callerContent(request: CommunicationRequest): CommunicationRequest {
  const { id: _id, meta: _meta, text: _text, statusReason: _reason, status, ...content } = request;
  const extension = callerExtensions(request);
  const { extension: _extension, ...rest } = content;
  return { ...rest, status, ...(extension.length > 0 ? { extension } : {}) };
}

function callerExtensions(request: CommunicationRequest): Extension[] {
  return (request.extension ?? []).filter((one) => one.url !== decisionUrl && one.url !== digestUrl);
}

/** What the record of an attempt takes over from the request and its type. */
export interface AttemptOrigin {
  readonly request: CommunicationRequest;
  /** `Patient/id`. */
  readonly patient: string;
  /** Labels of the matter: the request's, the type's, and those of what it is about. */
  readonly sensitivity: readonly Coding[];
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
    recipient: recipientsOf(request, origin.patient),
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
    ...(sensitivity.length === 0
      ? {}
      : { meta: { security: [{ system: system.confidentiality, code: 'R' }, ...sensitivity] } }),
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
    ...(request.about === undefined ? {} : { about: request.about }),
    ...(request.encounter === undefined ? {} : { encounter: request.encounter }),
    sender: controllerReference(context.controller) as NonNullable<Communication['sender']>,
    ...(request.reasonCode === undefined ? {} : { reasonCode: request.reasonCode }),
    ...(request.reasonReference === undefined ? {} : { reasonReference: request.reasonReference }),
  };
}

function recipientsOf(request: CommunicationRequest, patient: string): NonNullable<Communication['recipient']> {
  return request.recipient !== undefined && request.recipient.length > 0 ? request.recipient : [{ reference: patient }];
}

function withContact<T extends Communication>(communication: T, delivery: Delivery): T {
  const contact = delivery.contactPoint;
  const isAddress = 'line' in contact || 'postalCode' in contact || 'city' in contact;
  return withExtension(communication, {
    url: structureDefinition('contact-point-used'),
    ...(isAddress ? { valueAddress: contact } : { valueContactPoint: contact }),
  } as Extension);
}

function withExtension<T extends Communication | CommunicationRequest>(resource: T, extension: Extension): T {
  const others = (resource.extension ?? []).filter((one) => one.url !== extension.url);
  return { ...resource, extension: [...others, extension] };
}
