package muster.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import muster.cli.client.Failure;

/** A bundle that a user names: the path of its file, or {@code mvn:GROUP/ARTIFACT/VERSION}; else it is a feature. */
final class BundleFile {
    private static final String MAVEN = "mvn:";
    private static final Pattern WORDS = Pattern.compile("([\\w.-]+)/([\\w.-]+)/([\\w.-]+)");

    private BundleFile() {}

    /** Whether this is the name of a feature, and no bundle. */
    static boolean isFeature(String text) {
        return !text.startsWith(MAVEN) && !text.endsWith(".jar");
    }

    /** Its path, be it there or not; of what Maven knows, the path in its repository on this machine. */
    static Path path(String text, Map<String, String> environment) {
        if (!text.startsWith(MAVEN)) {
            return Path.of(text);
        }
        var words = WORDS.matcher(text.substring(MAVEN.length()));
        if (!words.matches()) {
            throw Failure.user("'" + text + "' names no bundle; write mvn:GROUP/ARTIFACT/VERSION");
        }
        var home = environment.getOrDefault("HOME", System.getProperty("user.home"));
        return Path.of(home, ".m2", "repository")
                .resolve(words.group(1).replace('.', '/'))
                .resolve(words.group(2))
                .resolve(words.group(3))
                .resolve(words.group(2) + "-" + words.group(3) + ".jar");
    }

    /** The path of what has to be there. */
    static Path require(String text, Map<String, String> environment) {
        var path = path(text, environment);
        if (text.startsWith(MAVEN) && !Files.isRegularFile(path)) {
            throw Failure.user("'" + text + "' is not in Maven's repository on this machine, at " + path
                    + "; fetch it: mvn dependency:get -Dartifact="
                    + text.substring(MAVEN.length()).replace('/', ':'));
        }
        return path;
    }
}
