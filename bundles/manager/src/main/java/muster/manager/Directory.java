package muster.manager;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import muster.api.JobId;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.MusterException;
import muster.manager.scheduler.JobRun;
import muster.manager.store.StoredJob;
import org.jspecify.annotations.Nullable;

/** Every job there is: open ones as they run, ended ones as a view. Reactor's thread only. */
final class Directory {
    private final NavigableMap<Long, Entry> entries = new TreeMap<>();
    private final Map<String, JobId> byKey = new HashMap<>();

    /** One job. */
    static final class Entry {
        private @Nullable JobRun run;
        private @Nullable JobView ended;
        private final String fingerprint;
        private final List<Consumer<JobView>> waiters = new ArrayList<>();

        private Entry(String fingerprint) {
            this.fingerprint = fingerprint;
        }

        /** Null once the job has ended durably. */
        @Nullable
        JobRun run() {
            return run;
        }

        String fingerprint() {
            return fingerprint;
        }

        JobView view() {
            if (ended != null) {
                return ended;
            }
            if (run == null) {
                throw new IllegalStateException("a job is neither open nor ended");
            }
            return run.view();
        }

        JobState state() {
            return ended != null ? ended.state() : view().state();
        }

        /** Tells once {@link #tellEnd} is called; at once if its end is durable. */
        void whenEnded(Consumer<JobView> told) {
            if (ended != null) {
                told.accept(ended);
            } else {
                waiters.add(told);
            }
        }

        /** The job has ended, and what made it end is durable. */
        void tellEnd(JobView view) {
            waiters.forEach(waiter -> waiter.accept(view));
            waiters.clear();
        }

        /** The job's own end is durable too. */
        void end(JobView view) {
            run = null;
            ended = view;
            tellEnd(view);
        }

        void reopen(JobRun again) {
            run = again;
            ended = null;
        }
    }

    void addOpen(JobRun run, String fingerprint, @Nullable String idempotencyKey) {
        var entry = new Entry(fingerprint);
        entry.run = run;
        add(run.id, entry, run.owner, idempotencyKey);
    }

    void addEnded(JobView view, StoredJob stored) {
        var entry = new Entry(stored.fingerprint());
        entry.ended = view;
        add(view.id(), entry, view.owner(), stored.idempotencyKey());
    }

    private void add(JobId id, Entry entry, String owner, @Nullable String idempotencyKey) {
        entries.put(id.value(), entry);
        if (idempotencyKey != null) {
            byKey.put(key(owner, idempotencyKey), id);
        }
    }

    private static String key(String owner, String idempotencyKey) {
        return owner + '\n' + idempotencyKey;
    }

    @Nullable
    JobId byKey(String owner, String idempotencyKey) {
        return byKey.get(key(owner, idempotencyKey));
    }

    @Nullable
    Entry find(JobId id) {
        return entries.get(id.value());
    }

    Entry get(JobId id) {
        var entry = find(id);
        if (entry == null) {
            throw MusterException.notFound("job " + id + " does not exist; 'job list' shows those that do");
        }
        return entry;
    }

    void remove(JobId id) {
        entries.remove(id.value());
        byKey.values().remove(id);
    }

    /** Newest first, from before this id on. */
    Iterable<Entry> before(long id) {
        return entries.headMap(id, false).descendingMap().values();
    }

    Iterable<Entry> all() {
        return entries.values();
    }
}
