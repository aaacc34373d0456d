Profile: HeraldTask
Parent: Task
Id: herald-task
Title: "What a person is asked to do"
Description: "An entry of a worklist: what has to be done, about what, by whom and until when. It is completed with the decision that its kind allows."
* modifierExtension 0..0
* code 1..1
* code from TaskCodeValues (required)
* focus MS
* for MS
* owner MS
* performerType from StaffRoleValues (extensible)
* restriction.period MS
* restriction.period ^short = "end is when it is due"
* input.type from TaskParameterValues (extensible)
* input.extension contains MaskDetail named maskDetail 0..1
* output.type from TaskParameterValues (extensible)
* output ^short = "Of the type decision, with a code of CodeSystem/decision"
* obeys herald-task-release and herald-task-override and herald-task-review and herald-task-objection and herald-task-removal and herald-task-done and herald-task-triage and herald-task-access
* obeys herald-override-focus and herald-override-reasoned and herald-override-guardian

// A Task of these codes that is completed has the output decision, and each such output one of these codes.
RuleSet: CompletedWith(codes, decisions, besides)
* severity = #error
* expression = "status != 'completed' or code.coding.where(system = 'https://herald.example/fhir/CodeSystem/task-code' and ({codes})).empty() or ({besides} and output.where(type.coding.where(system = 'https://herald.example/fhir/CodeSystem/task-parameter' and code = 'decision').exists()).value.exists() and output.where(type.coding.where(system = 'https://herald.example/fhir/CodeSystem/task-parameter' and code = 'decision').exists()).value.all((coding | $this).where(system = 'https://herald.example/fhir/CodeSystem/decision' and ({decisions})).exists()))"

Invariant: herald-task-release
Description: "A completed check-with-person, restricted-record or second-reader has the decision agreed or refused, and no other"
* insert CompletedWith([[code = 'check-with-person' or code = 'restricted-record' or code = 'second-reader']], [[code = 'agreed' or code = 'refused']], [[true]])

Invariant: herald-task-override
Description: "A completed override-objection has the decision override-approved or override-declined, and no other"
* insert CompletedWith([[code = 'override-objection']], [[code = 'override-approved' or code = 'override-declined']], [[true]])

Invariant: herald-task-review
Description: "A completed post-hoc-ig-review has a note and the decision no-action, learning, incident-reported or breach-assessed, and no other"
* insert CompletedWith([[code = 'post-hoc-ig-review']], [[code = 'no-action' or code = 'learning' or code = 'incident-reported' or code = 'breach-assessed']], [[note.exists()]])

Invariant: herald-task-objection
Description: "A completed discuss-objection has the decision upheld, resolved or withdrawn, and no other"
* insert CompletedWith([[code = 'discuss-objection']], [[code = 'upheld' or code = 'resolved' or code = 'withdrawn']], [[true]])

Invariant: herald-task-removal
Description: "A completed discuss-removal has the decision remove or keep, and no other"
* insert CompletedWith([[code = 'discuss-removal']], [[code = 'remove' or code = 'keep']], [[true]])

Invariant: herald-task-done
Description: "A completed Task of the kinds that are simply done has a note and the decision done, and no other"
* insert CompletedWith([[code = 'explain-impact' or code = 'need-meets-objection' or code = 'check-contact' or code = 'template-changed' or code = 'purge-history' or code = 'duplicate-record' or code = 'hold-overdue' or code = 'emergency-pattern' or code = 'dead-letter']], [[code = 'done']], [[note.exists()]])

Invariant: herald-task-triage
Description: "A completed triage-inbound has the decision identified, with the person, or nobody, and no other"
* insert CompletedWith([[code = 'triage-inbound']], [[code = 'nobody' or (code = 'identified' and %resource.output.where(type.coding.where(system = 'https://herald.example/fhir/CodeSystem/task-parameter' and code = 'person').exists()).value.where(reference.exists() or identifier.exists()).exists())]], [[true]])

Invariant: herald-task-access
Description: "A completed subject-access-request has the decision release-approved or refused, and no other"
* insert CompletedWith([[code = 'subject-access-request']], [[code = 'release-approved' or code = 'refused']], [[true]])

// Warnings: an approval that lacks one of these counts for nothing, and the rules say so of the request, as override-invalid.
Invariant: herald-override-focus
Description: "An approved override is about one request"
Severity: #warning
Expression: "status != 'completed' or code.coding.where(system = 'https://herald.example/fhir/CodeSystem/task-code' and code = 'override-objection').empty() or output.value.coding.where(system = 'https://herald.example/fhir/CodeSystem/decision' and code = 'override-approved').empty() or focus.where(reference.startsWith('CommunicationRequest/') or reference.startsWith('urn:') or type = 'CommunicationRequest').exists()"

Invariant: herald-override-reasoned
Description: "An approved override has its ground, the objection that it overrides, who decided, and the reasoning"
Severity: #warning
Expression: "status != 'completed' or code.coding.where(system = 'https://herald.example/fhir/CodeSystem/task-code' and code = 'override-objection').empty() or output.value.coding.where(system = 'https://herald.example/fhir/CodeSystem/decision' and code = 'override-approved').empty() or (reasonCode.exists() and reasonReference.exists() and owner.exists() and note.exists())"

Invariant: herald-override-guardian
Description: "An override on another ground than the guidance lists was talked over with the Caldicott Guardian"
Severity: #warning
Expression: "status != 'completed' or reasonCode.coding.where(system = 'https://herald.example/fhir/CodeSystem/override-ground' and code = 'other').empty() or output.value.coding.where(system = 'https://herald.example/fhir/CodeSystem/decision' and code = 'override-approved').empty() or input.where(type.coding.where(system = 'https://herald.example/fhir/CodeSystem/task-parameter' and code = 'caldicott-consulted').exists() and value = true).exists()"
