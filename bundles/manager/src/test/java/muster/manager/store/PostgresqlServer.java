package muster.manager.store;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A real PostgreSQL server of a test's own, in a folder of its own, on a free port of the loopback address. */
public final class PostgresqlServer implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final Path binaries;
    private final Path folder;
    private final int port;
    private int databases;

    /** Starts it. */
    public PostgresqlServer() throws IOException, InterruptedException, TimeoutException {
        binaries = binaries();
        folder = Files.createTempDirectory("muster-postgresql");
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        if (root()) {
            run(List.of("chown", "postgres", folder.toString()));
        }
        run(asServer("initdb", "-D", data(), "-A", "trust", "-U", "muster", "--no-sync", "-E", "UTF8", "--locale=C"));
        start();
    }

    /** The server refuses to run as root: there it runs as the user that the package made. */
    private static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static Path binaries() throws IOException {
        var folders = new ArrayList<Path>();
        for (var entry : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            folders.add(Path.of(entry));
        }
        var packaged = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(packaged)) {
            try (Stream<Path> versions = Files.list(packaged)) {
                versions.sorted(Comparator.reverseOrder()).forEach(version -> folders.add(version.resolve("bin")));
            }
        }
        return folders.stream()
                .filter(folder -> Files.isExecutable(folder.resolve("initdb"))
                        && Files.isExecutable(folder.resolve("pg_ctl"))
                        && Files.isExecutable(folder.resolve("postgres")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "PostgreSQL's initdb, pg_ctl and postgres are neither on PATH nor in /usr/lib/postgresql;"
                                + " install the package postgresql"));
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private List<String> asServer(String program, String... arguments) {
        var command = new ArrayList<String>();
        if (root()) {
            command.addAll(List.of("runuser", "-u", "postgres", "--"));
        }
        command.add(binaries.resolve(program).toString());
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private void run(List<String> command) throws IOException, InterruptedException, TimeoutException {
        var log = Files.createTempFile("muster-postgresql", ".log");
        try {
            var process = new ProcessBuilder(command)
                    .directory(Path.of("/").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new TimeoutException(command + " did not end within " + PATIENCE_SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                throw new IllegalStateException(command + " failed: " + Files.readString(log));
            }
        } finally {
            Files.delete(log);
        }
    }

    /** Starts it again. */
    public void start() throws IOException, InterruptedException, TimeoutException {
        var options = "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=" + folder
                + " -c fsync=off -c full_page_writes=off -c shared_buffers=32MB";
        run(asServer(
                "pg_ctl", "-D", data(), "-w", "-s", "-l", folder.resolve("log").toString(), "-o", options, "start"));
    }

    /** Ends it as a crash would. */
    public void stop() throws IOException, InterruptedException, TimeoutException {
        run(asServer("pg_ctl", "-D", data(), "-m", "immediate", "-s", "stop"));
    }

    /** Makes an empty database, and gives its URL. */
    public String database() throws SQLException {
        var name = "muster" + ++databases;
        execute(url("postgres"), "create database " + name);
        return url(name);
    }

    private String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=muster";
    }

    private static void execute(String url, String sql) throws SQLException {
        var database = new PostgresqlDatabase(url, "", "");
        try (var connection = database.source().getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException, TimeoutException {
        stop();
        try (Stream<Path> files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
