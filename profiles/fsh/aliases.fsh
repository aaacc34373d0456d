Alias: $confidentiality = http://terminology.hl7.org/CodeSystem/v3-Confidentiality
Alias: $actCode = http://terminology.hl7.org/CodeSystem/v3-ActCode
Alias: $actReason = http://terminology.hl7.org/CodeSystem/v3-ActReason
Alias: $participationType = http://terminology.hl7.org/CodeSystem/v3-ParticipationType
Alias: $proxyLegalBasis = https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis
Alias: $instantiatesCanonical = http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical
Alias: $supportingInfo = http://hl7.org/fhir/StructureDefinition/workflow-supportingInfo
Alias: $flagDetail = http://hl7.org/fhir/StructureDefinition/flag-detail
