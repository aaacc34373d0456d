RuleSet: Operation(code, resource)
* name = "{code}"
* code = #{code}
* url = "https://herald.example/fhir/OperationDefinition/{code}"
* kind = #operation
* resource = #{resource}
* system = false

RuleSet: Parameter(name, use, min, max, type, documentation)
* parameter[+].name = #{name}
* parameter[=].use = #{use}
* parameter[=].min = {min}
* parameter[=].max = "{max}"
* parameter[=].type = #{type}
* parameter[=].documentation = "{documentation}"

RuleSet: Part(name, min, type, documentation)
* parameter[=].part[+].name = #{name}
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = {min}
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #{type}
* parameter[=].part[=].documentation = "{documentation}"

Instance: evaluate
InstanceOf: OperationDefinition
Usage: #definition
Title: "Evaluate a request"
Description: "Decides a request without storing or sending anything: what would go, by which channel, to whom, in which words, or why it may not."
* insert Operation(evaluate, CommunicationRequest)
* name = "Evaluate"
* title = "Evaluate a request"
* description = "Decides a request without storing or sending anything: what would go, by which channel, to whom, in which words, or why it may not. The body may also be the CommunicationRequest itself."
* status = #active
* affectsState = false
* type = true
* instance = false
* insert Parameter(resource, in, 1, 1, CommunicationRequest, [[The request]])
* insert Parameter(decision, out, 1, 1, code, [[send, hold or refuse]])
* insert Parameter(channel, out, 0, 1, code, [[The channel that would be taken]])
* insert Parameter(recipient, out, 0, 1, Reference, [[Who would get it]])
* insert Parameter(text, out, 0, 1, string, [[The exact words]])
* insert Parameter(subject-line, out, 0, 1, string, [[The subject of an email or the heading of a letter]])
* insert Parameter(fragments, out, 0, 1, integer, [[Text message fragments that it would take]])
* parameter[+].name = #reason
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Why it may not go, or not yet"
* insert Part(code, 1, code, [[A block reason]])
* insert Part(clause, 1, code, [[The clause of the guidance]])
* insert Part(text, 1, string, [[A sentence for staff]])
* parameter[+].name = #warning
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What could not be met"
* insert Part(code, 1, code, [[A decision warning]])
* insert Part(clause, 1, code, [[The clause of the guidance]])
* insert Part(text, 1, string, [[A sentence for staff]])
* parameter[+].name = #task
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What a person would have to do"
* insert Part(code, 1, code, [[A task code]])
* insert Part(text, 1, string, [[What it asks]])

Instance: mark-entered-in-error
InstanceOf: OperationDefinition
Usage: #definition
* insert Operation(mark-entered-in-error, Communication)
* name = "MarkEnteredInError"
* title = "Mark as entered in error"
* description = "Marks the record of a message as a mistake, with the reason and who says so. It stays in the record (REC-4). One still in preparation, or marked already, answers 409."
* status = #draft
* affectsState = true
* type = false
* instance = true
* insert Parameter(reason, in, 1, 1, string, [[Why it is a mistake]])
* insert Parameter(requester, in, 0, 1, Reference, [[Who says so, where the token names nobody]])
* insert Parameter(return, out, 1, 1, Communication, [[The record as it is now]])

Instance: subject-access-export
InstanceOf: OperationDefinition
Usage: #definition
* insert Operation(subject-access-export, Patient)
* name = "SubjectAccessExport"
* title = "Subject access export"
* description = "A copy of everything sent to or about the person, received from them, withheld and requested, for the person's own request (SAR-1). The release hides what the reviewer masked."
* status = #active
* affectsState = true
* type = false
* instance = true
* insert Parameter(task, in, 1, 1, Reference, [[The subject access request]])
* insert Parameter(start, in, 0, 1, date, [[From this day]])
* insert Parameter(end, in, 0, 1, date, [[To this day]])
* insert Parameter(stage, in, 1, 1, code, [[review or release]])
* insert Parameter(form, in, 0, 1, code, [[document (if nothing is said) or searchset]])
* insert Parameter(return, out, 1, 1, Bundle, [[The copy]])

Instance: without-digital-channel
InstanceOf: OperationDefinition
Usage: #definition
* insert Operation(without-digital-channel, Patient)
* name = "WithoutDigitalChannel"
* title = "People whom no digital channel reaches"
* description = "People without a usable, open channel among texts, email and the NHS App that they do not object to (TWO-7)."
* status = #active
* affectsState = false
* type = true
* instance = false
* insert Parameter(return, out, 1, 1, List, [[The people]])
