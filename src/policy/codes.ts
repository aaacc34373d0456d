/** `$MSG/CodeSystem/block-reason`: why a message is refused or held (contract 3). */
export const blockReasons = [
  'out-of-scope',
  'requester-missing',
  'identity-mismatch',
  'identity-unusable',
  'deceased',
  'inactive-record',
  'restricted-record',
  'not-a-proxy',
  'proxy-not-authorised',
  'sensitive-proxy',
  'objection',
  'override-invalid',
  'emergency-incomplete',
  'channel-not-approved',
  'channel-not-acceptable',
  'too-confidential',
  'confidential-content',
  'wording',
  'results-not-routine',
  'no-contact',
  'expired',
  'second-reader',
  'undeliverable',
  'message-type-unknown',
  'personalisation-incomplete',
  'too-long',
  'facts-unavailable',
] as const;
export type BlockReason = (typeof blockReasons)[number];

/** `$MSG/CodeSystem/decision-warning`. */
export const warningCodes = [
  'preference-passed-over',
  'stale-contact',
  'need-not-met',
  'language-not-met',
  'local-identifier-only',
  'quiet-hours',
  'necessity',
  'detail-removed',
  'objection-period',
] as const;
export type WarningCode = (typeof warningCodes)[number];

/** `$MSG/CodeSystem/task-code` (contract 8). */
export const taskCodes = [
  'check-with-person',
  'restricted-record',
  'second-reader',
  'override-objection',
  'post-hoc-ig-review',
  'discuss-objection',
  'discuss-removal',
  'explain-impact',
  'need-meets-objection',
  'check-contact',
  'template-changed',
  'purge-history',
  'duplicate-record',
  'hold-overdue',
  'emergency-pattern',
  'dead-letter',
  'triage-inbound',
  'subject-access-request',
] as const;
export type TaskCode = (typeof taskCodes)[number];
