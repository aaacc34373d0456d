// For a trust's own server, where it can load search parameters. Herald itself depends on none of them. Flag's category,
// code and detail are not here: NHS England has defined them.

RuleSet: SearchParameter(id, name, base, code, type, expression)
* name = "{name}"
* url = "https://herald.example/fhir/SearchParameter/{id}"
* status = #active
* base = #{base}
* code = #{code}
* type = #{type}
* expression = "{expression}"
* xpathUsage = #normal
* multipleOr = true
* multipleAnd = true

Instance: flag-status
InstanceOf: SearchParameter
Usage: #definition
* insert SearchParameter(flag-status, FlagStatus, Flag, status, token, Flag.status)
* description = "Whether a note still counts."

Instance: task-due
InstanceOf: SearchParameter
Usage: #definition
* insert SearchParameter(task-due, TaskDue, Task, due, date, Task.restriction.period)
* description = "When a Task is due."

Instance: communication-in-response-to
InstanceOf: SearchParameter
Usage: #definition
* insert SearchParameter(communication-in-response-to, CommunicationInResponseTo, Communication, in-response-to, reference, Communication.inResponseTo)
* target = #Communication
* description = "What a message answers."

Instance: communication-status-reason
InstanceOf: SearchParameter
Usage: #definition
* insert SearchParameter(communication-status-reason, CommunicationStatusReason, Communication, status-reason, token, Communication.statusReason)
* description = "Why a message was withheld or did not arrive."

Instance: communicationrequest-instantiates-canonical
InstanceOf: SearchParameter
Usage: #definition
* insert SearchParameter(communicationrequest-instantiates-canonical, CommunicationRequestInstantiatesCanonical, CommunicationRequest, instantiates-canonical, reference, [[CommunicationRequest.extension.where(url = 'http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical').value]])
* target = #ActivityDefinition
* description = "The message type of a request."

Instance: consent-policy-rule
InstanceOf: SearchParameter
Usage: #definition
* insert SearchParameter(consent-policy-rule, ConsentPolicyRule, Consent, policy-rule, token, Consent.policyRule)
* description = "The legal basis of a proxy."

Instance: consent-provision-code
InstanceOf: SearchParameter
Usage: #definition
* insert SearchParameter(consent-provision-code, ConsentProvisionCode, Consent, provision-code, token, Consent.provision.code)
* description = "The services or message types that a Consent speaks of."
