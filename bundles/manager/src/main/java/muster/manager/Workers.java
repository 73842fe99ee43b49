package muster.manager;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.LongSupplier;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Names;
import muster.manager.scheduler.Execution;
import muster.manager.scheduler.Verdict;
import muster.manager.scheduler.WorkerRun;
import muster.manager.store.EndedAttempt;
import muster.manager.store.StoredWorker;
import muster.manager.store.Write;
import muster.transport.Links;
import muster.transport.Links.ManagerListener;
import muster.transport.Protocol;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears the workers: leases, and what becomes of attempts. */
final class Workers implements ManagerListener {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

    private static final int MOST_GATHERED = 4096;

    private final Manager manager;
    private final Leases leases;
    private final LongSupplier nanos;

    /** Results that came in this turn. */
    private final List<EndedAttempt> ended = new ArrayList<>();

    private final List<Recorded> recorded = new ArrayList<>();
    private long lastLookNanos;
    private volatile String disconnected = "not connected to the broker yet";

    Workers(Manager manager, Leases leases, LongSupplier nanos) {
        this.manager = manager;
        this.leases = leases;
        this.nanos = nanos;
        lastLookNanos = nanos.getAsLong();
    }

    private record Recorded(Execution execution, Verdict verdict, String message) {}

    /** Why workers cannot be heard; empty if they can. */
    String disconnected() {
        return disconnected;
    }

    @Override
    public void connected() {
        disconnected = "";
        manager.reactor.post(() -> {
            trustAll();
            reintroduceAll();
        });
    }

    @Override
    public void disconnected(String cause) {
        LOG.warn("The link to the broker is down, connecting again: {}", cause);
        disconnected = "the link to the broker is down: " + cause;
    }

    /**
     * Gives every worker that may hold attempts a full lease: after a start, and when the link was down. It begins when a
     * worker has had the time to come back: the broker may have been away with this manager, and who waits to try again
     * still runs what it was given.
     */
    void trustAll() {
        var holders = manager.scheduler.holders();
        for (var worker : manager.scheduler.workers()) {
            if (worker.online() || manager.scheduler.holdsWork(worker) || holders.contains(worker.id)) {
                worker.online(true);
                trust(worker, leases.lease().plus(Links.LONGEST_PAUSE));
            }
        }
    }

    /**
     * Asks every worker that was heard before what it holds. Its own link may never have been down, so that it does not know
     * that dispatches to it, or results of its, are lost.
     */
    private void reintroduceAll() {
        for (var worker : manager.scheduler.workers()) {
            if (worker.lastSession() != null) {
                worker.unsure(true);
                manager.dispatcher.send(worker.id, new ToWorker.Reintroduce());
            }
        }
    }

    private void renew(WorkerRun worker) {
        trust(worker, leases.lease());
    }

    private void trust(WorkerRun worker, Duration lease) {
        worker.leaseEndsNanos = nanos.getAsLong() + lease.toNanos();
    }

    /** Fences the workers whose lease has ended. While nobody can be heard, nobody is fenced. */
    void endLeases() {
        var now = nanos.getAsLong();
        var unheard = now - lastLookNanos;
        lastLookNanos = now;
        if (unheard > leases.heartbeat().toNanos()) {
            // this process stood still; what workers said meanwhile waits to be heard
            manager.scheduler.workers().forEach(worker -> worker.leaseEndsNanos += unheard);
        }
        if (!disconnected.isEmpty()) {
            return;
        }
        for (var worker : List.copyOf(manager.scheduler.workers())) {
            if (worker.online() && now - worker.leaseEndsNanos > 0) {
                LOG.warn(
                        "Worker '{}' was not heard for {} s; its tasks go back to the queue",
                        worker.id,
                        leases.lease().toSeconds());
                lost(worker, "not heard for " + leases.lease().toSeconds() + "s");
            }
        }
    }

    private void lost(WorkerRun worker, String why) {
        manager.metrics.workersLost.increment();
        manager.scheduler.lost(worker);
        event(worker, "worker.lost", why);
        remember(worker);
    }

    private void event(WorkerRun worker, String type, String message) {
        manager.events.add(manager.now(), type, null, EventLog.NONE, EventLog.NONE, worker.id, message);
    }

