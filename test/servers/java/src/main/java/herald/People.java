package herald;

import java.util.Date;
import java.util.UUID;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CanonicalType;
import org.hl7.fhir.r4.model.CommunicationRequest;
import org.hl7.fhir.r4.model.Flag;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.StringType;

/** What the caller's system sends: people under its own numbers, so that nothing meets the example cast. */
final class People {

    static final String NUMBERS = "https://epr.example.org/people";
    static final String HERALD = "https://herald.example/fhir/";

    /** Of the example cast: can be reached. */
    static final String ADULT = "Patient/example-maya";
    /** Of the example cast: died, so that nothing is sent (VER-3). */
    static final String DECEASED = "Patient/example-walter";

    static Patient person(String key, String family) {
        Patient patient = new Patient();
        patient.addIdentifier().setSystem(NUMBERS).setValue(key);
        patient.addName().setFamily(family).addGiven("Alex");
        patient.setBirthDate(new Date(177_292_800_000L));
        return patient;
    }

    /** A free text, asked for by whom the token {@code demo-epr} speaks for. */
    static CommunicationRequest message(String subject) {
        CommunicationRequest request = new CommunicationRequest();
        request.addExtension(
            "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical",
            new CanonicalType(HERALD + "ActivityDefinition/care-message"));
        request.addIdentifier().setSystem(HERALD + "id/request").setValue(UUID.randomUUID().toString());
        request.setStatus(CommunicationRequest.CommunicationRequestStatus.ACTIVE);
        request.setSubject(new Reference(subject));
        request.setRequester(new Reference("Practitioner/demo-staff-clerk"));
        request.addPayload().setContent(new StringType("Your appointment is on 1 December at 10:30."));
        return request;
    }

    /** A person and a note about them, linked by a {@code urn:uuid} that only the Bundle knows. */
    static Bundle transaction(String key, String linkedTo) {
        String fullUrl = "urn:uuid:" + UUID.randomUUID();
        Flag flag = new Flag();
        flag.setStatus(Flag.FlagStatus.ACTIVE);
        flag.getCode().setText("Large print");
        flag.setSubject(new Reference(linkedTo == null ? fullUrl : linkedTo));
        Bundle bundle = new Bundle().setType(Bundle.BundleType.TRANSACTION);
        bundle.addEntry().setFullUrl(fullUrl).setResource(person(key, "Linked"))
            .getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Patient");
        bundle.addEntry().setResource(flag)
            .getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Flag");
        return bundle;
    }

    private People() {}
}
