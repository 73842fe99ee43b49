package muster.manager;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiPredicate;
import java.util.function.Function;
import muster.api.ClusterService;
import muster.api.ClusterStatus;
import muster.api.ErrorCode;
import muster.api.JobState;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.TaskState;
import muster.api.WorkerState;
import muster.api.WorkerView;
import muster.manager.scheduler.WorkerRun;
import muster.manager.store.Write;
import muster.transport.BrokerAddress;
import muster.transport.ToWorker;

/** The cluster service: asks the reactor and translates. */
final class Cluster implements ClusterService {
    /** For a bundle to be fetched, installed and started, or its tasks to be waited for a while. */
    private static final Duration DEPLOYED = Duration.ofSeconds(60);

    private final Manager manager;
    private final String id;
    private final String version;
    private final BrokerAddress broker;
    private final List<String> expected;
    private final List<String> sharedFolders;
    private final BiPredicate<String, Boolean> revoke;
    private final Features features;
    private final Instant since;

    /** @param revoke turns a worker away, of which it says whether it was ever seen; false if there is no such worker */
    Cluster(
            Manager manager,
            String id,
            String version,
            BrokerAddress broker,
            List<String> expected,
            List<String> sharedFolders,
            BiPredicate<String, Boolean> revoke,
            Features features) {
        this.manager = manager;
        this.id = id;
        this.version = version;
        this.broker = broker;
        this.expected = List.copyOf(expected);
        this.sharedFolders = List.copyOf(sharedFolders);
        this.revoke = revoke;
        this.features = features;
        since = manager.now();
        for (var state : WorkerState.values()) {
            manager.metrics.gauge("muster.workers", "Workers by state", "state", Names.word(state), () -> count(state));
        }
        for (var state : TaskState.values()) {
            if (!state.terminal()) {
                manager.metrics.gauge(
                        "muster.tasks.open",
                        "Tasks that have not ended, by state",
                        "state",
                        Names.word(state),
                        () -> count(state));
            }
        }
    }

    private long count(WorkerState state) {
        return manager.reactor.ask(() -> manager.scheduler.workers().stream()
                .filter(w -> w.state() == state)
                .count());
    }

    private long count(TaskState state) {
        return manager.reactor.ask(() -> manager.scheduler.jobs().stream()
                .mapToLong(job -> job.count(state))
                .sum());
    }

    @Override
    public ClusterStatus status() {
        return manager.reactor.ask(() -> {
            var workers = new EnumMap<WorkerState, Integer>(WorkerState.class);
            var cores = 0.0;
            var inUse = 0.0;
            for (var worker : manager.scheduler.workers()) {
                workers.merge(worker.state(), 1, Integer::sum);
                var capacity = worker.capacity();
                if (worker.online() && capacity != null) {
                    cores += capacity.cores();
                    inUse += worker.coresInUse();
                }
            }
            var jobs = new EnumMap<JobState, Integer>(JobState.class);
            manager.directory.all().forEach(entry -> jobs.merge(entry.state(), 1, Integer::sum));
            var tasks = new EnumMap<TaskState, Long>(TaskState.class);
            for (var state : TaskState.values()) {
                if (!state.terminal()) {
                    tasks.put(
                            state,
                            manager.scheduler.jobs().stream()
                                    .mapToLong(job -> job.count(state))
                                    .sum());
                }
            }
            var missing = expected.stream()
                    .filter(name -> {
                        var worker = manager.scheduler.worker(name);
                        return worker == null || !worker.online();
                    })
                    .toList();
            return new ClusterStatus(
                    id,
                    version,
                    manager.epoch,
                    since,
                    broker.toString(),
                    workers,
                    missing,
                    sharedFolders,
                    cores,
                    inUse,
                    jobs,
                    tasks,
                    manager.metrics.endedTasks(),
                    manager.rate.perSecond(manager.now().getEpochSecond()));
        });
    }

    @Override
    public List<WorkerView> workers() {
        return manager.reactor.ask(
                () -> manager.scheduler.workers().stream().map(WorkerRun::view).toList());
    }

    @Override
    public WorkerView worker(String worker) {
        return manager.reactor.ask(() -> get(worker).view());
    }

    private WorkerRun get(String worker) {
        var found = manager.scheduler.worker(worker);
        if (found == null) {
            throw unknown(worker);
        }
        return found;
    }

    private static MusterException unknown(String worker) {
        return MusterException.notFound(
                "worker '" + Names.escape(worker) + "' does not exist; 'worker list' shows those that do");
    }

    @Override
    public void drain(String worker, String by) {
        draining(worker, true, by);
    }

