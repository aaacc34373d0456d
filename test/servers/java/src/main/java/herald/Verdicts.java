package herald;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.LenientErrorHandler;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r4.model.MetadataResource;

/**
 * HAPI FHIR's validator over a file of JSON lines. Arguments: pairs of files, definitions (profiles and terminology, a
 * resource a line) and cases ({@code {"name", "profiles", "resource"}} a line). Prints for each case, in order,
 * {@code {"name", "errors": ["place: message"]}}: the errors and nothing below them.
 */
public final class Verdicts {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final FhirContext context = FhirContext.forR4();
    private final DefaultProfileValidationSupport base = new DefaultProfileValidationSupport(context);
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws IOException {
        Verdicts verdicts = new Verdicts();
        for (int index = 0; index + 1 < arguments.length; index += 2) {
            verdicts.judge(Path.of(arguments[index]), Path.of(arguments[index + 1]));
        }
    }

    private void judge(Path definitions, Path cases) throws IOException {
        FhirValidator validator = validator(Files.readAllLines(definitions));
        for (String line : Files.readAllLines(cases)) {
            JsonNode one = JSON.readTree(line);
            ValidationOptions options = new ValidationOptions();
            one.get("profiles").forEach(profile -> options.addProfile(profile.asText()));
            ObjectNode verdict = JSON.createObjectNode().put("name", one.get("name").asText());
            ArrayNode errors = verdict.putArray("errors");
            // As text, not as a resource: parsing it first would drop what the validator is to find.
            for (SingleValidationMessage message
                : validator.validateWithResult(one.get("resource").toString(), options).getMessages()) {
                boolean counts = message.getSeverity().ordinal() >= ResultSeverityEnum.ERROR.ordinal();
                if (counts) errors.add(message.getLocationString() + ": " + message.getMessage());
            }
            out.println(JSON.writeValueAsString(verdict));
        }
    }

    private FhirValidator validator(List<String> definitions) {
        PrePopulatedValidationSupport ours = new PrePopulatedValidationSupport(context);
        for (String definition : definitions) {
            ours.addResource((MetadataResource) context.newJsonParser()
                .setParserErrorHandler(new LenientErrorHandler()).parseResource(definition));
        }
        ValidationSupportChain chain = new ValidationSupportChain(
            ours,
            base,
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context));
        // R4 4.1.5: one coding from a required binding is enough. HAPI asks it of every coding unless told otherwise.
        chain.setCodeableConceptValidationSuccessfulIfNotAllCodingsAreValid(true);
        return context.newValidator().registerValidatorModule(new FhirInstanceValidator(chain));
    }
}
