package muster.cli.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One node of a local cluster: a Karaf container with a folder of its own.
 *
 * @param base its {@code karaf.base}
 */
public record Node(String name, Role role, Path base) {
    private static final int TAIL = 12;

    /** Prefixes of the features that a node of the other role does without. */
    private static final Map<Role, List<String>> LEFT_OUT = Map.of(
            Role.MANAGER, List.of("muster-worker/", "muster-executor-"),
            Role.WORKER, List.of("muster-broker/", "muster-manager/", "muster-rest/", "muster-shell/"));

    public Path console() {
        return base.resolve("console.log");
    }

    /**
     * Makes its folder, or brings an older one up to date: when the distribution has changed, etc/ is copied anew and
     * the bundle cache removed, while jobs, keys and logs stay.
     *
     * @param settings by name of the configuration, then by key
     */
    public void prepare(Path home, Map<String, Map<String, String>> settings) throws IOException {
        Files.createDirectories(base);
        var stamp = base.resolve("distribution.stamp");
        var now = stamp(home);
        if (!Files.exists(stamp) || !Files.readString(stamp).equals(now)) {
            delete(base.resolve("data/cache"));
            copy(home.resolve("etc"), base.resolve("etc"));
            keepOwnFeatures();
            Files.writeString(stamp, now);
        }
        for (var setting : settings.entrySet()) {
            new ConfigFile(base.resolve("etc").resolve(setting.getKey() + ".cfg")).set(setting.getValue());
        }
    }

    /** In a distribution that holds every role, this node boots the features of its own. */
    private void keepOwnFeatures() throws IOException {
        var path = base.resolve("etc/org.apache.karaf.features.cfg");
        if (!Files.exists(path)) {
            return;
        }
        var file = new ConfigFile(path);
        var features = file.get("featuresBoot");
        var leftOut = LEFT_OUT.getOrDefault(role, List.of());
        var own = Arrays.stream(features.split(","))
                .map(String::strip)
                .filter(feature -> leftOut.stream().noneMatch(feature::startsWith))
                .collect(Collectors.joining(", "));
        if (!own.equals(features)) {
            file.set(Map.of("featuresBoot", own));
        }
    }

    /** Starts it in a session of its own, so that a Ctrl-C meant for us does not reach it. */
    public Process start(
            Path home, Path warm, Map<String, String> environment, Map<String, Map<String, String>> settings)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(Files.isExecutable(Path.of("/usr/bin/setsid")) ? "/usr/bin/setsid" : "nohup");
        command.add(home.resolve("bin/karaf").toString());
        command.add("daemon");
        var builder = new ProcessBuilder(command)
                .directory(base.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.appendTo(console().toFile()))
                .redirectErrorStream(true);
        var own = builder.environment();
        own.clear();
        own.putAll(environment);
        // the environment wins over files: what is set for this node must not be overridden from outside
        settings.forEach((pid, values) -> values.keySet().forEach(key -> own.remove(variable(pid, key))));
        for (var foreign : List.of(
                "MUSTER_URL", "MUSTER_TOKEN", "MUSTER_DIR", "KARAF_HOME", "KARAF_DATA", "KARAF_ETC", "KARAF_LOG")) {
            own.remove(foreign);
        }
        own.put("KARAF_BASE", base.toString());
        own.put("MUSTER_WARM", warm.toString());
        own.put("JAVA_HOME", System.getProperty("java.home"));
        return builder.start();
    }

    private static String variable(String pid, String key) {
        return (pid + "." + key).toUpperCase(Locale.ROOT).replace('.', '_');
    }

    /** The last lines of what it printed and logged. */
    public List<String> lastWords() {
        var lines = new ArrayList<String>();
        for (var file : List.of(console(), base.resolve("data/log/karaf.log"))) {
            var tail = tail(file);
            if (!tail.isEmpty()) {
                lines.add("the end of " + file + ":");
                tail.forEach(line -> lines.add("  " + line));
            }
        }
        return lines;
    }

    private static List<String> tail(Path file) {
        try {
            // logs may hold anything: bytes that are no UTF-8 must not hide the rest
            var lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return lines.subList(Math.max(0, lines.size() - TAIL), lines.size());
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Changes whenever the bundles or the boot features of a distribution do. */
    private static String stamp(Path home) throws IOException {
        var files = new TreeMap<String, String>();
        for (var part : List.of("system/io/muster", "etc/org.apache.karaf.features.cfg")) {
            var top = home.resolve(part);
            if (Files.exists(top)) {
                try (Stream<Path> all = Files.walk(top)) {
                    all.filter(Files::isRegularFile).forEach(file -> files.put(file.toString(), sizeAndTime(file)));
                }
            }
        }
        return files.toString();
    }

    private static String sizeAndTime(Path file) {
        try {
            return Files.size(file) + "@" + Files.getLastModifiedTime(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.REPLACE_EXISTING);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Deletes a file or a folder with all that is in it; nothing if it is not there. */
    public static void delete(Path top) throws IOException {
        if (!Files.exists(top)) {
            return;
        }
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, java.io.IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