    @Override
    public void resume(String worker, String by) {
        draining(worker, false, by);
    }

    private void draining(String id, boolean draining, String by) {
        manager.reactor.ask(() -> {
            var worker = get(id);
            if (worker.draining() != draining) {
                manager.scheduler.drain(worker, draining);
                manager.workers.remember(worker);
                manager.events.add(
                        manager.now(),
                        draining ? "worker.draining" : "worker.resumed",
                        null,
                        EventLog.NONE,
                        EventLog.NONE,
                        worker.id,
                        "by " + by);
            }
            return true;
        });
    }

    @Override
    public void remove(String id, boolean force, String by) {
        var seen = manager.reactor.ask(() -> {
            var worker = manager.scheduler.worker(id);
            if (worker != null && worker.online() && !force) {
                throw MusterException.conflict("worker '" + id
                        + "' is online; stop it first, drain it to give it no more work, or force its removal");
            }
            return worker != null;
        });
        Names.requireWorker(id);
        if (!revoke.test(id, seen)) {
            throw unknown(id);
        }
        manager.reactor.ask(() -> {
            var worker = manager.scheduler.worker(id);
            if (worker != null) {
                manager.scheduler.lost(worker);
                manager.scheduler.remove(worker);
                manager.store.write(new Write.WorkerRemoved(id), () -> {}, e -> {});
            }
            manager.events.add(manager.now(), "worker.removed", null, EventLog.NONE, EventLog.NONE, id, "by " + by);
            return true;
        });
    }

    @Override
    public CompletionStage<String> deploy(String worker, String file, String object, String by) {
        var files = manager.files();
        if (files == null || files.size(object).isEmpty()) {
            throw MusterException.notFound("object " + Names.escape(object) + " is not here; upload the bundle first");
        }
        requireOnline(worker);
        return ask(worker, file, object, by);
    }

    @Override
    public CompletionStage<String> deployFeature(String worker, String feature, String by) {
        requireOnline(worker);
        var objects = new LinkedHashMap<String, String>();
        for (var location : features.lacking(feature)) {
            objects.put(Features.file(location), store(location));
        }
        return eachAfterTheOther(objects.entrySet(), file -> ask(worker, file.getKey(), file.getValue(), by));
    }

    private String store(String location) {
        var files = manager.files();
        try (var in = URI.create(location).toURL().openStream()) {
            if (files == null) {
                throw new MusterException(ErrorCode.UNAVAILABLE, "this manager keeps no files");
            }
            return files.upload(in.readAllBytes());
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE, "bundle " + Names.escape(location) + " cannot be read here: " + e, e);
        }
    }

    @Override
    public CompletionStage<String> undeploy(String worker, String name, String by) {
        requireOnline(worker);
        var files = name.endsWith(".jar") ? List.of(name) : features.own(name);
        return eachAfterTheOther(files, file -> ask(worker, file, "", by));
    }

    /** Stops at the first that fails. */
    private static <T> CompletionStage<String> eachAfterTheOther(
            Collection<T> files, Function<T, CompletionStage<String>> ask) {
        CompletionStage<String> done = CompletableFuture.completedFuture("");
        for (var file : files) {
            done = done.thenCompose(
                    before -> ask.apply(file).thenApply(message -> before + (before.isEmpty() ? "" : "; ") + message));
        }
        return done;
    }

    private void requireOnline(String id) {
        manager.reactor.ask(() -> {
            if (!get(id).online()) {
                throw new MusterException(
                        ErrorCode.UNAVAILABLE, "worker '" + id + "' is not online; try again when it is back");
            }
            return true;
        });
    }

    /** @param object empty to remove the file */
    private CompletionStage<String> ask(String id, String file, String object, String by) {
        var event = object.isEmpty() ? "worker.undeployed" : "worker.deployed";
        return manager.deployments
                .ask(
                        id,
                        request -> manager.dispatcher.send(id, new ToWorker.Deploy(request, file, object)),
                        DEPLOYED,
                        () -> "worker '" + id + "' did not answer within " + DEPLOYED.toSeconds() + "s; 'worker show "
                                + id + "' tells what it offers")
                .thenApply(message -> {
                    manager.reactor.post(() -> manager.events.add(
                            manager.now(), event, null, EventLog.NONE, EventLog.NONE, id, message + " by " + by));
                    return message;
                });
    }

    @Override
    public String notReady() {
        var fault = manager.store.fault();
        return fault.isEmpty() ? manager.workers.disconnected() : fault;
    }

    @Override
    public String metrics() {
        return manager.metrics.scrape();
    }
}
