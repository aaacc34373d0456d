Extension: Expires
Id: expires
Title: "Not after"
Description: "When the message stops being worth sending: one that still waits then is not sent. R4's occurrencePeriod is not used for this, because no search finds it."
Context: CommunicationRequest
* value[x] 1..1
* value[x] only dateTime

Extension: Emergency
Id: emergency
Title: "Emergency"
Description: "Who decided that this is an emergency, and which senior person was consulted or why none (EMG-1). What is missing here is not a fault of form: the rules refuse the request as emergency-incomplete and name the clause."
Context: CommunicationRequest
* obeys herald-emergency-decided and herald-emergency-senior
* extension contains
    decidedBy 0..1 and
    seniorConsulted 0..1 and
    noSeniorBecause 0..1 and
    personNotAsked 0..1
* extension[decidedBy] ^short = "The member of staff who decided; needed"
* extension[decidedBy].value[x] 1..1
* extension[decidedBy].value[x] only Reference(Practitioner or PractitionerRole)
* extension[seniorConsulted] ^short = "Who was consulted; this or noSeniorBecause"
* extension[seniorConsulted].value[x] 1..1
* extension[seniorConsulted].value[x] only string
* extension[noSeniorBecause] ^short = "Why nobody was consulted; this or seniorConsulted"
* extension[noSeniorBecause].value[x] 1..1
* extension[noSeniorBecause].value[x] only string
* extension[personNotAsked] ^short = "Why the person could not be asked about a sensitive message to a proxy"
* extension[personNotAsked].value[x] 1..1
* extension[personNotAsked].value[x] only string

// Warnings, because the rules say these as emergency-incomplete.
Invariant: herald-emergency-decided
Description: "An emergency names who decided"
Severity: #warning
Expression: "extension.where(url = 'decidedBy').exists()"

Invariant: herald-emergency-senior
Description: "An emergency says either who senior was consulted or why nobody was"
Severity: #warning
Expression: "extension.where(url = 'seniorConsulted').exists() xor extension.where(url = 'noSeniorBecause').exists()"

Extension: Necessity
Id: necessity
Title: "Necessity"
Description: "Why confidential words must go by this channel (MIN-4). It is kept with the decision and shown as a warning."
Context: CommunicationRequest
* value[x] 1..1
* value[x] only string

Extension: ResultsStatement
Id: results-statement
Title: "Statement about results"
Description: "What the requester says of results in the message: unless both are true they are told by a person (MIN-5, results-not-routine)."
Context: CommunicationRequest
* extension contains routine 0..1 and knownToService 0..1
* extension[routine] ^short = "The results are routine"
* extension[routine].value[x] 1..1
* extension[routine].value[x] only boolean
* extension[knownToService] ^short = "The person knows of the service that gives them"
* extension[knownToService].value[x] 1..1
* extension[knownToService].value[x] only boolean

Extension: InReplyTo
Id: in-reply-to
Title: "In reply to"
Description: "The text from a patient that this request answers (TWO-1)."
Context: CommunicationRequest
* value[x] 1..1
* value[x] only Reference(Communication)

Extension: SubmissionDigest
Id: submission-digest
Title: "Digest of the submission"
Description: "A digest of the request as the caller first sent it, without id, meta and text. Herald writes it, and tells by it whether a repeated key means the same message."
Context: CommunicationRequest
* value[x] 1..1
* value[x] only string

Extension: MessageDecision
Id: decision
Title: "Decision"
Description: "All that was decided about a message, where statusReason holds only the severest reason: every reason against it, every warning, and the rules that allowed it. Of a message that went, the reasons are those that an override or an emergency set aside for it."
Context: CommunicationRequest, Communication
* extension contains
    reason 0..* and
    warning 0..* and
    rule 0..* and
    preferencePassedOver 0..1
* extension[reason] ^short = "Why it may not go, or not yet, or what was set aside for it: a block reason, the clause and a sentence for staff"
* extension[reason].value[x] 1..1
* extension[reason].value[x] only CodeableConcept
* extension[reason].valueCodeableConcept.coding ^slicing.discriminator.type = #value
* extension[reason].valueCodeableConcept.coding ^slicing.discriminator.path = "system"
* extension[reason].valueCodeableConcept.coding ^slicing.rules = #open
* extension[reason].valueCodeableConcept.coding contains reason 1..1
* extension[reason].valueCodeableConcept.coding[reason].system 1..1
* extension[reason].valueCodeableConcept.coding[reason].system = "https://herald.example/fhir/CodeSystem/block-reason"
* extension[reason].valueCodeableConcept.coding[reason] from BlockReasonValues (required)
* extension[warning] ^short = "What could not be met: a warning, the clause and a sentence for staff"
* extension[warning].value[x] 1..1
* extension[warning].value[x] only CodeableConcept
* extension[warning].valueCodeableConcept.coding ^slicing.discriminator.type = #value
* extension[warning].valueCodeableConcept.coding ^slicing.discriminator.path = "system"
* extension[warning].valueCodeableConcept.coding ^slicing.rules = #open
* extension[warning].valueCodeableConcept.coding contains warning 1..1
* extension[warning].valueCodeableConcept.coding[warning].system 1..1
* extension[warning].valueCodeableConcept.coding[warning].system = "https://herald.example/fhir/CodeSystem/decision-warning"
* extension[warning].valueCodeableConcept.coding[warning] from DecisionWarningValues (required)
* extension[rule] ^short = "A rule that was asked and allowed it"
* extension[rule].value[x] 1..1
* extension[rule].value[x] only code
* extension[preferencePassedOver] ^short = "Which preference was passed over, and why (PRF-2)"
* extension[preferencePassedOver].value[x] 1..1
* extension[preferencePassedOver].value[x] only string

Extension: ContactPointUsed
Id: contact-point-used
Title: "Contact point used"
Description: "Where the message went, or came from. The person's own record changes later; this does not."
Context: Communication
* value[x] 1..1
* value[x] only ContactPoint or Address

Extension: StatusDate
Id: status-date
Title: "Date of the status"
Description: "When the present status came about; sent and received tell of success alone."
Context: Communication
* value[x] 1..1
* value[x] only dateTime

Extension: ContentFidelity
Id: content-fidelity
Title: "Fidelity of the content"
Description: "Whether the text kept is what was sent, word for word, or a summary of it (REC-1)."
Context: Communication.payload
* value[x] 1..1
* value[x] only code
* valueCode from ContentFidelityValues (required)
