package herald;

import static herald.Checks.refused;
import static herald.Checks.that;

import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.gclient.StringClientParam;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.rest.server.exceptions.ForbiddenOperationException;
import ca.uhn.fhir.rest.server.exceptions.InvalidRequestException;
import ca.uhn.fhir.rest.server.exceptions.MethodNotAllowedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import org.hl7.fhir.r4.model.AuditEvent;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Flag;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Reference;

/** What must not be answered: the client makes the right exception of it, with the OperationOutcome. */
final class RefusalChecks {

    private final IGenericClient client;
    private final IGenericClient subjectAccess;
    private final IGenericClient stranger;
    private final Checks checks;

    RefusalChecks(IGenericClient client, IGenericClient subjectAccess, IGenericClient stranger, Checks checks) {
        this.client = client;
        this.subjectAccess = subjectAccess;
        this.stranger = stranger;
        this.checks = checks;
    }

    void run() {
        is("what is not there", ResourceNotFoundException.class,
            () -> client.read().resource(Patient.class).withId("nobody").execute());
        is("an unknown search parameter", InvalidRequestException.class,
            () -> client.search().forResource(Patient.class).where(new StringClientParam("colour").matches().value("blue"))
                .returnBundle(Bundle.class).execute());
        is("a resource that is not R4", InvalidRequestException.class, () -> {
            Flag flag = new Flag();
            flag.setSubject(new Reference(People.ADULT));
            client.create().resource(flag).execute();
        });
        is("a reference to nobody", UnprocessableEntityException.class, () -> {
            Flag flag = new Flag();
            flag.setStatus(Flag.FlagStatus.ACTIVE).getCode().setText("Large print");
            flag.setSubject(new Reference("Patient/nobody"));
            client.create().resource(flag).execute();
        });
        is("deleting", MethodNotAllowedException.class, () -> client.delete().resourceById("Patient", "example-maya").execute());
        is("patching", MethodNotAllowedException.class,
            () -> client.patch().withBody("[{\"op\":\"remove\",\"path\":\"/name\"}]").withId(People.ADULT).execute());
        is("no token", AuthenticationException.class,
            () -> stranger.read().resource(Patient.class).withId("example-maya").execute());
        is("a search of the audit by a role that may not", ForbiddenOperationException.class,
            () -> client.search().forResource(AuditEvent.class).returnBundle(Bundle.class).execute());
        is("a message asked for by a role that may not", ForbiddenOperationException.class,
            () -> subjectAccess.create().resource(People.message(People.ADULT)).execute());
    }

    private void is(String what, Class<? extends BaseServerResponseException> kind, Checks.Body call) {
        checks.check(what + " is " + kind.getSimpleName(), () -> {
            var refusal = refused(kind, call);
            that(refusal.getOperationOutcome() instanceof OperationOutcome, "it came without an OperationOutcome");
        });
    }
}
