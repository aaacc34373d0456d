package herald;

import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** The connections of one server, and its own database if the settings ask for one: made here, dropped by {@link #close}. */
final class Database {

    private final Settings settings;
    private final HikariDataSource connections;

    private Database(Settings settings, HikariDataSource connections) {
        this.settings = settings;
        this.connections = connections;
    }

    static Database open(Settings settings) throws SQLException {
        String url = settings.url();
        if (!settings.temporary().isEmpty()) {
            maintain(settings, "CREATE DATABASE \"" + settings.temporary() + "\"");
            PGSimpleDataSource own = new PGSimpleDataSource();
            own.setURL(url);
            own.setDatabaseName(settings.temporary());
            url = own.getURL();
        }
        HikariDataSource connections = new HikariDataSource();
        connections.setJdbcUrl(url);
        connections.setUsername(settings.user());
        connections.setPassword(settings.password());
        return new Database(settings, connections);
    }

    DataSource connections() {
        return connections;
    }

    String dialect() {
        boolean h2 = settings.url().startsWith("jdbc:h2:");
        return (h2 ? HapiFhirH2Dialect.class : HapiFhirPostgresDialect.class).getName();
    }

    void close() throws SQLException {
        connections.close();
        if (!settings.temporary().isEmpty()) {
            maintain(settings, "DROP DATABASE IF EXISTS \"" + settings.temporary() + "\" WITH (FORCE)");
        }
    }

    private static void maintain(Settings settings, String statement) throws SQLException {
        try (Connection connection = DriverManager.getConnection(settings.url(), settings.user(), settings.password());
            Statement command = connection.createStatement()) {
            command.execute(statement);
        }
    }
}
