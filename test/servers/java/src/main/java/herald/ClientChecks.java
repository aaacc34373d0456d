package herald;

import static herald.Checks.refused;
import static herald.Checks.same;
import static herald.Checks.that;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.PreferReturnEnum;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SearchTotalModeEnum;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.IQuery;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.Flag;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Patient;

/**
 * HAPI FHIR's generic client, as it comes, against a running Herald. One argument: the FHIR base. The client's own check
 * of the server stays on: it reads /metadata before its first call and refuses a server of another FHIR version.
 */
public final class ClientChecks {

    private final FhirContext context = FhirContext.forR4();
    private final String base;
    private final IGenericClient client;
    private final Checks checks = new Checks();

    public static void main(String[] arguments) {
        new ClientChecks(arguments[0]).run();
    }

    private ClientChecks(String base) {
        this.base = base;
        context.getRestfulClientFactory().setServerValidationMode(ServerValidationModeEnum.ONCE);
        context.getRestfulClientFactory().setSocketTimeout(20_000);
        client = clientOf("demo-epr");
    }

    private void run() {
        checks.check("reads the CapabilityStatement, and takes the server for R4", this::metadata);
        checks.check("creates: 201, the address of version 1, the resource as it is kept", this::creates);
        checks.check("reads, and reads a version", this::reads);
        checks.check("updates with If-Match; a stale one is PreconditionFailedException", this::updates);
        checks.check("Prefer: return=minimal and return=OperationOutcome", this::prefers);
        for (SearchStyleEnum style : List.of(SearchStyleEnum.GET, SearchStyleEnum.POST)) {
            checks.check("follows a search through its pages, by " + style, () -> pages(style));
        }
        checks.check("a search with _include, _revinclude, _sort, _total and _summary=count", this::searches);
        checks.check("reads the history of a resource and of a type", this::history);
        checks.check("creates only what is not there yet (If-None-Exist)", this::conditionally);
        checks.check("a transaction is made as a whole, with its links", this::transaction);
        checks.check("a transaction with a fault leaves nothing behind", this::rollsBack);
        checks.check("a batch answers each entry by itself", this::batch);
        new MessageChecks(client, checks).run();
        new RefusalChecks(client, clientOf("demo-sar"), context.newRestfulGenericClient(base), checks).run();
    }

    private IGenericClient clientOf(String token) {
        IGenericClient made = context.newRestfulGenericClient(base);
        made.registerInterceptor(new BearerTokenAuthInterceptor(token));
        return made;
    }

    private void metadata() {
        CapabilityStatement statement = client.capabilities().ofType(CapabilityStatement.class).execute();
        same("4.0.1", statement.getFhirVersion().toCode(), "the FHIR version");
        that(statement.getRestFirstRep().getResource().size() > 20, "the statement lists few resources");
    }

    private void creates() {
        MethodOutcome outcome = client.create().resource(People.person("java-create", "Created")).execute();
        that(Boolean.TRUE.equals(outcome.getCreated()), "it was not 201");
        same("1", outcome.getId().getVersionIdPart(), "the version in Location");
        same(base, outcome.getId().getBaseUrl(), "the base of Location");
        Patient kept = (Patient) outcome.getResource();
        same("java-create", kept.getIdentifierFirstRep().getValue(), "the identifier");
        same("1", kept.getMeta().getVersionId(), "meta.versionId");
    }

    private void reads() {
        IdType id = create("java-read", "Read");
        Patient kept = client.read().resource(Patient.class).withId(id.toVersionless()).execute();
        Patient version = client.read().resource(Patient.class).withIdAndVersion(id.getIdPart(), "1").execute();
        same(text(kept), text(version), "the version");
        same("1", kept.getIdElement().getVersionIdPart(), "the version of what was read");
    }

    private void updates() throws Exception {
        IdType id = create("java-update", "First");
        Patient changed = People.person("java-update", "Second");
        // The client sends If-Match when the id has a version.
        changed.setId(id);
        MethodOutcome outcome = client.update().resource(changed).execute();
        same("2", outcome.getId().getVersionIdPart(), "the version after the update");
        Patient late = People.person("java-update", "Third");
        late.setId(id);
        var refusal = refused(PreconditionFailedException.class, () -> client.update().resource(late).execute());
        that(refusal.getOperationOutcome() instanceof OperationOutcome, "412 came without an OperationOutcome");
        Patient kept = client.read().resource(Patient.class).withId(id.toVersionless()).execute();
        same("Second", kept.getNameFirstRep().getFamily(), "the name that is kept");
    }

    private void prefers() {
        MethodOutcome minimal =
            client.create().resource(People.person("java-minimal", "Asked")).prefer(PreferReturnEnum.MINIMAL).execute();
        that(minimal.getResource() == null, "return=minimal answered a resource");
        that(minimal.getId().hasVersionIdPart(), "return=minimal answered no address");
        MethodOutcome told = client.create().resource(People.person("java-told", "Asked"))
            .prefer(PreferReturnEnum.OPERATION_OUTCOME).execute();
        that(told.getOperationOutcome() instanceof OperationOutcome, "return=OperationOutcome answered none");
    }

    private void pages(SearchStyleEnum style) {
        String family = style == SearchStyleEnum.GET ? "Fetched" : "Posted";
        Set<String> made = new TreeSet<>();
        for (int index = 0; index < 7; index += 1) made.add(create("java-" + family + index, family).getIdPart());
        Bundle page = client.search().forResource(Patient.class).where(Patient.FAMILY.matchesExactly().value(family))
            .sort().ascending("_id").count(3).usingStyle(style).returnBundle(Bundle.class).execute();
        List<Integer> sizes = new ArrayList<>();
        Set<String> found = new TreeSet<>();
        while (true) {
            sizes.add(page.getEntry().size());
            found.addAll(ids(page));
            if (page.getLink(Bundle.LINK_NEXT) == null) break;
            page = client.loadPage().next(page).execute();
        }
        same(List.of(3, 3, 1), sizes, "the size of the pages");
        same(made, found, "what was found");
    }

