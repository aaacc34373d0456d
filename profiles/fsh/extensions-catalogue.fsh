Extension: ChannelTemplate
Id: channel-template
Title: "Text for a channel"
Description: "The words of a message type on one channel: a text with ((keys)) kept here, or a template that the provider keeps."
Context: ActivityDefinition
* obeys herald-template-words and herald-template-subject
* extension contains
    channel 1..1 and
    rank 0..1 and
    kind 0..1 and
    subject 0..1 and
    text 0..1 and
    provider 0..1 and
    templateId 0..1 and
    senderId 0..1 and
    language 0..1
* extension[channel].value[x] 1..1
* extension[channel].value[x] only Coding
* extension[channel].valueCoding from ChannelValues (required)
* extension[rank] ^short = "The type's own order of channels; lowest first"
* extension[rank].value[x] 1..1
* extension[rank].value[x] only positiveInt
* extension[kind] ^short = "The whole message, or a nudge to look elsewhere; none means the whole"
* extension[kind].value[x] 1..1
* extension[kind].value[x] only code
* extension[kind].valueCode from TemplateKindValues (required)
* extension[subject] ^short = "The subject line of an email or the heading of a letter"
* extension[subject].value[x] 1..1
* extension[subject].value[x] only string
* extension[text] ^short = "The words, with ((keys)) to fill"
* extension[text].value[x] 1..1
* extension[text].value[x] only string
* extension[provider] ^short = "Whose template it is"
* extension[provider].value[x] 1..1
* extension[provider].value[x] only uri
* extension[templateId] ^short = "The provider's id of its template"
* extension[templateId].value[x] 1..1
* extension[templateId].value[x] only id
* extension[senderId] ^short = "The sender that the recipient sees, where the provider offers several"
* extension[senderId].value[x] 1..1
* extension[senderId].value[x] only string
* extension[language] ^short = "For recipients whose preferred language this is"
* extension[language].value[x] 1..1
* extension[language].value[x] only code

Invariant: herald-template-words
Description: "A channel's words are a text, or a provider's template"
Severity: #error
Expression: "extension.where(url = 'text').exists() or extension.where(url = 'templateId').exists()"

Invariant: herald-template-subject
Description: "A text for email or letter has a subject"
Severity: #error
Expression: "extension.where(url = 'text').empty() or extension.where(url = 'subject').exists() or extension.where(url = 'channel').value.where(code = 'sms' or code = 'nhsapp').exists()"

Extension: Personalisation
Id: personalisation
Title: "Personalisation"
Description: "A key that a caller fills when asking for a message of this type."
Context: ActivityDefinition
* extension contains name 1..1 and required 0..1 and meaning 0..1
* extension[name].value[x] 1..1
* extension[name].value[x] only string
* extension[name].valueString obeys herald-key-named
* extension[required] ^short = "Whether a message needs it; none means that it does"
* extension[required].value[x] 1..1
* extension[required].value[x] only boolean
* extension[meaning] ^short = "What to put there, for people who integrate"
* extension[meaning].value[x] 1..1
* extension[meaning].value[x] only string

Invariant: herald-key-named
Description: "The name of a key is more than spaces"
Severity: #error
Expression: "$this.matches('^.*[^ ].*$')"

Extension: FreeText
Id: free-text
Title: "Takes free text"
Description: "Messages of this type are written by the member of staff who asks for them."
Context: ActivityDefinition
* value[x] 1..1
* value[x] only boolean

Extension: ProxiesAllowed
Id: proxies-allowed
Title: "May go to proxies"
Description: "Messages of this type may go to somebody who acts for the person, if that somebody has the authority (PRX-2)."
Context: ActivityDefinition
* value[x] 1..1
* value[x] only boolean

Extension: Fallback
Id: fallback
Title: "Falls back"
Description: "A text that fails is tried on the next channel that the type allows."
Context: ActivityDefinition
* value[x] 1..1
* value[x] only boolean

Extension: Automatic
Id: automatic
Title: "Automatic"
Description: "A Device or an Organization may ask for messages of this type; others need a named member of staff (ACC-1)."
Context: ActivityDefinition
* value[x] 1..1
* value[x] only boolean

Extension: PurposeOfUse
Id: purpose-of-use
Title: "Purpose of use"
Description: "What messages of this type are for (CON-3)."
Context: ActivityDefinition
* value[x] 1..1
* value[x] only Coding
* valueCoding from PurposeOfUseValues (extensible)

Extension: ContentConfidentiality
Id: content-confidentiality
Title: "Confidentiality of the words"
Description: "What the words themselves give away, which decides the channels they may take (MIN-1, MIN-2)."
Context: ActivityDefinition
* value[x] 1..1
* value[x] only Coding
* valueCoding from ConfidentialityValues (required)

Extension: DefaultSensitivity
Id: default-sensitivity
Title: "Sensitivity of the contact"
Description: "What the mere contact gives away, which decides who else may be told (PRX-7)."
Context: ActivityDefinition
* value[x] 1..1
* value[x] only Coding
* valueCoding from SensitivityValues (extensible)

Extension: MaxContentConfidentiality
Id: max-content-confidentiality
Title: "Most confidential words"
Description: "The most confidential words that the channel may carry (CHN-2). A channel that does not say carries nothing confidential."
Context: Endpoint
* value[x] 1..1
* value[x] only Coding
* valueCoding from ConfidentialityValues (required)

Extension: AssuranceDocument
Id: assurance-document
Title: "Assurance document"
Description: "The data protection impact assessment of the channel, without which it cannot be active (CHN-5)."
Context: Endpoint
* value[x] 1..1
* value[x] only Reference(DocumentReference)
