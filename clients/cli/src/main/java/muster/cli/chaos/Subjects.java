package muster.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import muster.cli.client.Client;
import muster.cli.client.Connection;
import muster.cli.client.Failure;
import muster.cli.local.Installation;
import muster.cli.local.Node;
import muster.cli.local.Processes;
import muster.cli.local.Role;

/** The cluster that suffers: a manager, an external broker and workers, each reaching the broker through a relay. */
final class Subjects implements AutoCloseable {
    private static final int STOP_SECONDS = 20;

    private final Path dir;
    private final Installation installation;
    private final Map<String, String> environment;
    private final List<String> workers;
    private final int slots;
    private final int restPort;
    private final int brokerPort;
    private final Map<String, Relay> relays = new LinkedHashMap<>();
    private final Map<String, Process> processes = new LinkedHashMap<>();

    Subjects(Path dir, Installation installation, Map<String, String> environment, int workers, int slots)
            throws IOException {
        this.dir = dir;
        this.installation = installation;
        this.environment = environment;
        this.workers = Fault.workers(workers);
        this.slots = slots;
        try (var one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var two = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            restPort = one.getLocalPort();
            brokerPort = two.getLocalPort();
        }
        relays.put(Fault.MANAGER, new Relay(brokerPort));
        for (var worker : this.workers) {
            relays.put(worker, new Relay(brokerPort));
        }
    }

    /** Starts all; the workers may still be on their way when this returns. */
    void start() throws IOException {
        start(Fault.MANAGER);
        await("the manager's token", dir.resolve("manager/security/admin.token"), Fault.MANAGER);
        await("the broker's certificate", dir.resolve("manager/security/broker/trust.p12"), Fault.MANAGER);
        var folder = Files.createDirectories(dir.resolve(Fault.BROKER));
        for (var name : List.of("keystore.password", "broker.p12", "trust.p12")) {
            Files.copy(
                    dir.resolve("manager/security/broker").resolve(name),
                    folder.resolve(name),
                    StandardCopyOption.REPLACE_EXISTING);
        }
        start(Fault.BROKER);
        for (var worker : workers) {
            start(worker);
        }
    }

    private void await(String what, Path file, String node) {
        while (!Files.exists(file)) {
            if (!process(node).isAlive()) {
                throw Failure.external("the " + node + " ended before " + what + " was there; see " + dir);
            }
            Pause.briefly();
        }
    }

    void start(String name) throws IOException {
        processes.put(name, name.equals(Fault.BROKER) ? startBroker() : startNode(name));
    }

    private Process startBroker() throws IOException {
        var folder = dir.resolve(Fault.BROKER);
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dmuster.broker.host=127.0.0.1",
                        "-Dmuster.broker.port=" + brokerPort,
                        "-jar",
                        installation.broker().toString(),
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("console.log").toFile()))
                .start();
    }

    private Process startNode(String name) throws IOException {
        var node = new Node(name, name.equals(Fault.MANAGER) ? Role.MANAGER : Role.WORKER, dir.resolve(name));
        var home = installation.home(node.role());
        var settings = settings(name);
        node.prepare(home, settings);
        return node.start(home, installation.warm(node.role()), environment, settings);
    }

    private Map<String, Map<String, String>> settings(String name) {
        var broker = "tcp://127.0.0.1:"
                + Objects.requireNonNull(relays.get(name), name).port();
        return name.equals(Fault.MANAGER)
                ? Map.of(
                        "muster.manager", Map.of("id", "manager", "address", "127.0.0.1"),
                        "muster.broker", Map.of("url", broker),
                        "muster.rest", Map.of("host", "127.0.0.1", "port", Integer.toString(restPort)))
                : Map.of(
                        "muster.worker",
                        Map.of(
                                "enabled",
                                "true",
                                "id",
                                name,
                                "address",
                                "127.0.0.1",
                                "manager",
                                "https://127.0.0.1:" + restPort,
                                "broker",
                                broker,
                                "token",
                                "",
                                "token.file",
                                dir.resolve("manager/security/join.token").toString(),
                                "slots",
                                Integer.toString(slots)));
    }

    Connection connection() throws IOException {
        return Connection.of(
                "https://127.0.0.1:" + restPort,
                Files.readString(dir.resolve("manager/security/admin.token")).strip());
    }

    void kill(String name) {
        var process = process(name);
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }

    void pause(String name) throws IOException {
        signal("STOP", process(name));
    }

    void goOn(String name) throws IOException {
        signal("CONT", process(name));
    }

    private static void signal(String signal, Process process) throws IOException {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }

    void cut(String name) {
        reached(name).forEach(Relay::cut);
    }

    void mend(String name) {
        reached(name).forEach(Relay::mend);
    }

    private List<Relay> reached(String name) {
        return name.equals(Fault.BROKER)
                ? List.copyOf(relays.values())
                : List.of(Objects.requireNonNull(relays.get(name), name));
    }

    private Process process(String name) {
        return Objects.requireNonNull(processes.get(name), name);
    }

    /** Whether the manager serves and every worker is online. */
    boolean complete(Client client) {
        if (client.status("/readyz") != 200) {
            return false;
        }
        var online = new ArrayList<String>();
        for (JsonNode worker : client.get("/workers").path("items")) {
            if ("online".equals(worker.path("state").asText())) {
                online.add(worker.path("id").asText());
            }
        }
        return online.containsAll(workers);
    }

    /** The nodes that ended although nobody told them to. */
    List<String> dead() {
        return processes.entrySet().stream()
                .filter(entry -> !entry.getValue().isAlive())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** What tasks have left running. */
    List<Long> taskProcesses() {
        return Processes.ofMachine().tasks(dir);
    }

    /** Stops all in order, workers first; by force what does not end. */
    @Override
    public void close() throws IOException {
        for (var relay : relays.values()) {
            relay.mend();
        }
        for (var process : processes.values()) {
            if (process.isAlive()) {
                signal("CONT", process);
            }
        }
        var order = new ArrayList<>(workers);
        order.add(Fault.MANAGER);
        order.add(Fault.BROKER);
        for (var name : order) {
            var process = processes.get(name);
            if (process != null) {
                process.destroy();
            }
            if (name.equals(workers.get(workers.size() - 1))) {
                workers.forEach(this::awaitEnd);
            } else if (!workers.contains(name)) {
                awaitEnd(name);
            }
        }
        for (var relay : relays.values()) {
            relay.close();
        }
    }

    private void awaitEnd(String name) {
        var process = processes.get(name);
        try {
            if (process != null && !process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends all at once, for an end that must not wait. */
    void killAll() {
        processes.values().forEach(Process::destroyForcibly);
        taskProcesses().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }
}