    private void searches() {
        String person = "Patient/" + create("java-search", "Searched").getIdPart();
        Flag flag = new Flag();
        flag.setStatus(Flag.FlagStatus.ACTIVE).getCode().setText("Large print");
        flag.getSubject().setReference(person);
        client.create().resource(flag).execute();

        Bundle included = ofFlags(person).include(Flag.INCLUDE_PATIENT).execute();
        same(List.of("Flag", "Patient"), types(included), "what _include brings");
        same("include", included.getEntry().get(1).getSearch().getMode().toCode(), "search.mode");
        Bundle reverse = client.search().forResource(Patient.class).where(Patient.RES_ID.exactly().code(person.substring(8)))
            .revInclude(Flag.INCLUDE_PATIENT).returnBundle(Bundle.class).execute();
        same(List.of("Patient", "Flag"), types(reverse), "what _revinclude brings");
        Bundle counted = ofFlags(person).totalMode(SearchTotalModeEnum.ACCURATE).execute();
        same(1, counted.getTotal(), "the total");
        Bundle number = ofFlags(person).summaryMode(SummaryEnum.COUNT).execute();
        that(number.getTotal() == 1 && number.getEntry().isEmpty(), "_summary=count answered more than a number");
        Bundle descending = client.search().forResource(Patient.class).where(Patient.FAMILY.matches().values("Searched", "Read"))
            .sort().descending(Patient.FAMILY).returnBundle(Bundle.class).execute();
        same("Searched", ((Patient) descending.getEntryFirstRep().getResource()).getNameFirstRep().getFamily(), "the first");
    }

    private IQuery<Bundle> ofFlags(String person) {
        return client.search().forResource(Flag.class).where(Flag.PATIENT.hasId(person)).returnBundle(Bundle.class);
    }

    private void history() {
        IdType id = create("java-history", "Before");
        Patient changed = People.person("java-history", "After");
        changed.setId(id.toVersionless());
        client.update().resource(changed).execute();
        Bundle versions = client.history().onInstance(id.toVersionless()).returnBundle(Bundle.class).execute();
        same(List.of("2", "1"), versions.getEntry().stream().map(one -> one.getResource().getMeta().getVersionId()).toList(),
            "the versions");
        Bundle ofType = client.history().onType(Patient.class).returnBundle(Bundle.class).count(2).execute();
        same(id.getIdPart(), ofType.getEntryFirstRep().getResource().getIdElement().getIdPart(), "the latest of the type");
    }

    private void conditionally() {
        var condition = Patient.IDENTIFIER.exactly().systemAndIdentifier(People.NUMBERS, "java-once");
        MethodOutcome first =
            client.create().resource(People.person("java-once", "One")).conditional().where(condition).execute();
        MethodOutcome again =
            client.create().resource(People.person("java-once", "Two")).conditional().where(condition).execute();
        that(Boolean.TRUE.equals(first.getCreated()), "the first was not created");
        that(!Boolean.TRUE.equals(again.getCreated()), "the second was created");
        same(first.getId().getIdPart(), again.getId().getIdPart(), "the id");
    }

    private void transaction() {
        Bundle answer = client.transaction().withBundle(People.transaction("java-whole", null)).execute();
        same(Bundle.BundleType.TRANSACTIONRESPONSE, answer.getType(), "the type of the answer");
        List<IdType> made = answer.getEntry().stream().map(one -> new IdType(one.getResponse().getLocation())).toList();
        Flag flag = client.read().resource(Flag.class).withId(made.get(1).toUnqualifiedVersionless()).execute();
        same(made.get(0).toUnqualifiedVersionless().getValue(), flag.getSubject().getReference(), "the link");
    }

    private void rollsBack() throws Exception {
        refused(ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException.class,
            () -> client.transaction().withBundle(People.transaction("java-part", "Patient/nobody")).execute());
        Bundle found = client.search().forResource(Patient.class)
            .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(People.NUMBERS, "java-part"))
            .returnBundle(Bundle.class).execute();
        same(0, found.getEntry().size(), "the number of people left behind");
    }

    private void batch() {
        Bundle batch = new Bundle().setType(Bundle.BundleType.BATCH);
        batch.addEntry().getRequest().setMethod(Bundle.HTTPVerb.GET).setUrl(People.ADULT);
        batch.addEntry().getRequest().setMethod(Bundle.HTTPVerb.GET).setUrl("Patient/nobody");
        Bundle answer = client.transaction().withBundle(batch).execute();
        List<String> statuses = answer.getEntry().stream().map(one -> one.getResponse().getStatus().substring(0, 3)).toList();
        same(List.of("200", "404"), statuses, "the statuses");
    }

    private IdType create(String key, String family) {
        return new IdType(client.create().resource(People.person(key, family)).execute().getId().toUnqualified().getValue());
    }

    private String text(Patient patient) {
        return context.newJsonParser().encodeResourceToString(patient);
    }

    private static List<String> ids(Bundle bundle) {
        return bundle.getEntry().stream().map(one -> one.getResource().getIdElement().getIdPart()).toList();
    }

    private static List<String> types(Bundle bundle) {
        return bundle.getEntry().stream().map(one -> one.getResource().fhirType()).toList();
    }
}
