Extension: ContactConfirmed
Id: contact-confirmed
Title: "Contact detail confirmed"
Description: "When a contact detail was last checked with the person, how, and by whom (PRF-4). It stays with the value: a detail that is changed without a new one counts as not confirmed."
Context: ContactPoint, Address
* extension contains on 1..1 and method 0..1 and by 0..1
* extension[on] ^short = "When it was checked"
* extension[on].value[x] 1..1
* extension[on].value[x] only dateTime
* extension[method] ^short = "How it was checked"
* extension[method].value[x] 1..1
* extension[method].value[x] only code
* extension[method].valueCode from ConfirmationMethodValues (required)
* extension[by] ^short = "Who checked it"
* extension[by].value[x] 1..1
* extension[by].value[x] only Reference(Practitioner or PractitionerRole)

Extension: ObjectionDetail
Id: objection-detail
Title: "Objection in detail"
Description: "What R4's Consent has no element for: why the person objects, whether the effect on their care was explained, and what was decided about details that put them at risk (OBJ-3, OBJ-4, OBJ-8, OBJ-13)."
Context: Consent
* extension contains
    reason 0..1 and
    reasonSource 0..1 and
    impactExplained 0..1 and
    impactText 0..1 and
    riskOfSeriousHarm 0..1 and
    contactDetailDecision 0..1 and
    removed 0..*
* extension[reason] ^short = "The person's reason, in words; an active objection has it"
* extension[reason].value[x] 1..1
* extension[reason].value[x] only CodeableConcept
* extension[reason].valueCodeableConcept from ObjectionReasonValues (extensible)
* extension[reasonSource] ^short = "Who said so; known from elsewhere means that the conversation is discreet"
* extension[reasonSource].value[x] 1..1
* extension[reasonSource].value[x] only code
* extension[reasonSource].valueCode from ReasonSourceValues (required)
* extension[impactExplained] ^short = "When the effect on their care was explained"
* extension[impactExplained].value[x] 1..1
* extension[impactExplained].value[x] only dateTime
* extension[impactText] ^short = "What was explained"
* extension[impactText].value[x] 1..1
* extension[impactText].value[x] only string
* extension[riskOfSeriousHarm] ^short = "Contact by this channel could bring serious harm"
* extension[riskOfSeriousHarm].value[x] 1..1
* extension[riskOfSeriousHarm].value[x] only boolean
* extension[contactDetailDecision] ^short = "Whether the details of the channel leave the record"
* extension[contactDetailDecision].value[x] 1..1
* extension[contactDetailDecision].value[x] only code
* extension[contactDetailDecision].valueCode from ContactDetailDecisionValues (required)
* extension[removed] ^short = "Fingerprint of a contact detail that left the record, by which a copy is known again; Herald alone says it"
* extension[removed].value[x] 1..1
* extension[removed].value[x] only string

Extension: ConsentStatusReason
Id: consent-status-reason
Title: "Why an objection ended"
Description: "Why a Consent has the status it has; R4 has no element for it. For objections: proxies use NHS England's own extension and codes."
Context: Consent
* value[x] 1..1
* value[x] only CodeableConcept
* valueCodeableConcept from ConsentStatusReasonValues (extensible)

Extension: RecordedBy
Id: recorded-by
Title: "Recorded by"
Description: "Who recorded it, where the caller's token names no person (ACC-1). Herald's Provenance names this person as the author."
Context: Consent, Communication
* value[x] 1..1
* value[x] only Reference(Practitioner or PractitionerRole)

Extension: MaskDetail
Id: mask-detail
Title: "What to mask in a subject access copy"
Description: "On an input of a subject access request: which part of the resource is hidden in the copy, and on what ground (SAR-2). The record itself is never changed."
Context: Task.input
* extension contains path 0..1 and text 0..1 and ground 0..1
* extension[path] ^short = "FHIRPath of the element, on the resource as exported"
* extension[path].value[x] 1..1
* extension[path].value[x] only string
* extension[text] ^short = "The words to hide; none hides the whole element"
* extension[text].value[x] 1..1
* extension[text].value[x] only string
* extension[ground] ^short = "Why it is hidden"
* extension[ground].value[x] 1..1
* extension[ground].value[x] only code
* extension[ground].valueCode from MaskGroundValues (required)