    /** Makes what is known of a worker durable. */
    void remember(WorkerRun worker) {
        manager.store.write(
                new Write.Worker(new StoredWorker(
                        worker.id,
                        worker.address,
                        worker.version,
                        worker.draining(),
                        worker.lastSeen,
                        worker.lastSession())),
                () -> {},
                e -> {});
    }

    @Override
    public void received(String worker, List<ToManager> messages) {
        manager.reactor.post(() -> messages.forEach(message -> receive(worker, message)));
    }

    private void receive(String id, ToManager message) {
        if (message instanceof ToManager.Hello hello) {
            hello(id, hello);
        } else if (message instanceof ToManager.Log log) {
            manager.logs.answered(id, log);
        } else if (message instanceof ToManager.Deployed deployed) {
            deployed(id, deployed);
        } else {
            var worker = manager.scheduler.worker(id);
            if (worker == null || !session(message).equals(worker.session)) {
                unknown(id, message);
            } else {
                worker.lastSeen = manager.now();
                renew(worker);
                if (!worker.online()) {
                    revive(worker);
                }
                receive(worker, message);
            }
        }
    }

    private void deployed(String id, ToManager.Deployed answer) {
        if (answer.error().isEmpty()) {
            manager.deployments.answered(id, answer.request(), answer.message());
        } else {
            manager.deployments.failed(
                    id,
                    answer.request(),
                    MusterException.conflict("worker '" + id + "': " + Names.escape(answer.error())));
        }
    }

    private static String session(ToManager message) {
        if (message instanceof ToManager.Heartbeat heartbeat) {
            return heartbeat.session();
        } else if (message instanceof ToManager.Finished finished) {
            return finished.session();
        } else if (message instanceof ToManager.Started started) {
            return started.session();
        } else if (message instanceof ToManager.Executors executors) {
            return executors.session();
        } else if (message instanceof ToManager.Returned returned) {
            return returned.session();
        } else if (message instanceof ToManager.Goodbye goodbye) {
            return goodbye.session();
        }
        return "";
    }

    /** From a session that this manager did not welcome: results are stale, the worker has to introduce itself. */
    private void unknown(String id, ToManager message) {
        if (message instanceof ToManager.Heartbeat) {
            manager.dispatcher.send(id, new ToWorker.Reintroduce());
        }
    }

    /** Its lease had ended, and it is heard again: it is told to stop what was taken from it. */
    private void revive(WorkerRun worker) {
        worker.online(true);
        LOG.info("Worker '{}' is heard again", worker.id);
        manager.dispatcher.send(worker.id, new ToWorker.Cancel(manager.scheduler.takeFenced(worker)));
        event(worker, "worker.online", "heard again");
    }

    private void receive(WorkerRun worker, ToManager message) {
        if (message instanceof ToManager.Finished finished) {
            finished(worker, finished.results());
        } else if (message instanceof ToManager.Started started) {
            for (var start : started.starts()) {
                var execution = manager.scheduler.current(worker.id, start.attempt());
                if (execution != null) {
                    manager.scheduler.started(execution, start.at());
                }
            }
        } else if (message instanceof ToManager.Executors executors) {
            worker.executors(executors.executors());
            event(worker, "worker.executors", "");
        } else if (message instanceof ToManager.Returned returned) {
            for (var attempt : returned.attempts()) {
                var execution = manager.scheduler.current(worker.id, attempt);
                if (execution != null) {
                    manager.scheduler.returned(execution);
                }
            }
        } else if (message instanceof ToManager.Heartbeat && worker.unsure()) {
            manager.dispatcher.send(worker.id, new ToWorker.Reintroduce());
        } else if (message instanceof ToManager.Goodbye) {
            LOG.info("Worker '{}' has left", worker.id);
            worker.session = null;
            worker.formerSession = null;
            manager.scheduler.lost(worker);
            event(worker, "worker.left", "");
            remember(worker);
        }
    }

