Profile: HeraldProxyConsent
Parent: Consent
Id: herald-proxy-consent
Title: "Authority of a proxy"
Description: "That one RelatedPerson may receive messages about the patient, on which legal basis, from when, and on what evidence (PRX-2, PRX-3). What does not hold today (not begun, ended, withdrawn, not activated) may be stored; it is not used."
* modifierExtension 0..0
* extension contains RecordedBy named recordedBy 0..1
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains kind 1..1
* category[kind] = ConsentCategoryCodes#proxy-messaging
* patient 1..1
* patient MS
* dateTime 1..1
* performer 1..*
* policyRule 1..1
* policyRule.coding ^slicing.discriminator.type = #value
* policyRule.coding ^slicing.discriminator.path = "system"
* policyRule.coding ^slicing.rules = #open
* policyRule.coding contains basis 1..1
* policyRule.coding[basis] from ProxyLegalBasisValues (required)
* policyRule.coding[basis].system 1..1
* policyRule.coding[basis].system = "https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis"
* policyRule.coding[basis] ^short = "The legal basis"
* verification MS
* provision 1..1
* provision.period 1..1
* provision.period.start 1..1
* provision.actor ^slicing.discriminator.type = #pattern
* provision.actor ^slicing.discriminator.path = "role"
* provision.actor ^slicing.rules = #open
* provision.actor contains proxy 1..1
* provision.actor[proxy].role = $participationType#IRCP
* provision.actor[proxy].reference only Reference(RelatedPerson)
* provision.actor[proxy] ^short = "The proxy; two proxies are two Consents"
* provision.action ^short = "Channels that the proxy may be reached by; none means all"
* provision.code ^short = "Message types that the proxy may receive; none means all that may go to proxies"
* obeys herald-proxy-evidence and herald-proxy-instrument and herald-proxy-permits and herald-proxy-alone

Invariant: herald-proxy-evidence
Description: "A proxy's authority has its evidence: a source, or a first verification that is verified and dated"
Severity: #error
Expression: "source.exists() or verification.first().where(verified = true and verificationDate.exists()).exists()"

Invariant: herald-proxy-instrument
Description: "A lasting power of attorney has its instrument as source"
Severity: #error
Expression: "policyRule.coding.where(system = 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis' and code = 'health-and-welfare-lasting-power-of-attorney').empty() or source.exists()"

Invariant: herald-proxy-permits
Description: "A proxy's authority permits: neither its provision nor its policy rule says the opposite"
Severity: #error
Expression: "(provision.type.empty() or provision.type = 'permit') and policyRule.coding.where(code = 'OPTOUT').empty()"

Invariant: herald-proxy-alone
Description: "One Consent cannot be both a proxy's authority and an objection"
Severity: #error
Expression: "category.coding.where(system = 'https://herald.example/fhir/CodeSystem/consent-category' and code = 'messaging-objection').empty()"

Profile: HeraldObjection
Parent: Consent
Id: herald-objection
Title: "Objection to messages"
Description: "That the person does not want to be contacted at all, by a channel, or about something (OBJ-2). Active and proposed ones bind. What is left open is read as the wider of its meanings, so that an objection is never lost for its form."
* modifierExtension 0..0
* extension contains
    ObjectionDetail named detail 0..1 and
    ConsentStatusReason named statusReason 0..1 and
    RecordedBy named recordedBy 0..1
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains kind 1..1
* category[kind] = ConsentCategoryCodes#messaging-objection
* category ^short = "messaging-objection, and beside it a code of objection-scope"
* patient 1..1
* patient MS
* dateTime MS
* provision MS
* provision.action ^short = "Channels objected to; none, or all, means every channel"
* provision.code ^short = "Services or message types objected to; none means every one"
* obeys herald-objection-reason and herald-objection-denies and herald-objection-scoped

Invariant: herald-objection-reason
Description: "An active objection has the person's reason in words (OBJ-3); one without is proposed until somebody has talked to them"
Severity: #error
Expression: "status != 'active' or extension.where(url = 'https://herald.example/fhir/StructureDefinition/objection-detail').extension.where(url = 'reason').value.text.exists()"

Invariant: herald-objection-denies
Description: "An objection denies: neither its provision nor its policy rule says the opposite"
Severity: #error
Expression: "(provision.type.empty() or provision.type = 'deny') and policyRule.coding.where(code = 'OPTIN').empty()"

// A warning: an objection that does not say how far it goes binds as far as it can be read.
Invariant: herald-objection-scoped
Description: "An objection says how far it goes, by a category of objection-scope"
Severity: #warning
Expression: "category.coding.where(system = 'https://herald.example/fhir/CodeSystem/objection-scope').exists()"
