// Code systems whose codes src keeps as lists are made from those lists by scripts/build-profiles.ts.

CodeSystem: MessageCategoryCodes
Id: message-category
Title: "Category of message"
Description: "What messages are broadly about, as a channel's payloadType may limit them."
* #reminder "Reminder" "Reminds of something that is arranged"
* #appointment "Appointment" "Arranges or changes an appointment"
* #contact-us "Contact us" "Asks the person to call, without saying what about"
* #result "Result" "Says that results are there, or what they are"
* #invitation "Invitation" "Invites to screening, vaccination or the like"
* #information "Information" "Tells about treatment or about a visit"

CodeSystem: DirectionCodes
Id: direction
Title: "Direction"
Description: "Whether a message left or came in."
* #outbound "Outbound" "From the organisation to a person"
* #inbound "Inbound" "From a person to the organisation"

CodeSystem: ConsentCategoryCodes
Id: consent-category
Title: "Kind of Consent"
Description: "What a Consent says about messages."
* #proxy-messaging "Proxy may receive messages" "Gives a RelatedPerson the authority to receive messages about the patient"
* #messaging-objection "Objection to messages" "The person objects to being contacted"

CodeSystem: ObjectionScopeCodes
Id: objection-scope
Title: "Reach of an objection"
Description: "How far an objection goes (OBJ-2)."
* #all-messages "All messages" "To being contacted at all"
* #channel "Channel" "To being contacted in some ways"
* #service-or-type "Service or type" "To being contacted about some services or kinds of message"
* #care-processing "Processing for care" "To the processing of their information for care as such; blocks every message and goes to the data protection officer"

CodeSystem: ObjectionReasonCodes
Id: objection-reason
Title: "Reason of an objection"
Description: "Why people object, beside their own words."
* #others-see-device "Others see the device" "Somebody else can read what arrives there"
* #not-private "Not private" "The person does not trust the way with their information"
* #causes-distress "Causes distress" "Being contacted this way distresses the person"
* #cannot-use "Cannot use" "The person cannot read or use what comes this way"
* #other "Other" "As the words say"

CodeSystem: ReasonSourceCodes
Id: reason-source
Title: "Source of a reason"
Description: "How the reason of an objection is known (OBJ-13)."
* #stated-by-patient "Stated by the patient" "The person said so"
* #known-from-other-information "Known from other information" "It is known from elsewhere; the conversation about it is discreet"

CodeSystem: ConsentStatusReasonCodes
Id: consent-status-reason
Title: "Why an objection ended"
Description: "Why an objection no longer binds (OBJ-9)."
* #resolved-by-discussion "Resolved by discussion" "What the person objected to was put right, with their agreement"
* #withdrawn "Withdrawn" "The person took it back"
* #superseded "Superseded" "Another objection took its place"
* #patient-deceased "Patient deceased" "The person has died"

CodeSystem: ConfirmationMethodCodes
Id: confirmation-method
Title: "How a contact detail was confirmed"
Description: "How somebody checked a contact detail with the person (PRF-4)."
* #in-person "In person" "Face to face"
* #telephone "By telephone" "In a call"
* #online "Online" "By the person, signed in"
* #in-writing "In writing" "On a form or in a letter"
* #demographics-service "Demographics service" "As the national demographics service has it"

CodeSystem: OverrideGroundCodes
Id: override-ground
Title: "Ground for an override"
Description: "Compelling legitimate grounds for one message despite an objection (OBJ-6, OBJ-7)."
* #communicable-disease "Communicable disease" "The person may put others at risk unless told quickly"
* #waiting-list-validation "Waiting list validation" "Who still needs treatment cannot be asked one by one in another way"
* #imminent-appointment-change "Imminent change of an appointment" "An appointment within 48 hours is moved or cancelled"
* #extreme-event-vulnerable "Extreme event" "Vulnerable people must be reached after extreme weather or a loss of supplies"
* #primary-contact-failed "Allowed contact failed" "The way that the person allows failed, and there is no other"
* #virtual-consultation-link "Link to a virtual consultation" "A link can travel in a digital way only"
* #credible-threat "Credible threat" "A threat to the person was made before staff"
* #prescribing-error "Prescribing error" "A wrong medicine was prescribed"
* #urgent-treatment-offer "Offer of urgent treatment" "An urgent slot would be missed by post"
* #other "Other" "Another ground, weighed with the Caldicott Guardian"

CodeSystem: DecisionCodes
Id: decision
Title: "Decision on a Task"
Description: "What a Task was completed with. Which of them a Task takes depends on its code."
* #agreed "Agreed" "The message may go"
* #refused "Refused" "The message, or what was asked for, may not"
* #override-approved "Override approved" "The one message may go despite the objection"
* #override-declined "Override declined" "The objection stands for this message"
* #no-action "No action" "The review found nothing to do"
* #learning "Learning" "The review found something to learn"
* #incident-reported "Incident reported" "The review led to an incident report"
* #breach-assessed "Breach assessed" "The review assessed a breach of personal data"
* #upheld "Upheld" "The objection stands"
* #resolved "Resolved" "What the person objected to was put right"
* #withdrawn "Withdrawn" "The person took the objection back"
* #remove "Remove" "The contact details of the channel leave the record"
* #keep "Keep" "The contact details stay in the record"
* #done "Done" "It was done, as the note says"
* #identified "Identified" "The sender is known: the output person says who"
* #nobody "Nobody" "The sender could not be found out"
* #release-approved "Release approved" "The copy may be given to the person"

