package muster.manager;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.JobState;
import muster.api.MusterException;
import muster.api.Secret;
import muster.api.TaskState;
import muster.manager.scheduler.JobRun;
import muster.manager.scheduler.Scheduler;
import muster.manager.store.EndedAttempt;
import muster.manager.store.Store;
import muster.manager.store.StoredDispatch;
import muster.manager.store.StoredJob;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Rebuilds the manager's state from the store, before anything else happens. */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    private Recovery() {}

    static void restore(Manager manager) {
        for (var stored : manager.store.workers()) {
            var worker = manager.scheduler.workerOrNew(stored.id());
            worker.address = stored.address();
            worker.version = stored.version();
            worker.draining(stored.draining());
            worker.lastSeen = stored.lastSeen();
            worker.formerSession = stored.session();
        }
        var open = new HashMap<JobRun, StoredJob>();
        manager.store.jobs(job -> {
            var states = job.endStates();
            if (states != null) {
                manager.directory.addEnded(endedRun(job, states).view(), job);
            } else {
                var run = run(job);
                open.put(run, job);
                manager.directory.addOpen(run, job.fingerprint(), job.idempotencyKey());
                manager.quotas.reopen(run.owner, run.size(), manager.nanos.getAsLong());
            }
        });
        open.keySet().stream().sorted((a, b) -> a.id.compareTo(b.id)).forEach(run -> {
            var job = open.get(run);
            manager.scheduler.add(run, blockers(manager.directory, run));
            restoreTasks(manager.scheduler, manager.store, run, job == null ? null : job.states());
            if (job != null && job.canceled()) {
                manager.scheduler.cancel(run, job.message());
            } else {
                restoreSecrets(manager, run);
            }
        });
        for (var run : open.keySet()) {
            resume(manager, run);
            var job = open.get(run);
            if (run.driven() && job != null && job.driver() != null) {
                manager.drivers.restore(run, job.driver());
            }
        }
        if (!open.isEmpty()) {
            LOG.info("{} jobs go on from the store", open.size());
        }
    }

    /** A job whose tasks would miss what they need ends; it can be retried once the key is there again. */
    private static void restoreSecrets(Manager manager, JobRun run) {
        try {
            run.secrets = secrets(manager, run);
        } catch (MusterException e) {
            LOG.error("Job {} is canceled: {}", run.id, e.getMessage());
            manager.scheduler.cancel(run, String.valueOf(e.getMessage()));
        }
    }

    /**
     * The secrets of a job, with their values.
     *
     * @throws MusterException UNAVAILABLE if they cannot be read
     */
    static List<Secret> secrets(Manager manager, JobRun run) {
        if (run.spec.secrets().isEmpty()) {
            return List.of();
        }
        return manager.store
                .taskSecrets(run.id)
                .map(encrypted -> manager.secrets.open(run.id, encrypted))
                .orElseThrow(() -> new MusterException(
                        ErrorCode.UNAVAILABLE,
                        "the secrets of job " + run.id + " are not in the store; submit the job anew"));
    }

    private static JobRun run(StoredJob job) {
        var run = new JobRun(job.id(), job.owner(), job.spec(), job.submittedAt());
        run.startedAt = job.startedAt();
        run.message = job.message();
        if (job.failed()) {
            run.fail();
        }
        if (job.driver() != null) {
            if (job.canceled()) {
                run.cut();
            } else if (job.states() == null) {
                run.drive();
            }
        }
        return run;
    }

    /** A job that has ended, as a run: its view and its states are right, and nothing else is asked of it. */
    static JobRun endedRun(StoredJob job, byte[] states) {
        var run = run(job);
        run.finishedAt = job.finishedAt();
        run.restoreStates(states);
        return run;
    }

    /** The jobs that it comes after and that have not ended. */
    static Set<JobId> blockers(Directory directory, JobRun run) {
        var blockers = new HashSet<JobId>();
        for (var dependency : run.spec.after()) {
            var entry = directory.find(dependency.job());
            if (entry != null && !entry.state().terminal()) {
                blockers.add(dependency.job());
            }
        }
        return blockers;
    }

    /** Begins a job that was added: or cancels it, where what it comes after did not succeed. */
    static void resume(Manager manager, JobRun run) {
        for (var dependency : run.spec.after()) {
            var entry = manager.directory.find(dependency.job());
            var succeeded = entry == null
                    || entry.state() == JobState.SUCCEEDED
                    || !entry.state().terminal();
            if (!succeeded && !dependency.anyEnd()) {
                manager.scheduler.cancel(run, "comes after job " + dependency.job() + ", which did not succeed");
                return;
            }
        }
        manager.scheduler.begin(run);
    }

    private static void restoreTasks(Scheduler scheduler, Store store, JobRun run, byte @Nullable [] left) {
        var work = run.spec.work();
        var ended = new HashSet<Long>();
        store.attempts(run.id, attempt -> {
            var position = JobRun.position(work, attempt.id().task().index());
            ended.add(key(position, attempt.id().number()));
            switch (attempt.standing()) {
                case LAST, CACHED ->
                    scheduler.restoreEnded(
                            run,
                            position,
                            state(run, position, attempt),
                            attempt.id().number(),
                            attempt.worker());
                case TRY -> scheduler.restoreTry(run, position, attempt.id().number(), attempt.cause());
                case FORGIVEN ->
                    scheduler.restoreNumber(run, position, attempt.id().number());
                case LOST ->
                    scheduler.restoreLost(run, position, attempt.id().number(), attempt.cause(), attempt.worker());
            }
        });
        if (left != null) {
            scheduler.restoreLeft(run, left);
        }
        scheduler.restoreConsequences(run);
        Map<Integer, StoredDispatch> newest = new HashMap<>();
        Map<Integer, Integer> numbers = new HashMap<>();
        for (var dispatch : store.dispatches(run.id)) {
            for (var i = 0; i < dispatch.indices().length; i++) {
                var position = JobRun.position(work, dispatch.indices()[i]);
                if (dispatch.numbers()[i] > numbers.getOrDefault(position, 0)) {
                    numbers.put(position, dispatch.numbers()[i]);
                    newest.put(position, dispatch);
                }
            }
        }
        newest.forEach((position, dispatch) -> {
            var number = numbers.getOrDefault(position, 1);
            if (run.state(position) == TaskState.WAITING) {
                if (ended.contains(key(position, number))) {
                    scheduler.restoreNumber(run, position, number);
                } else {
                    scheduler.restoreNumber(run, position, number - 1);
                    scheduler.restoreExecution(run, position, number, dispatch.worker(), dispatch.assignedAt());
                }
                if (run.startedAt == null) {
                    run.startedAt = dispatch.assignedAt();
                }
            }
        });
        scheduler.restoreSessions(run);
    }

    private static long key(int position, int number) {
        return ((long) position << 32) | number;
    }

    private static TaskState state(JobRun run, int position, EndedAttempt attempt) {
        if (attempt.cause() == Cause.SUCCESS) {
            return TaskState.SUCCEEDED;
        }
        return attempt.cause() == Cause.CANCELED ? TaskState.CANCELED : run.failure(position);
    }
}
