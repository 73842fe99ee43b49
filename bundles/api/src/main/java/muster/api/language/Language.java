package muster.api.language;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Turns scripts of one language into jobs. Register it as a service with the property {@value #NAME}; installing or
 * removing the bundle adds or removes the language at run time. It parses and interprets: nothing of a script is ever run
 * in the manager. Thread-safe.
 */
@ConsumerType
public interface Language {
    /** Service property: the language's name, unique on a manager. */
    String NAME = "muster.language";

    /** Ends of the names of files in this language, such as {@code .makeflow}; the first is the usual one. */
    List<String> suffixes();

    /** The JSON Schema of its scripts, for editors; none if they are no JSON or YAML. */
    default Optional<String> schema() {
        return Optional.empty();
    }

    /**
     * Compiles within bounded time, memory and depth.
     *
     * @throws muster.api.MusterException INVALID for a fault in the script, with its {@link Place} in front
     * @throws MissingSources for what the script asks of its user and was not sent yet
     */
    Plan compile(Script script);
}
