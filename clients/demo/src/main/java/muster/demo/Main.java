package muster.demo;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The demo's program. Exit code 0 if all is well, 1 if a file cannot be read or written, 2 if the request was wrong.
 *
 * <p>Every task is a JVM of its own, so what runs before the first useful line is kept small: no streams, no lambdas, no
 * format strings.
 */
public final class Main {
    private static final String USAGE = """
            A year of sunlight on a mountain. Commands, each a task of the demo:
              terrain DIR [--dem FILE.tif] [--latitude DEGREES]   make the terrain, or take a real one
              day N DIR                                           insolation of day 1 to 365
              month N DIR                                         sum of the days of month 1 to 12
              year DIR                                            sum of the months, and a picture of it
            and beside them:
              graph --dir DIR --java JAVA [--dem FILE.tif] [--latitude DEGREES] [--jar JAR] [--archive FILE.jsa]
                                                                  print the job of all 379 tasks as JSON
              stats FILE                                          print the statistics of a yearly map
            """;

    private Main() {}

    public static void main(String[] arguments) {
        var code = run(arguments, stream(FileDescriptor.out), stream(FileDescriptor.err));
        if (code != 0) {
            System.exit(code);
        }
    }

    /** Runs one command and returns the exit code. */
    static int run(String[] arguments, PrintStream out, PrintStream err) {
        try {
            out.println(execute(arguments));
            out.flush();
            return 0;
        } catch (DemoException e) {
            err.println("muster-demo: " + e.getMessage());
            return 2;
        } catch (IOException e) {
            err.println("muster-demo: " + e + "; check that the directory exists, is writable and has room");
            return 1;
        }
    }

    private static String execute(String[] arguments) throws IOException {
        var command = arguments.length == 0 ? "" : arguments[0];
        switch (command) {
            case "terrain": {
                var options = options(arguments, 2, Set.of("--dem", "--latitude"));
                return new Year(path(argument(arguments, 1, "DIR"))).terrain(elevations(options));
            }
            case "day": {
                requireCount(arguments, 3);
                return new Year(path(arguments[2])).day(number(arguments[1]));
            }
            case "month": {
                requireCount(arguments, 3);
                return new Year(path(arguments[2])).month(number(arguments[1]));
            }
            case "year": {
                requireCount(arguments, 2);
                return new Year(path(arguments[1])).year();
            }
            case "stats": {
                requireCount(arguments, 2);
                return Year.statistics(path(arguments[1]));
            }
            case "graph":
                return graph(
                        options(arguments, 1, Set.of("--dir", "--java", "--dem", "--latitude", "--jar", "--archive")));
            default:
                throw new DemoException((command.isEmpty() ? "no command" : "no command '" + command + "'")
                        + "; use one of these\n" + USAGE.strip());
        }
    }

    private static Grid elevations(Map<String, String> options) throws IOException {
        var file = options.get("--dem");
        var latitude = options.get("--latitude");
        var degrees = latitude == null ? Double.NaN : degrees(latitude);
        if (file != null) {
            return GeoTiff.read(path(file), degrees);
        }
        var made = Terrain.make();
        return latitude == null
                ? made
                : new Grid(
                        made.columns(),
                        made.rows(),
                        made.cellWidthMetres(),
                        made.cellHeightMetres(),
                        degrees,
                        made.values());
    }

    private static String graph(Map<String, String> options) {
        var jar = options.containsKey("--jar") ? path(required(options, "--jar")) : ownJar();
        var archive = options.containsKey("--archive")
                ? path(required(options, "--archive"))
                : jar.resolveSibling(jar.getFileName().toString().replace(".jar", "") + ".jsa");
        var command = new ArrayList<>(List.of(required(options, "--java"), "-Xshare:auto"));
        if (Files.exists(archive)) {
            command.add("-XX:SharedArchiveFile=" + archive.toAbsolutePath());
            // an archive of another JVM is passed over without a word
            command.add("-Xlog:disable");
        }
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-cp",
                jar.toAbsolutePath().toString(),
                "muster.demo.Main"));
        var terrainOptions = new ArrayList<String>();
        if (options.containsKey("--dem")) {
            var file = path(required(options, "--dem")).toAbsolutePath();
            if (!Files.isReadable(file)) {
                throw new DemoException("elevation model '" + file + "' cannot be read; correct the path");
            }
            terrainOptions.addAll(List.of("--dem", file.toString()));
        }
        if (options.containsKey("--latitude")) {
            degrees(required(options, "--latitude"));
            terrainOptions.addAll(List.of("--latitude", required(options, "--latitude")));
        }
        return Graph.json(command, directory(required(options, "--dir")), terrainOptions)
                .strip();
    }

    private static Path ownJar() {
        try {
            return Path.of(Main.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new DemoException("cannot tell where this program's jar is; name it with --jar", e);
        }
    }

    private static Map<String, String> options(String[] arguments, int from, Set<String> known) {
        var options = new HashMap<String, String>();
        for (var i = from; i < arguments.length; i += 2) {
            if (!known.contains(arguments[i])) {
                throw new DemoException(
                        "'" + arguments[0] + "' has no option '" + arguments[i] + "'\n" + USAGE.strip());
            }
            options.put(arguments[i], argument(arguments, i + 1, "a value of " + arguments[i]));
        }
        return options;
    }

    private static String required(Map<String, String> options, String name) {
        var value = options.get(name);
        if (value == null) {
            throw new DemoException("option " + name + " is missing\n" + USAGE.strip());
        }
        return value;
    }

    private static String argument(String[] arguments, int index, String what) {
        if (index >= arguments.length) {
            throw new DemoException("'" + arguments[0] + "' lacks " + what + "\n" + USAGE.strip());
        }
        return arguments[index];
    }

    private static void requireCount(String[] arguments, int count) {
        if (arguments.length != count) {
            throw new DemoException("'" + arguments[0] + "' takes " + (count - 1) + " arguments, not "
                    + (arguments.length - 1) + "\n" + USAGE.strip());
        }
    }

    /** Of a graph, whose tasks run somewhere else. */
    private static Path directory(String text) {
        var path = path(text);
        if (!path.isAbsolute()) {
            throw new DemoException("directory '" + text + "' is not absolute; write a path that starts with /");
        }
        return path;
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new DemoException("'" + text + "' is not a path: " + e.getReason(), e);
        }
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new DemoException("'" + text + "' is not a whole number; write such as 172", e);
        }
    }

    private static double degrees(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new DemoException("latitude '" + text + "' is not a number of degrees; write such as 46.5", e);
        }
    }

    /** UTF-8 whatever the locale says: tasks run with few variables. */
    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }
}