CodeSystem: TaskParameterCodes
Id: task-parameter
Title: "Parameter of a Task"
Description: "What the inputs and outputs of Tasks hold."
* #decision "Decision" "Output: how it was decided, with a code of the decision code system"
* #candidate "Candidate" "Input: somebody who has, or had, the number that a text came from"
* #person "Person" "Output: who sent a text, as a reference"
* #reason "Reason" "Output: the person's reason in words"
* #document "Document" "Output: the document that came of it"
* #reason-considered "Reason considered" "Input: the reason of the objection was weighed"
* #caldicott-consulted "Caldicott Guardian consulted" "Input: whether the Caldicott Guardian was consulted"
* #caldicott-guardian "Caldicott Guardian" "Input: who was consulted"
* #alternatives-tried "Alternatives tried" "Input: what was tried before"
* #rules-bypassed "Rules set aside" "Input: what an emergency set aside"
* #senior-consulted "Senior consulted" "Input: who senior was consulted"
* #identity-checked "Identity checked" "Input: the day on which it was proven who asks"
* #clock-paused "Clock paused" "Input: days that do not count, first and last included"
* #extension-reason "Reason of the extension" "Input: why more time is taken"
* #mask "Mask" "Input: a resource of which a part is hidden in the copy"
* #show "Show" "Input: a resource of which a part that was proposed for hiding is shown"
* #all-read "All read" "Input: every free text was read for what concerns others"

CodeSystem: ReviewReasonCodes
Id: review-reason
Title: "Reason of a review"
Description: "Why information governance looks at a message afterwards (EMG-2)."
* #emergency-send "Emergency" "It was sent as an emergency"
* #unapproved-channel "Channel not approved" "It went by a way that the organisation has not approved"

CodeSystem: FlagCodeCodes
Id: flag-code
Title: "Note on a record"
Description: "What staff are shown on opening a record."
* #proxy-receives-messages "Proxy receives messages" "Somebody else may receive messages about the person"
* #do-not-message "Do not message" "The person objects to all messages"
* #do-not-text "Do not text" "The person objects to texts"
* #do-not-email "Do not email" "The person objects to email"
* #do-not-write "Do not write" "The person objects to letters"
* #do-not-use-nhs-app "Do not use the NHS App" "The person objects to messages in the NHS App"
* #limited-sender "Limited sender" "Texts of this sender are kept and get no automatic reply, for the reason given"

CodeSystem: FlagCategoryCodes
Id: flag-category
Title: "Category of note"
Description: "What a note on a record concerns."
* #accessible-information "Accessible information" "How information must be given because of a disability, impairment or sensory loss"

CodeSystem: SarStatusCodes
Id: sar-status
Title: "State of a subject access request"
Description: "Where a subject access request stands (SAR-3)."
* #clock-running "Clock running" "Its time is running"
* #clock-paused "Clock paused" "Its time stands still while something is asked of the person"
* #extended "Extended" "It was given two more months, and the person was told"

CodeSystem: DocumentTypeCodes
Id: document-type
Title: "Type of document"
Description: "Documents that Herald makes."
* #subject-access-export "Subject access export" "A copy of a person's messaging record"

CodeSystem: GroupCodes
Id: group-code
Title: "Kind of Group"
Description: "What a Group is for."
* #message-recipients "Recipients of a message" "People to whom the same message is to go"

CodeSystem: ListCodes
Id: list-code
Title: "Kind of List"
Description: "What a List holds."
* #objected-recipients "Recipients left out" "People to whom a message to many did not go, each with the reason"
* #without-digital-channel "Without a digital channel" "People whom no text, email or NHS App message reaches, each with why"

CodeSystem: ServiceCodes
Id: service
Title: "Service"
Description: "Services that messages are about, as an objection may name them. An organisation adds its own."
* ^content = #fragment
* #sexual-health "Sexual health"
* #mental-health "Mental health"
* #substance-use "Drugs and alcohol"
* #maternity "Maternity"
* #screening "Screening"
* #vaccination "Vaccination"

CodeSystem: HandlingCodes
Id: handling
Title: "Handling"
Description: "How staff go about a Task."
* #discreet "Discreet" "What is known did not come from the person: nobody else may learn of it, and the conversation is led with care"

CodeSystem: MaskGroundCodes
Id: mask-ground
Title: "Ground for masking"
Description: "Why a part of a subject access copy is hidden (SAR-2)."
* #third-party "Third party" "It is about somebody else"
* #serious-harm "Serious harm" "Showing it could bring serious harm"
* #legal-privilege "Legal privilege" "It is legally privileged"
* #other "Other" "Another ground, as recorded"

CodeSystem: ContentFidelityCodes
Id: content-fidelity
Title: "Fidelity of the content"
Description: "How true the text kept is to the one sent."
* #exact "Exact" "Word for word"
* #summary "Summary" "What it said, in other words"

CodeSystem: TemplateKindCodes
Id: template-kind
Title: "Kind of text"
Description: "What a text for a channel says of the matter."
* #full "Full" "The message itself"
* #nudge "Nudge" "That a message waits in a safer place"