    private void hello(String id, ToManager.Hello hello) {
        if (Protocol.common(hello.oldestProtocol(), hello.newestProtocol()) < 0) {
            var reason = "worker '" + id + "' (version " + Names.escape(hello.version()) + ") speaks protocol "
                    + hello.oldestProtocol() + " to " + hello.newestProtocol() + ", this manager " + Protocol.OLDEST
                    + " to " + Protocol.NEWEST + "; upgrade the older one";
            LOG.error("Refused: {}", reason);
            manager.dispatcher.send(id, new ToWorker.Refused(hello.session(), reason));
            return;
        }
        var worker = manager.scheduler.workerOrNew(id);
        var before = worker.lastSession();
        var restarted = before != null && !before.equals(hello.session());
        var cameBack = !worker.online() || worker.session == null || restarted;
        worker.session = hello.session();
        worker.address = hello.address();
        worker.dataAddress = hello.dataAddress();
        worker.version = hello.version();
        worker.executors(hello.executors());
        worker.capacity(hello.capacity());
        worker.lastSeen = manager.now();
        if (cameBack) {
            worker.since = worker.lastSeen;
        }
        worker.online(true);
        renew(worker);
        var files = manager.files();
        if (files != null) {
            files.worker(id, worker.dataAddress);
        }
        manager.dispatcher.send(
                id,
                new ToWorker.Welcome(
                        hello.session(),
                        leases.lease(),
                        leases.heartbeat(),
                        0,
                        manager.filesHost(),
                        files == null ? 0 : files.port()));
        manager.dispatcher.send(id, manager.grants(id));
        manager.scheduler.reconciled(
                worker, restarted, new HashSet<>(hello.running()), new HashSet<>(hello.finished()), hello.sessions());
        release(id, hello.keeps());
        remember(worker);
        if (cameBack) {
            LOG.info(
                    "Worker '{}' is online: {} cores, version {}",
                    id,
                    hello.capacity().cores(),
                    hello.version());
            event(worker, "worker.online", "");
        }
    }

    /** What it was told at the end of a job may have been lost, on the way or with the manager before. */
    private void release(String id, List<JobId> keeps) {
        var over =
                keeps.stream().filter(job -> manager.scheduler.job(job) == null).toList();
        if (!over.isEmpty()) {
            manager.dispatcher.send(id, new ToWorker.Release(over));
        }
    }

    private void finished(WorkerRun worker, List<ToManager.Result> results) {
        var confirmed = new ArrayList<AttemptId>(results.size());
        for (var result : results) {
            var execution = manager.scheduler.current(worker.id, result.attempt());
            if (execution == null) {
                manager.metrics.resultsStale.increment();
                confirmed.add(result.attempt());
            } else if (!manager.scheduler.recording(execution)) {
                if (result.cause() == Cause.SESSION) {
                    manager.scheduler.missed(execution, result.missing());
                }
                var verdict = manager.scheduler.finished(
                        execution, result.cause(), result.usage().wall(), manager.now());
                manager.metrics.taskDuration.record(result.usage().wall());
                ended.add(ended(execution, verdict, result));
                recorded.add(new Recorded(execution, verdict, message(result)));
                confirmed.add(result.attempt());
            }
        }
        manager.dispatcher.confirm(worker.id, confirmed);
        if (ended.size() >= MOST_GATHERED) {
            flush();
        }
    }

    /**
     * Makes what gathered durable. Between the results and what is dispatched for them nothing is given to the store, so
     * that both come into one commit.
     */
    void flush() {
        if (!ended.isEmpty()) {
            var written = List.copyOf(recorded);
            manager.store.write(
                    new Write.Ended(List.copyOf(ended)), () -> manager.reactor.post(() -> recorded(written)), e -> {});
            ended.clear();
            recorded.clear();
        }
    }

    private void recorded(List<Recorded> all) {
        Instant now = manager.now();
        for (var one : all) {
            manager.scheduler.recorded(one.execution, one.verdict, one.message, now);
        }
    }

    private static String message(ToManager.Result result) {
        return result.cause() == Cause.SUCCESS ? "" : result.message();
    }

    private static EndedAttempt.Standing standing(Verdict verdict) {
        if (verdict.last()) {
            return EndedAttempt.Standing.LAST;
        }
        return verdict.failure() ? EndedAttempt.Standing.TRY : EndedAttempt.Standing.LOST;
    }

    private static EndedAttempt ended(Execution execution, Verdict verdict, ToManager.Result result) {
        return new EndedAttempt(
                result.attempt(),
                standing(verdict),
                execution.worker,
                result.cause(),
                result.exitCode(),
                result.signal(),
                shortened(result.message(), 2000),
                shortened(result.stderrTail(), 4096),
                execution.assignedAt,
                result.startedAt(),
                result.finishedAt(),
                result.usage(),
                result.stdoutBytes(),
                result.stderrBytes(),
                result.stdout(),
                result.stderr());
    }

    private static String shortened(String text, int length) {
        return text.length() <= length ? text : text.substring(text.length() - length);
    }
}
