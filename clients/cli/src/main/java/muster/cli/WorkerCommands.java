package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.client.Objects;
import muster.cli.client.WorkerWindow;
import muster.cli.local.Installation;
import muster.cli.local.LocalCluster;
import muster.cli.terminal.Table;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about workers. */
@Command(
        name = "worker",
        description = "Starts, lists, shows and manages workers.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            WorkerCommands.ListWorkers.class,
            WorkerCommands.Show.class,
            WorkerCommands.Drain.class,
            WorkerCommands.Resume.class,
            WorkerCommands.Remove.class,
            WorkerCommands.Deploy.class,
            WorkerCommands.Undeploy.class,
            WorkerCommands.Look.class,
            WorkerCommands.Start.class
        })
final class WorkerCommands extends CommandGroup {
    /** A table of workers. */
    static Table table(JsonNode workers) {
        var table = new Table("ID", "STATE", "CORES", "MEMORY", "RUNNING", "EXECUTORS", "ADDRESS", "SEEN").states(1);
        for (var worker : workers) {
            var capacity = worker.path("capacity");
            table.row(
                    worker.path("id").asText(),
                    worker.path("state").asText(),
                    capacity.isObject()
                            ? number(worker.path("coresInUse")) + "/" + number(capacity.path("cores"))
                            : "-",
                    capacity.isObject()
                            ? Times.bytes(capacity.path("memoryBytes").asLong())
                            : "-",
                    worker.path("running").asInt(),
                    executors(worker),
                    worker.path("address").asText(),
                    seen(worker));
        }
        return table;
    }

    /** Without a fraction where there is none. */
    static String number(JsonNode value) {
        var number = value.decimalValue().stripTrailingZeros();
        return (number.scale() < 0 ? number.setScale(0) : number).toPlainString();
    }

    private static String executors(JsonNode worker) {
        var names = new ArrayList<String>();
        for (var executor : worker.path("executors")) {
            names.add(executor.path("name").asText()
                    + (executor.path("available").asBoolean() ? "" : " (not available)"));
        }
        return String.join(", ", names);
    }

    private static String seen(JsonNode worker) {
        if (!worker.path("lastSeen").isTextual()) {
            return "never";
        }
        var ago = Duration.between(Instant.parse(worker.path("lastSeen").textValue()), Instant.now());
        return ago.isNegative() || ago.toSeconds() < 5 ? "now" : Times.duration(ago) + " ago";
    }

