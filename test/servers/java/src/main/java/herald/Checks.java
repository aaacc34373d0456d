package herald;

import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;

/** Runs named checks and prints one line for each: {@code ok name}, or {@code FAILED name: why}. */
final class Checks {

    /** What a check does; it fails by throwing. */
    @FunctionalInterface
    interface Body {
        void run() throws Exception;
    }

    void check(String name, Body body) {
        try {
            body.run();
            System.out.println("ok      " + name);
        } catch (Exception | AssertionError failure) {
            System.out.println("FAILED  " + name + ": " + told(failure));
        }
    }

    static void that(boolean holds, String otherwise) {
        if (!holds) throw new AssertionError(otherwise);
    }

    static void same(Object expected, Object found, String what) {
        that(expected.equals(found), what + " is " + found + ", not " + expected);
    }

    /** Calls, and answers the error that the client made of the answer. */
    static <E extends BaseServerResponseException> E refused(Class<E> kind, Body call) throws Exception {
        try {
            call.run();
        } catch (BaseServerResponseException refusal) {
            if (kind.isInstance(refusal)) return kind.cast(refusal);
            throw new AssertionError("it was " + told(refusal) + ", not " + kind.getSimpleName());
        }
        throw new AssertionError("it was answered, where " + kind.getSimpleName() + " was due");
    }

    private static String told(Throwable failure) {
        String message = String.valueOf(failure.getMessage()).replaceAll("\\s+", " ");
        return failure instanceof AssertionError ? message : failure.getClass().getSimpleName() + " " + message;
    }
}
