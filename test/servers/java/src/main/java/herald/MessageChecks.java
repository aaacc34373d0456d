package herald;

import static herald.Checks.refused;
import static herald.Checks.same;
import static herald.Checks.that;

import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import java.util.List;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CodeType;
import org.hl7.fhir.r4.model.Communication;
import org.hl7.fhir.r4.model.CommunicationRequest;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.UriType;
import org.hl7.fhir.r4.model.ValueSet;

/** Messages, and the operations: what Herald is for. */
final class MessageChecks {

    private final IGenericClient client;
    private final Checks checks;

    MessageChecks(IGenericClient client, Checks checks) {
        this.client = client;
        this.checks = checks;
    }

    void run() {
        checks.check("CommunicationRequest/$evaluate says what would be sent, and sends nothing", this::evaluates);
        checks.check("a message is taken, sent and delivered", this::sends);
        checks.check("a refused message is UnprocessableEntityException with a block-reason", this::refuses);
        checks.check("ValueSet/$expand and $validate-code, by POST and by GET", this::terminology);
    }

    private void evaluates() {
        CommunicationRequest request = People.message(People.ADULT);
        Parameters answer = client.operation().onType(CommunicationRequest.class).named("$evaluate")
            .withParameter(Parameters.class, "resource", request).execute();
        same("send", answer.getParameter("decision").getValue().primitiveValue(), "the decision");
        Bundle stored = client.search().forResource(CommunicationRequest.class)
            .where(CommunicationRequest.IDENTIFIER.exactly().code(request.getIdentifierFirstRep().getValue()))
            .returnBundle(Bundle.class).execute();
        same(0, stored.getEntry().size(), "the number of requests stored");
    }

    private void sends() throws InterruptedException {
        String id = client.create().resource(People.message(People.ADULT)).execute().getId().getIdPart();
        for (int tries = 0; tries < 200; tries += 1) {
            Bundle sent = client.search().forResource(Communication.class)
                .where(Communication.BASED_ON.hasId("CommunicationRequest/" + id))
                .and(Communication.STATUS.exactly().code("completed"))
                .returnBundle(Bundle.class).execute();
            if (!sent.getEntry().isEmpty()) return;
            Thread.sleep(100);
        }
        throw new AssertionError("no attempt was completed in 20 seconds");
    }

    private void refuses() throws Exception {
        var refusal = refused(UnprocessableEntityException.class,
            () -> client.create().resource(People.message(People.DECEASED)).execute());
        that(refusal.getOperationOutcome() instanceof OperationOutcome, "422 came without an OperationOutcome");
        var codings = ((OperationOutcome) refusal.getOperationOutcome()).getIssueFirstRep().getDetails().getCoding();
        same(List.of(People.HERALD + "CodeSystem/block-reason", People.HERALD + "CodeSystem/guidance-clause"),
            codings.stream().map(one -> one.getSystem()).toList(), "the systems of the codings");
        same("deceased", codings.get(0).getCode(), "the reason");
    }

    private void terminology() {
        UriType url = new UriType(People.HERALD + "ValueSet/channel");
        for (boolean get : List.of(false, true)) {
            var expand = client.operation().onType(ValueSet.class).named("$expand")
                .withParameter(Parameters.class, "url", url).returnResourceType(ValueSet.class);
            ValueSet expanded = (get ? expand.useHttpGet() : expand).execute();
            that(expanded.getExpansion().getContains().stream().anyMatch(one -> one.getCode().equals("sms")),
                "the expansion has no sms");
            var validate = client.operation().onType(ValueSet.class).named("$validate-code")
                .withParameter(Parameters.class, "url", url)
                .andParameter("system", new UriType(People.HERALD + "CodeSystem/channel"))
                .andParameter("code", new CodeType("sms"));
            Parameters result = (get ? validate.useHttpGet() : validate).execute();
            same("true", result.getParameter("result").getValue().primitiveValue(), "the result");
        }
    }
}
