package muster.executor.docker;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import muster.api.executor.Eventually;
import muster.api.executor.TestImage;

/**
 * A container daemon of the test's own: its daemon, its data and its socket in a folder, and in it an image made from
 * busybox. Needs root.
 */
abstract class TestDaemon implements AutoCloseable {
    static final String IMAGE = "localhost/busybox:1";

    final Path folder;
    final Path socket;
    private final List<String> command;
    private Process process;

    private TestDaemon(Path folder, List<String> command) {
        this.folder = folder;
        this.command = command;
        socket = folder.resolve("socket");
    }

    /** A Docker Engine on a bridge of its own, which leads nowhere: one without a bridge takes that of the machine's engine away. */
    static TestDaemon docker(Path folder) throws Exception {
        var bridge = "muster" + ProcessHandle.current().pid();
        var daemon =
                new TestDaemon(
                        folder,
                        List.of(
                                "dockerd",
                                "--data-root=" + folder.resolve("data"),
                                "--exec-root=" + folder.resolve("exec"),
                                "--pidfile=" + folder.resolve("pid"),
                                "--host=unix://" + folder.resolve("socket"),
                                "--bridge=" + bridge,
                                "--iptables=false",
                                "--ip6tables=false")) {
                    @Override
                    TestDaemon up() throws Exception {
                        call("ip", "link", "add", bridge, "type", "bridge");
                        call("ip", "address", "add", "169.254.77.1/28", "dev", bridge);
                        return super.up();
                    }

                    @Override
                    public void close() throws Exception {
                        super.close();
                        call("ip", "link", "delete", bridge);
                    }

                    @Override
                    void load(Path archive, String image) throws Exception {
                        call(
                                "curl",
                                "-sf",
                                "-X",
                                "POST",
                                "-T",
                                archive.toString(),
                                "--unix-socket",
                                socket.toString(),
                                "http://docker/images/create?fromSrc=-&repo=" + image + "&tag=1");
                    }
                };
        return daemon.up();
    }

    /** Podman's service, with runc and without systemd. */
    static TestDaemon podman(Path folder) throws Exception {
        var configuration = Files.writeString(folder.resolve("containers.conf"), """
                [engine]
                cgroup_manager = "cgroupfs"
                events_logger = "file"
                runtime = "runc"
                exit_command_delay = 10
                [containers]
                default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
                """);
        var storage = List.of("--root=" + folder.resolve("data"), "--runroot=" + folder.resolve("run"));
        var podman = new ArrayList<>(List.of("podman"));
        podman.addAll(storage);
        var service = new ArrayList<>(podman);
        service.addAll(List.of("system", "service", "--time=0", "unix://" + folder.resolve("socket")));
        var daemon = new TestDaemon(folder, service) {
            @Override
            void prepare(ProcessBuilder builder) {
                builder.environment().put("CONTAINERS_CONF", configuration.toString());
            }

            @Override
            void load(Path archive, String image) throws Exception {
                var load = new ArrayList<>(podman);
                load.addAll(List.of("import", archive.toString(), image + ":1"));
                call(load.toArray(String[]::new));
            }
        };
        return daemon.up();
    }

    void prepare(ProcessBuilder builder) {}

    /** Loads a root file system as the version 1 of an image. */
    abstract void load(Path archive, String image) throws Exception;

    TestDaemon up() throws Exception {
        start();
        load(image(), "localhost/busybox");
        return this;
    }

    /** Starts the daemon, and waits until it answers. */
    void start() throws IOException {
        var log = folder.resolve("log").toFile();
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(Redirect.appendTo(log));
        // what watches Podman's containers leaves files where the service was started
        builder.directory(folder.toFile());
        prepare(builder);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IOException(command.get(0) + " is not installed; see itests/debian-packages.txt", e);
        }
        Eventually.eventually(command.get(0) + " answers, see " + log, () -> {
            if (!process.isAlive()) {
                throw new AssertionError(command.get(0) + " ended: " + lastLines());
            }
            return succeeds("curl", "-sf", "--unix-socket", socket.toString(), "http://docker/_ping");
        });
    }

    private String lastLines() {
        try {
            var text = Files.readString(folder.resolve("log"));
            return text.substring(Math.max(0, text.length() - 2000));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Ends the daemon; containers may go on. */
    void stop() throws Exception {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    /** Sends it a signal, such as {@code STOP}. */
    void signal(String name) throws Exception {
        call("kill", "-" + name, Long.toString(process.pid()));
    }

    /** How many containers there are, running or not. */
    long containers() throws Exception {
        return ids().size();
    }

    List<String> ids() throws Exception {
        var ids = new ArrayList<String>();
        Reply.JSON
                .readTree(request("GET", "/containers/json?all=true"))
                .forEach(container -> ids.add(container.path("Id").asText()));
        return ids;
    }

    /** Ends a container, as somebody else might. */
    void kill(String id) throws Exception {
        request("POST", "/containers/" + id + "/kill");
    }

    /** Takes a container away, as somebody else might. */
    void remove(String id) throws Exception {
        request("DELETE", "/containers/" + id + "?force=true");
    }

    private String request(String method, String path) throws Exception {
        return call("curl", "-sf", "-X", method, "--unix-socket", socket.toString(), "http://docker" + path);
    }

    /** An image with one program and no shell; its name. */
    String loadBare() throws Exception {
        var root = Files.createDirectories(folder.resolve("bare/bin")).getParent();
        Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"), StandardCopyOption.REPLACE_EXISTING);
        var archive = folder.resolve("bare.tar");
        call("tar", "-C", root.toString(), "-cf", archive.toString(), ".");
        load(archive, "localhost/bare");
        return "localhost/bare:1";
    }

    @Override
    public void close() throws Exception {
        stop();
        awaitHelpers();
        var mounts = Files.readAllLines(Path.of("/proc/mounts")).stream()
                .map(line -> line.split(" ")[1])
                .filter(path -> path.startsWith(folder.toString()))
                .sorted(Comparator.reverseOrder())
                .toList();
        for (var mount : mounts) {
            succeeds("umount", mount);
        }
        call("rm", "-rf", folder.toString());
    }

    /** Waits for what Podman leaves to clean up after its containers, and mounts its storage meanwhile. */
    private void awaitHelpers() throws Exception {
        var helpers = ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(folder.toString()))
                .toList();
        for (var helper : helpers) {
            try {
                helper.onExit().get(20, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                helper.destroyForcibly();
                helper.onExit().get(20, TimeUnit.SECONDS);
            }
        }
    }

    /** A root file system as a tar archive. */
    private Path image() throws Exception {
        var root = TestImage.make(folder.resolve("image"));
        var archive = folder.resolve("image.tar");
        call("tar", "-C", root.toString(), "-cf", archive.toString(), ".");
        return archive;
    }

    private static boolean succeeds(String... command) {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            throw new AssertionError(command[0] + " is not installed", e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs a program and returns what it printed. */
    String call(String... command) throws Exception {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        prepare(builder);
        var called = builder.start();
        var output = new String(called.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (called.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }
}
