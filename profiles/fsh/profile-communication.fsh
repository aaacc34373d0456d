Profile: HeraldCommunication
Parent: Communication
Id: herald-communication
Title: "Record of a message"
Description: "One attempt to send one message to one person, one that was withheld, or one that came in (REC-1, REC-5, TWO-1). payload[0] has the text as the person got it."
* extension contains
    ContactPointUsed named contactPointUsed 0..1 MS and
    StatusDate named statusDate 0..1 and
    MessageDecision named decision 0..1 and
    RecordedBy named recordedBy 0..1
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains attempt 0..1 and notification 0..1 and inbound 0..1
* identifier[attempt].system 1..1
* identifier[attempt].system = "https://herald.example/fhir/id/attempt"
* identifier[attempt] ^short = "The reference that the provider is given"
* identifier[notification].system 1..1
* identifier[notification].system = "https://herald.example/fhir/id/notify-notification"
* identifier[notification] ^short = "The id of GOV.UK Notify"
* identifier[inbound].system 1..1
* identifier[inbound].system = "https://herald.example/fhir/id/notify-inbound"
* identifier[inbound] ^short = "The id of GOV.UK Notify of a text that came in"
* basedOn only Reference(CommunicationRequest)
* status MS
* statusReason MS
* subject only Reference(Patient)
* subject MS
* recipient MS
* sender MS
* sent MS
* received MS
* payload MS
* payload.extension contains ContentFidelity named contentFidelity 1..1
* payload.content[x] only string or Attachment
* obeys herald-communication-content and herald-communication-time and herald-communication-reason and herald-communication-recipient

Invariant: herald-communication-content
Description: "A message that was sent or received has its text"
Severity: #error
Expression: "status != 'completed' or payload.exists()"

Invariant: herald-communication-time
Description: "A message that was sent or received says when"
Severity: #error
Expression: "status != 'completed' or sent.exists() or received.exists()"

Invariant: herald-communication-reason
Description: "A message that was withheld or did not arrive says why"
Severity: #error
Expression: "(status != 'not-done' and status != 'stopped') or statusReason.exists()"

Invariant: herald-communication-recipient
Description: "A message that was sent went to one recipient"
Severity: #error
Expression: "status = 'not-done' or status = 'entered-in-error' or recipient.count() <= 1"
