package muster.cli.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import muster.cli.client.Certificates;
import muster.cli.client.FakeManager;

/**
 * Stands in for Karaf: a manager that serves readiness and lists as online the workers that have left a note, or a
 * worker that leaves one.
 */
public final class FakeNode {
    private FakeNode() {}

    public static void main(String[] arguments) throws Exception {
        var base = Path.of(System.getProperty("karaf.base"));
        if (base.getFileName().toString().equals("manager")) {
            manage(base);
        } else {
            work(base);
        }
        Thread.currentThread().join();
    }

    private static void manage(Path base) throws IOException {
        var port = Integer.parseInt(read(base, "muster.rest").getProperty("port"));
        var online = base.resolveSibling("online");
        Files.createDirectories(online);
        var security = Files.createDirectories(base.resolve("security"));
        var certificates = new Certificates();
        var manager = new FakeManager(certificates, "muster://manager/manager", port);
        manager.on("GET /readyz", 200, "{}").on("GET /workers", exchange -> {
            try (var files = Files.list(online)) {
                var items = files.map(file -> "{\"id\":\"" + file.getFileName() + "\",\"state\":\"online\"}")
                        .collect(Collectors.joining(","));
                FakeManager.send(exchange, 200, "{\"items\":[" + items + "]}");
            }
        });
        Files.writeString(security.resolve("admin.token"), certificates.token());
        Files.writeString(security.resolve("join.token"), certificates.token());
    }

    private static void work(Path base) throws IOException {
        var settings = read(base, "muster.worker");
        if ("13".equals(settings.getProperty("slots"))) {
            System.out.println("thirteen is not offered here");
            System.exit(9);
        }
        var token = Path.of(settings.getProperty("token.file"));
        var security = Files.createDirectories(base.resolve("security"));
        if (token.startsWith(base) && Files.exists(token)) {
            Files.copy(token, security.resolve("joined-with"));
        }
        Files.writeString(security.resolve("worker.p12"), "");
        var own = base.resolveSibling("online").resolve(settings.getProperty("id"));
        Files.createDirectories(own.getParent());
        Files.writeString(own, "");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> own.toFile().delete()));
        var seen = new ConcurrentHashMap<>(System.getenv());
        seen.keySet().removeIf(key -> !key.startsWith("MUSTER_"));
        Files.writeString(base.resolve("environment"), new TreeMap<>(Map.copyOf(seen)).toString());
    }

    private static Properties read(Path base, String pid) throws IOException {
        var properties = new Properties();
        try (var in = Files.newInputStream(base.resolve("etc").resolve(pid + ".cfg"))) {
            properties.load(in);
        }
        return properties;
    }
}
