package muster.api.language;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A script to compile.
 *
 * @param file its name, for messages
 * @param settings values that the user gave to names of the script
 * @param options how the language is to compile, by name; each language documents its own
 */
public record Script(
        String file, String text, Map<String, String> settings, Map<String, String> options, Sources sources) {
    public Script {
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        options = Collections.unmodifiableMap(new TreeMap<>(options));
    }
}