    @Command(name = "list", description = "Lists workers.")
    static final class ListWorkers extends ClusterCommand {
        ListWorkers(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var workers = client().get("/workers");
            if (json) {
                print(workers);
            } else {
                table(workers.path("items")).print(terminal());
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "show", description = "Shows a worker.")
    static final class Show extends ClusterCommand {
        @Parameters(paramLabel = "WORKER")
        private String id;

        Show(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var worker = client().get(Client.path("workers", id));
            if (json) {
                print(worker);
                return ExitCode.OK;
            }
            var capacity = worker.path("capacity");
            var details = new Details(terminal())
                    .line("worker", worker.path("id"))
                    .state("state", worker.path("state"))
                    .line("message", worker.path("message"))
                    .line("address", worker.path("address"))
                    .line("data at", worker.path("dataAddress"))
                    .line("version", worker.path("version"));
            if (capacity.isObject()) {
                details.line(
                                "cores",
                                number(worker.path("coresInUse")) + " of " + number(capacity.path("cores")) + " in use")
                        .line("memory", Times.bytes(capacity.path("memoryBytes").asLong()))
                        .line("disk", Times.bytes(capacity.path("diskBytes").asLong()))
                        .line("gpus", capacity.path("gpus"))
                        .line("labels", capacity.path("labels"));
                capacity.path("custom")
                        .properties()
                        .forEach(custom -> details.line(
                                "custom",
                                custom.getKey() + "=" + custom.getValue().asText()));
            }
            for (var executor : worker.path("executors")) {
                var reason = executor.path("reason").asText("");
                details.line(
                        "executor",
                        executor.path("name").asText()
                                + (executor.path("available").asBoolean() ? "" : ", not available")
                                + (reason.isEmpty() ? "" : ": " + reason));
            }
            details.line("running", worker.path("running"))
                    .line("assigned", worker.path("assigned"))
                    .time("since", worker.path("since"))
                    .time("last seen", worker.path("lastSeen"));
            return ExitCode.OK;
        }
    }

    /** A command that does one thing to each worker named. */
    abstract static class Each extends ClusterCommand {
        @Parameters(paramLabel = "WORKER", arity = "1..*")
        private List<String> ids;

        Each(Context context) {
            super(context);
        }

        abstract void apply(Client client, String id);

        @Override
        public final Integer call() {
            var client = client();
            ids.forEach(id -> apply(client, id));
            return ExitCode.OK;
        }

        final void post(Client client, String id, String verb) {
            var worker = client.post(Client.path("workers", id, verb));
            if (json) {
                print(worker);
            } else {
                print("worker " + id + " is " + worker.path("state").asText());
            }
        }
    }

    @Command(name = "drain", description = "Lets workers finish what they run and gives them nothing more.")
    static final class Drain extends Each {
        Drain(Context context) {
            super(context);
        }

        @Override
        void apply(Client client, String id) {
            post(client, id, "drain");
        }
    }

    @Command(name = "resume", description = "Undoes drain.")
    static final class Resume extends Each {
        Resume(Context context) {
            super(context);
        }

        @Override
        void apply(Client client, String id) {
            post(client, id, "resume");
        }
    }

    @Command(name = "remove", description = "Forgets workers and revokes their certificates: they must join anew.")
    static final class Remove extends Each {
        @Option(names = "--force", description = "Even while they are online; their tasks go back to the queue")
        private boolean force;

        Remove(Context context) {
            super(context);
        }

        @Override
        void apply(Client client, String id) {
            client.delete(Client.path("workers", id) + (force ? "?force=true" : ""));
            if (!json) {
                print("worker " + id + " is removed");
            }
        }
    }

    /** A command about a bundle on one worker or on all that have a label. */
    abstract static class OfBundle extends ClusterCommand {
        @Parameters(
                arity = "1..2",
                paramLabel = "[WORKER] BUNDLE",
                description =
                        "The worker, unless --label; the bundle: FILE.jar, mvn:GROUP/ARTIFACT/VERSION, or a feature"
                                + " that the manager has, such as docker")
        private List<String> words;

        @Option(names = "--label", paramLabel = "LABEL", description = "On every worker online that has this label")
        private @Nullable String label;

        OfBundle(Context context) {
            super(context);
        }

        /** What the manager says of a bundle on a worker. */
        abstract JsonNode apply(Client client, String worker, String bundle);

        @Override
        public final Integer call() {
            if (words.size() != (label == null ? 2 : 1)) {
                throw Failure.user(
                        label == null
                                ? "name a worker and a bundle, such as: muster worker deploy w1 docker"
                                : "with --label name the bundle alone, such as: muster worker deploy --label gpu docker");
            }
            var client = client();
            var bundle = words.get(words.size() - 1);
            for (var worker : label == null ? List.of(words.get(0)) : labelled(client)) {
                var done = apply(client, worker, bundle);
                if (json) {
                    print(done);
                } else {
                    print("worker " + worker + ": " + done.path("message").asText());
                }
            }
            return ExitCode.OK;
        }

        private List<String> labelled(Client client) {
            var found = new ArrayList<String>();
            for (var worker : client.get("/workers").path("items")) {
                for (var each : worker.path("capacity").path("labels")) {
                    if (each.asText().equals(label)
                            && worker.path("state").asText().equals("online")) {
                        found.add(worker.path("id").asText());
                    }
                }
            }
            if (found.isEmpty()) {
                throw Failure.user("no worker that is online has the label '" + label + "'; see: muster worker list");
            }
            return found;
        }
    }

    @Command(
            name = "deploy",
            description =
                    "Installs a bundle or a feature, such as an executor, on workers while they run; in place of one"
                            + " of the same file name, once that has ended what it runs.")
    static final class Deploy extends OfBundle {
        Deploy(Context context) {
            super(context);
        }

        @Override
        JsonNode apply(Client client, String worker, String bundle) {
            var body = Json.object();
            if (BundleFile.isFeature(bundle)) {
                body.put("feature", bundle);
            } else {
                var path = BundleFile.require(bundle, context.environment());
                body.put("file", String.valueOf(path.getFileName())).put("object", Objects.upload(client, path));
            }
            return client.post(Client.path("workers", worker, "bundles"), body);
        }
    }

    @Command(
            name = "undeploy",
            description = "Removes a bundle or a feature from workers, once it has ended what it runs.")
    static final class Undeploy extends OfBundle {
        Undeploy(Context context) {
            super(context);
        }

        @Override
        JsonNode apply(Client client, String worker, String bundle) {
            var name = BundleFile.isFeature(bundle)
                    ? bundle
                    : String.valueOf(
                            BundleFile.path(bundle, context.environment()).getFileName());
            return client.delete(Client.path("workers", worker, "bundles", name));
        }
    }

    @Command(
            name = "look",
            description =
                    "Asks a worker at its own port, also while the manager is down: what it is and runs, or of an attempt"
                            + " the files in its workspace, one of them, or what it wrote.")
    static final class Look extends ClusterCommand {
        private static final String WITHOUT_MANAGER =
                "to ask the worker itself, write --at HOST:PORT, with data.port of its etc/muster.worker.cfg";

        @Parameters(index = "0", paramLabel = "WORKER")
        private String id;

        @Parameters(index = "1", arity = "0..1", paramLabel = "ATTEMPT", description = "Such as 17.3@1")
        private @Nullable String attempt;

        @Option(
                names = "--at",
                paramLabel = "HOST:PORT",
                description = "Its data address, for when the manager is down; default: what the manager says it is")
        private @Nullable String address;

        @Option(names = "--stdout", description = "Print what the attempt wrote to its standard output")
        private boolean stdout;

        @Option(names = "--stderr", description = "Print what the attempt wrote to its standard error")
        private boolean stderr;

        @Option(names = "--file", paramLabel = "PATH", description = "Print this file of the attempt's workspace")
        private @Nullable String file;

        Look(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var window = new WorkerWindow(
                    id, address == null ? dataAddress() : address, connection().token());
            if (attempt == null) {
                if (stdout || stderr || file != null) {
                    throw Failure.user("name the attempt as well, such as: muster worker look w1 17.3@1 --stdout");
                }
                show(window.worker());
            } else if (stdout || stderr) {
                window.log(attempt, stderr, terminal().out());
            } else if (file != null) {
                window.file(attempt, file, terminal().out());
            } else {
                list(window.files(attempt));
            }
            terminal().out().flush();
            return ExitCode.OK;
        }

        private String dataAddress() {
            String known;
            try {
                known = client().get(Client.path("workers", id))
                        .path("dataAddress")
                        .asText();
            } catch (Failure e) {
                throw e.exitCode() == ExitCode.EXTERNAL
                        ? new Failure(e.exitCode(), e.getMessage(), List.of(WITHOUT_MANAGER), e)
                        : e;
            }
            if (known.isEmpty()) {
                throw Failure.user(
                        "the manager does not know where worker '" + id + "' serves files; " + WITHOUT_MANAGER);
            }
            return known;
        }

        private void show(JsonNode worker) {
            if (json) {
                print(worker);
                return;
            }
            new Details(terminal())
                    .line("worker", worker.path("id"))
                    .line("version", worker.path("version"))
                    .line("executors", worker.path("executors"));
            var table = new Table("ATTEMPT", "OWNER", "EXECUTOR", "STATE", "STARTED").states(3);
            for (var each : worker.path("attempts")) {
                table.row(
                        each.path("attempt").asText(),
                        each.path("owner").asText(),
                        each.path("executor").asText(),
                        each.path("state").asText(),
                        each.path("startedAt").asText("-"));
            }
            table.print(terminal());
        }

        private void list(JsonNode files) {
            if (json) {
                print(files);
                return;
            }
            var table = new Table("BYTES", "FILE");
            for (var each : files.path("files")) {
                table.row(each.path("bytes").asLong(), each.path("path").asText());
            }
            table.print(terminal());
            if (files.path("more").asBoolean()) {
                terminal()
                        .tell("there are more files than the "
                                + files.path("files").size() + " that a worker lists; --file shows each by its name");
            }
        }
    }

    @Command(
            name = "start",
            description = "Starts a worker on this machine, in the background; 'muster down --dir DIR' stops it.",
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class Start implements Callable<Integer> {
        private final Context context;

        @Option(
                names = "--manager",
                required = true,
                paramLabel = "URL",
                description = "The manager's REST interface, such as https://10.0.0.1:7070")
        private String manager;

        @Option(
                names = "--token",
                paramLabel = "TOKEN",
                description =
                        "Join token of 'muster token create --worker'; needed once. Other users of this machine may"
                                + " see it here: MUSTER_WORKER_TOKEN or --token-file hide it")
        private @Nullable String token;

        @Option(names = "--token-file", paramLabel = "FILE", description = "File with the join token")
        private @Nullable Path tokenFile;

        @Option(names = "--id", paramLabel = "ID", description = "Its id in the cluster; the host's name by default")
        private @Nullable String id;

        @Option(names = "--slots", paramLabel = "K", description = "Cores that it offers; all by default")
        private @Nullable Integer slots;

        @Option(names = "--dir", paramLabel = "DIR", description = "Where it is kept; ~/.muster-worker by default")
        private @Nullable Path dir;

        Start(Context context) {
            this.context = context;
        }

        @Override
        public Integer call() {
            var installation = Installation.ofProcess();
            var environment = context.environment();
            var place = dir != null
                    ? dir
                    : Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")))
                            .resolve(".muster-worker");
            var joined = new LocalCluster(place, context.terminal(), environment)
                    .join(installation, new LocalCluster.Join(name(), manager, secret(), slots));
            context.terminal()
                    .out()
                    .println("worker " + joined.id() + " is started"
                            + (joined.enrolled() ? " and has joined " : " and waits for ") + manager
                            + "; its files are in " + joined.base());
            return ExitCode.OK;
        }

        private String name() {
            if (id != null) {
                return id;
            }
            try {
                return InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                throw Failure.user("this host has no name; name the worker by --id", e);
            }
        }

        private @Nullable String secret() {
            if (token != null) {
                return token;
            }
            if (tokenFile == null) {
                return context.environment().get("MUSTER_WORKER_TOKEN");
            }
            try {
                return Files.readString(tokenFile);
            } catch (IOException e) {
                throw Failure.user("cannot read the join token in " + tokenFile + ": " + e, e);
            }
        }
    }
}
