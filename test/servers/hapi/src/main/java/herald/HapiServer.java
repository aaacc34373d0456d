package herald;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.IInterceptorService;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.provider.TerminologyUploaderProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.RestOperationTypeEnum;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import ca.uhn.fhir.validation.IInstanceValidatorModule;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.ValidationResult;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * HAPI FHIR's JPA server, R4, as the library comes: only switches are set. The settings are those of {@link Settings}.
 * Prints {@code hapi listening on URL} when it answers, and stops at SIGTERM or when its standard input ends, so that it
 * never outlives who started it.
 */
public final class HapiServer {

    public static void main(String[] arguments) throws Exception {
        Settings settings = Settings.fromEnvironment();
        Database database = Database.open(settings);
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        Server server = new Server();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, context, database)));
        stopWithStarter();
        try {
            context.getBeanFactory().registerSingleton("database", database);
            context.register(HapiBeans.class);
            context.refresh();
            listen(server, context, settings);
        } catch (Exception fault) {
            fault.printStackTrace();
            // Threads of the connections would keep a server alive that answers nothing.
            System.exit(1);
        }
    }

    private static void listen(Server server, AnnotationConfigApplicationContext context, Settings settings)
        throws Exception {
        HttpConfiguration http = new HttpConfiguration();
        // FHIR's own "|" in a search is refused otherwise.
        http.setUriCompliance(UriCompliance.UNSAFE);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost("127.0.0.1");
        connector.setPort(settings.port());
        server.addConnector(connector);
        ServletContextHandler handler = new ServletContextHandler("/");
        handler.getServletHandler().setDecodeAmbiguousURIs(true);
        ServletHolder servlet = new ServletHolder(fhirServlet(context, settings));
        servlet.setInitOrder(1);
        handler.addServlet(servlet, "/fhir/*");
        server.setHandler(handler);
        server.start();
        System.out.println("hapi listening on http://127.0.0.1:" + connector.getLocalPort() + "/fhir");
    }

    private static RestfulServer fhirServlet(AnnotationConfigApplicationContext context, Settings settings) {
        FhirContext fhir = context.getBean(FhirContext.class);
        // One registry of interceptors for the servlet and the storage.
        RestfulServer servlet = new RestfulServer(fhir, context.getBean(IInterceptorService.class));
        servlet.setDefaultResponseEncoding(EncodingEnum.JSON);
        servlet.setPagingProvider(context.getBean(DatabaseBackedPagingProvider.class));
        servlet.registerProviders(context.getBean(ResourceProviderFactory.class).createProviders());
        servlet.registerProviders(
            context.getBean(JpaSystemProvider.class),
            context.getBean(ValueSetOperationProvider.class),
            context.getBean(TerminologyUploaderProvider.class));
        servlet.setServerConformanceProvider(new JpaCapabilityStatementProvider(
            servlet,
            context.getBean(IFhirSystemDao.class),
            context.getBean(JpaStorageSettings.class),
            context.getBean(ISearchParamRegistry.class),
            context.getBean("myJpaValidationSupportChain", IValidationSupport.class)));
        if (settings.gate()) servlet.registerInterceptor(new Gate(context.getBean(IInstanceValidatorModule.class)));
        return servlet;
    }

    private static void stop(Server server, AnnotationConfigApplicationContext context, Database database) {
        try {
            try {
                server.stop();
                context.close();
            } finally {
                database.close();
            }
        } catch (Exception fault) {
            fault.printStackTrace();
        }
    }

    private static void stopWithStarter() {
        Thread watch = new Thread(() -> {
            try {
                while (System.in.read() != -1) {
                    // Whatever is written to us says only that somebody is there.
                }
            } catch (IOException gone) {
                // As good as the end.
            }
            System.exit(0);
        });
        watch.setDaemon(true);
        watch.start();
    }

    /**
     * Refuses every write that the validator finds an error in (422). Let through are operations ($validate judges its
     * body itself), and definitions of structures: to check an extension's, HAPI fetches R4's package from the internet.
     */
    private static final class Gate extends RequestValidatingInterceptor {

        private static final Set<RestOperationTypeEnum> OPERATIONS = EnumSet.of(
            RestOperationTypeEnum.VALIDATE,
            RestOperationTypeEnum.EXTENDED_OPERATION_SERVER,
            RestOperationTypeEnum.EXTENDED_OPERATION_TYPE,
            RestOperationTypeEnum.EXTENDED_OPERATION_INSTANCE);

        Gate(IInstanceValidatorModule validator) {
            addValidatorModule(validator);
            setFailOnSeverity(ResultSeverityEnum.ERROR);
            // It would add our null, of a call let through, to what $validate answers.
            setAddValidationResultsToResponseOperationOutcome(false);
        }

        @Override
        protected ValidationResult validate(String body, RequestDetails request) {
            boolean open = OPERATIONS.contains(request.getRestOperationType())
                || "StructureDefinition".equals(request.getResourceName());
            return open ? null : super.validate(body, request);
        }
    }
}
