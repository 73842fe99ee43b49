package muster.worker;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.SessionId;
import muster.api.executor.Executor;
import muster.api.executor.Session;
import org.jspecify.annotations.Nullable;

/** A session as this worker holds it. What its executor sees is thread-safe; the rest belongs to the agent's thread. */
final class HeldSession implements Session {
    /** From new to opening to open to closed; one that cannot be opened goes from opening to closed. */
    enum State {
        /** Until the resources of an attempt that asks for it are free. */
        NEW,
        OPENING,
        OPEN,
        CLOSED
    }

    private final SessionId id;
    private final long memoryBytes;
    private final TaskAttempt.Host host;
    private final long number;
    private State state = State.NEW;
    private @Nullable Executor executor;

    /** Attempts on this worker that use it, be they started or not. */
    int users;

    /** Whether it is closed as soon as nobody uses it. */
    boolean closing;

    /** Those that start once it is open. */
    final List<TaskAttempt> waiting = new ArrayList<>();

    private final Map<String, Long> objects = new HashMap<>();
    private long keptBytes;
    private @Nullable Path workspace;

    /** @param number unique on this worker since its start */
    HeldSession(SessionId id, long memoryBytes, TaskAttempt.Host host, long number) {
        this.id = id;
        this.memoryBytes = memoryBytes;
        this.host = host;
        this.number = number;
    }

    State state() {
        return state;
    }

    /** Null until it is being opened. */
    @Nullable
    Executor executor() {
        return executor;
    }

    /** What has to be free beside the resources of an attempt that uses it. */
    long toReserveBytes() {
        return state == State.NEW ? memoryBytes : 0;
    }

    void opening(Executor by) {
        move(State.NEW, State.OPENING);
        executor = by;
    }

    void open() {
        move(State.OPENING, State.OPEN);
    }

    void closed() {
        move(state == State.OPENING ? State.OPENING : State.OPEN, State.CLOSED);
    }

    private void move(State from, State to) {
        if (state != from) {
            throw new IllegalStateException("session " + id + " is " + state + ", not " + from);
        }
        state = to;
    }

    /** Those of some objects that are not kept. */
    synchronized List<String> missing(List<String> names) {
        return names.stream().filter(name -> !objects.containsKey(name)).toList();
    }

    @Override
    public SessionId id() {
        return id;
    }

    @Override
    public synchronized Path workspace() {
        if (workspace == null) {
            workspace = host.folder().makeSession(number);
            if (!host.users().isEmpty()) {
                WorkFolder.letThrough(workspace);
            }
        }
        return workspace;
    }

    /** Removes what it has on disk. */
    synchronized void remove() {
        if (workspace != null) {
            WorkFolder.removeSession(workspace);
        }
    }

    @Override
    public Map<String, String> environment() {
        var variables = new TreeMap<>(host.environment());
        variables.put("TMPDIR", workspace().toString());
        variables.put("MUSTER_JOB", id.job().toString());
        variables.put("MUSTER_SESSION", id.name());
        variables.put("MUSTER_WORKER", host.worker());
        variables.put(Leftovers.MARK, host.folder().root().toString());
        return Map.copyOf(variables);
    }

    @Override
    public long memoryBytes() {
        return memoryBytes;
    }

    @Override
    public synchronized void keep(String object, long bytes) {
        var before = Objects.requireNonNullElse(objects.get(object), 0L);
        if (keptBytes - before + bytes > memoryBytes) {
            throw new MusterException(
                    ErrorCode.TOO_LARGE,
                    "object '" + object + "' of " + Quantity.formatBytes(bytes) + " does not fit into session " + id
                            + " on worker '" + host.worker() + "', which keeps "
                            + Quantity.formatBytes(keptBytes - before) + " of " + Quantity.formatBytes(memoryBytes)
                            + "; raise the session's memory");
        }
        keptBytes += bytes - before;
        objects.put(object, bytes);
    }

    @Override
    public synchronized void clear() {
        objects.clear();
        keptBytes = 0;
    }

    @Override
    public synchronized void drop(String object) {
        var bytes = objects.remove(object);
        if (bytes != null) {
            keptBytes -= bytes;
        }
    }
}
