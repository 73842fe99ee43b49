package muster.transport;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.Role;
import muster.api.Secret;
import muster.api.SessionId;
import muster.api.TaskSpec;
import org.jspecify.annotations.Nullable;

/** What a manager tells a worker. */
public sealed interface ToWorker {
    /**
     * Answers {@link ToManager.Hello}: from now on the worker holds a lease of this length, renewed by heartbeats.
     *
     * @param dataHost where the manager serves files; empty for where the worker joined
     * @param dataPort likewise; 0 if it serves none
     */
    record Welcome(String session, Duration lease, Duration heartbeat, int prefetch, String dataHost, int dataPort)
            implements ToWorker {
        /** From a manager that serves no files. */
        public Welcome(String session, Duration lease, Duration heartbeat, int prefetch) {
            this(session, lease, heartbeat, prefetch, "", 0);
        }
    }

    /** Answers {@link ToManager.Hello}: the manager will not work with this worker, and why. */
    record Refused(String session, String reason) implements ToWorker {}

    /** Say {@link ToManager.Hello} again: what either side sent of late may be lost. */
    record Reintroduce() implements ToWorker {}

    /** Start these attempts, each as soon as its resources are free, in this order. */
    record Run(List<Batch> batches) implements ToWorker {}

    /**
     * Attempts of one job that share a specification.
     *
     * @param spec with the placeholders of arrays not filled in
     * @param indices of the tasks
     * @param attempts the attempt number of each
     * @param items of each; null without items
     * @param secrets of the job, with their values
     */
    record Batch(
            JobId job,
            String owner,
            TaskSpec spec,
            int[] indices,
            int[] attempts,
            @Nullable List<String> items,
            List<Secret> secrets) {
        /** Of a job without secrets. */
        public Batch(
                JobId job, String owner, TaskSpec spec, int[] indices, int[] attempts, @Nullable List<String> items) {
            this(job, owner, spec, indices, attempts, items, List.of());
        }
    }

    /** Stop these attempts and tell their outcome; those that are not here are ignored. */
    record Cancel(List<AttemptId> attempts) implements ToWorker {}

    /** The outcomes of these attempts are durable: the worker forgets them. */
    record Confirm(List<AttemptId> attempts) implements ToWorker {}

    /** Send part of what an attempt wrote. Answered by {@link ToManager.Log} with the same request number. */
    record ReadLog(long request, AttemptId attempt, LogStream stream, long offset, int limit) implements ToWorker {}

    /** Forget the logs of these jobs. */
    record Forget(List<JobId> jobs) implements ToWorker {}

    /** These jobs have ended: what their tasks made and left on the worker need not stay. */
    record Release(List<JobId> jobs) implements ToWorker {}

    /** Close these sessions, once what uses them has ended; those that are not open here are ignored. */
    record Close(List<SessionId> sessions) implements ToWorker {}

    /**
     * Install a bundle, in place of one of the same file name, or remove it. Answered by {@link ToManager.Deployed} with the
     * same request number.
     *
     * @param file its name, without a folder
     * @param object the bundle; empty to remove it
     */
    record Deploy(long request, String file, String object) implements ToWorker {}

    /** Whom the worker answers at its own port, from now on: these and nobody else. */
    record Grants(List<Grant> grants) implements ToWorker {}

    /**
     * One token.
     *
     * @param key what its holder shows to this worker: made of the token and the worker's id, good at no other
     * @param owner who holds it
     * @param expiresAt null for never
     */
    record Grant(
            String key, String owner, Role role, @Nullable Instant expiresAt) {
        /** Without the key. */
        @Override
        public String toString() {
            return "Grant[" + owner + ", " + role + "]";
        }
    }
}
