Profile: HeraldCommunicationRequest
Parent: CommunicationRequest
Id: herald-communication-request
Title: "Request for a message"
Description: "One message to one person, asked for by a member of staff. Whatever a rule has a reason for is no fault of form and is left to the rules, which answer with the reason and the clause: who asks, for whom, to whom, which message type, which channels, and what an emergency lacks."
* modifierExtension 0..0
* extension contains
    $instantiatesCanonical named messageType 0..1 MS and
    $supportingInfo named supportingInfo 0..* and
    Expires named expires 0..1 and
    Emergency named emergency 0..1 and
    Necessity named necessity 0..1 and
    ResultsStatement named resultsStatement 0..1 and
    InReplyTo named inReplyTo 0..1 and
    MessageDecision named decision 0..1 and
    SubmissionDigest named submissionDigest 0..1
* extension[messageType] ^short = "The message type; a request without one is refused by the rules"
* extension[decision] ^short = "Written by Herald"
* extension[submissionDigest] ^short = "Written by Herald"
* identifier MS
* identifier ^short = "The caller's own key: repeating it with the same content is the same message"
* status MS
* subject MS
* subject ^short = "Whom the message is about"
* recipient MS
* recipient ^short = "To whom it goes; none means the subject"
* requester MS
* medium MS
* medium from ChannelValues (extensible)
* medium ^short = "Channels that the caller allows, in no order; none means all that the type allows"
* occurrence[x] only dateTime
* occurrence[x] ^short = "Not before; none means now"
* reasonCode from PurposeOfUseValues (extensible)
* payload MS
* obeys herald-request-performed

Invariant: herald-request-performed
Description: "A request that says doNotPerform asks for nothing: revoke the request that is not to be carried out instead"
Severity: #error
Expression: "doNotPerform.empty() or doNotPerform = false"
