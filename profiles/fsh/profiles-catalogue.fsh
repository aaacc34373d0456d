Profile: HeraldMessageType
Parent: ActivityDefinition
Id: herald-message-type
Title: "Message type"
Description: "A kind of message that the organisation sends: its purpose, its words on each channel, what they give away, and who may get it (CHN-2)."
* modifierExtension 0..0
* extension contains
    ChannelTemplate named channelTemplate 0..* and
    Personalisation named personalisation 0..* and
    FreeText named freeText 0..1 and
    ProxiesAllowed named proxiesAllowed 0..1 and
    Fallback named fallback 0..1 and
    Automatic named automatic 0..1 and
    PurposeOfUse named purposeOfUse 0..* and
    ContentConfidentiality named contentConfidentiality 0..1 and
    DefaultSensitivity named defaultSensitivity 0..*
* version MS
* purpose MS
* useContext ^short = "The service, as program"
* relatedArtifact ^short = "The lawful bases, as justification"
* code.coding ^slicing.discriminator.type = #value
* code.coding ^slicing.discriminator.path = "system"
* code.coding ^slicing.rules = #open
* code.coding contains own 0..1
* code.coding[own].system 1..1
* code.coding[own].system = "https://herald.example/fhir/CodeSystem/message-type"
* code.coding[own].code 1..1
* obeys herald-type-addressed and herald-type-kind and herald-type-coded and herald-type-confidentiality and herald-type-worded

// Of active types alone: one that is being drafted may be incomplete, and any can be retired.
Invariant: herald-type-addressed
Description: "An active message type has the canonical that requests name it by"
Severity: #error
Expression: "status != 'active' or url.exists()"

Invariant: herald-type-kind
Description: "An active message type is of the kind CommunicationRequest"
Severity: #error
Expression: "status != 'active' or (kind.exists() and kind = 'CommunicationRequest')"

Invariant: herald-type-coded
Description: "An active message type has a code of message-type"
Severity: #error
Expression: "status != 'active' or code.coding.where(system = 'https://herald.example/fhir/CodeSystem/message-type' and code.exists()).exists()"

Invariant: herald-type-confidentiality
Description: "An active message type says how confidential its words are: without it no channel can be chosen"
Severity: #error
Expression: "status != 'active' or extension.where(url = 'https://herald.example/fhir/StructureDefinition/content-confidentiality').exists()"

Invariant: herald-type-worded
Description: "An active message type has the words of at least one channel"
Severity: #error
Expression: "status != 'active' or extension.where(url = 'https://herald.example/fhir/StructureDefinition/channel-template').exists()"

Profile: HeraldChannel
Parent: Endpoint
Id: herald-channel
Title: "Approved channel"
Description: "A way of reaching people that the organisation has approved, with the most confidential words that it may carry (CHN-1, CHN-5). Off, suspended or out of its period it is closed."
* modifierExtension 0..0
* extension contains
    MaxContentConfidentiality named maxContentConfidentiality 0..1 MS and
    AssuranceDocument named assuranceDocument 0..1 MS
* connectionType from ChannelValues (required)
* obeys herald-channel-assured

Invariant: herald-channel-assured
Description: "A channel is active only with its assurance document"
Severity: #error
Expression: "status != 'active' or extension.where(url = 'https://herald.example/fhir/StructureDefinition/assurance-document').value.exists()"

Profile: HeraldFlag
Parent: Flag
Id: herald-flag
Title: "What staff see on opening a record"
Description: "That a proxy gets messages, that a person objects to a channel, or that texts of a sender are limited (PRX-3, OBJ-5, TWO-6). Its words never repeat an objection's reason."
* extension contains $flagDetail named detail 0..* MS
* code from FlagCodeValues (required)
* obeys herald-flag-limited and herald-flag-proxy

Invariant: herald-flag-limited
Description: "A sender is limited for a reason, in words"
Severity: #error
Expression: "code.coding.where(system = 'https://herald.example/fhir/CodeSystem/flag-code' and code = 'limited-sender').empty() or code.text.exists()"

Invariant: herald-flag-proxy
Description: "The note of a proxy leads to the Consent that gives the authority"
Severity: #error
Expression: "code.coding.where(system = 'https://herald.example/fhir/CodeSystem/flag-code' and code = 'proxy-receives-messages').empty() or extension.where(url = 'http://hl7.org/fhir/StructureDefinition/flag-detail').value.exists()"
