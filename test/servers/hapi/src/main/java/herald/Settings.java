package herald;

import java.util.Map;

/**
 * @param port where to listen; 0 takes a free one ({@code HAPI_PORT})
 * @param url the database, PostgreSQL or H2 ({@code HAPI_JDBC_URL}; H2 in memory when there is none)
 * @param user who connects to it ({@code HAPI_JDBC_USER})
 * @param password of that user ({@code HAPI_JDBC_PASSWORD})
 * @param temporary a PostgreSQL database to make beside the one of {@code url}, to use in its place, and to drop at the
 *     end ({@code HAPI_JDBC_TEMPORARY}; empty: none)
 * @param gate whether invalid writes are refused ({@code HAPI_GATE}: {@code on}, or {@code off})
 */
record Settings(int port, String url, String user, String password, String temporary, boolean gate) {

    static Settings fromEnvironment() {
        Map<String, String> given = System.getenv();
        return new Settings(
            Integer.parseInt(given.getOrDefault("HAPI_PORT", "0")),
            given.getOrDefault("HAPI_JDBC_URL", "jdbc:h2:mem:hapi"),
            given.getOrDefault("HAPI_JDBC_USER", "sa"),
            given.getOrDefault("HAPI_JDBC_PASSWORD", ""),
            given.getOrDefault("HAPI_JDBC_TEMPORARY", ""),
            isOn(given, "HAPI_GATE"));
    }

    private static boolean isOn(Map<String, String> given, String name) {
        String value = given.getOrDefault(name, "on");
        if (!value.equals("on") && !value.equals("off")) throw new IllegalArgumentException(name + " is on or off");
        return value.equals("on");
    }
}
