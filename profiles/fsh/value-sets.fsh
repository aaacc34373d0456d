// One value set for each code system, with the same name, and those that choose from several or from others' systems.

ValueSet: ChannelValues
Id: channel
Title: "Channel"
Description: "The ways of sending a message."
* ChannelCodes#nhsapp
* ChannelCodes#sms
* ChannelCodes#email
* ChannelCodes#secure-email
* ChannelCodes#letter

ValueSet: ObjectionChannelValues
Id: objection-channel
Title: "Channel of an objection"
Description: "The ways of being contacted that an objection may name, or all of them."
* include codes from system ChannelCodes

ValueSet: ContactDetailDecisionValues
Id: contact-detail-decision
Title: "Decision on contact details"
Description: "Whether details that put the person at risk leave the record (OBJ-8)."
* DecisionCodes#remove
* DecisionCodes#keep

ValueSet: ConfidentialityValues
Id: content-confidentiality
Title: "Confidentiality"
Description: "How confidential words are, lowest first."
* $confidentiality#U "unrestricted"
* $confidentiality#L "low"
* $confidentiality#M "moderate"
* $confidentiality#N "normal"
* $confidentiality#R "restricted"
* $confidentiality#V "very restricted"

ValueSet: SensitivityValues
Id: sensitivity
Title: "Sensitivity"
Description: "What a contact may give away. Others of v3-ActCode may be used."
* $actCode#SEX
* $actCode#STD
* $actCode#HIV
* $actCode#SDV
* $actCode#PSY
* $actCode#MH
* $actCode#ETH
* $actCode#SUD
* $actCode#ETHUD
* $actCode#GDIS
* $actCode#VIO
* $actCode#ADOL

ValueSet: PurposeOfUseValues
Id: purpose-of-use
Title: "Purpose of use"
Description: "Purposes of messages about a person's own care (CON-3)."
* $actReason#TREAT
* $actReason#PATADMIN
* $actReason#PUBHLTH
* $actReason#ETREAT

ValueSet: ProxyLegalBasisValues
Id: proxy-legal-basis
Title: "Legal basis of a proxy"
Description: "The bases on which somebody may receive a person's messages (PRX-2), in NHS England's codes."
* $proxyLegalBasis#parental-responsibility
* $proxyLegalBasis#health-and-welfare-lasting-power-of-attorney
* $proxyLegalBasis#court-appointed-personal-welfare-deputy
* $proxyLegalBasis#best-interest
* $proxyLegalBasis#consent
