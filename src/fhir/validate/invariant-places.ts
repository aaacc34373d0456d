/**
 * Invariants of ours that stand on a whole resource and speak of one element of it: where whoever broke one has to look.
 * FHIR has no place for that in a constraint.
 */
export const invariantPlaces: Readonly<Record<string, string>> = {
  'herald-communication-content': 'payload',
  'herald-communication-time': 'sent',
  'herald-communication-reason': 'statusReason',
  'herald-communication-recipient': 'recipient',
  'herald-request-performed': 'doNotPerform',
  'herald-proxy-evidence': 'source',
  'herald-proxy-instrument': 'source',
  'herald-proxy-permits': 'provision',
  'herald-proxy-alone': 'category',
  'herald-objection-reason': 'extension',
  'herald-objection-denies': 'provision',
  'herald-task-release': 'output',
  'herald-task-override': 'output',
  'herald-task-review': 'output',
  'herald-task-objection': 'output',
  'herald-task-removal': 'output',
  'herald-task-done': 'output',
  'herald-task-triage': 'output',
  'herald-task-access': 'output',
  'herald-type-addressed': 'url',
  'herald-type-kind': 'kind',
  'herald-type-coded': 'code',
  'herald-type-confidentiality': 'extension',
  'herald-type-worded': 'extension',
  'herald-channel-assured': 'extension',
  'herald-flag-limited': 'code',
  'herald-flag-proxy': 'extension',
};
