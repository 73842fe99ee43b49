package muster.cli.local;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** Changes keys of a {@code .cfg} file and leaves the rest, comments included, as it is. */
final class ConfigFile {
    private final Path file;

    ConfigFile(Path file) {
        this.file = file;
    }

    /** The value of a key; empty if it is not there. */
    String get(String key) throws IOException {
        var properties = new Properties();
        properties.load(new StringReader(Files.readString(file)));
        return properties.getProperty(key, "");
    }

    /** Gives keys these values, where they stand or else at the end. */
    void set(Map<String, String> values) throws IOException {
        var lines = Files.exists(file) ? Files.readAllLines(file) : List.<String>of();
        var changed = new ArrayList<String>();
        var found = new ArrayList<String>();
        var skipping = false;
        for (var line : lines) {
            var continued = line.endsWith("\\");
            if (skipping) {
                skipping = continued;
                continue;
            }
            var key = key(line);
            var value = values.get(key);
            if (value == null) {
                changed.add(line);
            } else {
                changed.add(key + " = " + escape(value));
                found.add(key);
                skipping = continued;
            }
        }
        values.forEach((key, value) -> {
            if (!found.contains(key)) {
                changed.add(key + " = " + escape(value));
            }
        });
        Files.write(file, changed);
    }

    private static String key(String line) {
        var equals = line.indexOf('=');
        return equals < 0 || line.stripLeading().startsWith("#")
                ? ""
                : line.substring(0, equals).strip();
    }

    private static String escape(String value) {
        return value.replace("\\", "\\\\");
    }
}
