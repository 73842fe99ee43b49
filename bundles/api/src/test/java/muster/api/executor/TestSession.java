package muster.api.executor;

import java.nio.file.Path;
import java.util.Map;
import muster.api.JobId;
import muster.api.SessionId;

/** A session as a worker would make it, in a folder of the test; nothing is kept in it. */
public final class TestSession implements Session {
    private final SessionId id;
    private final Path workspace;

    /** Without a name, of job 17. */
    public TestSession(String executor, Path workspace) {
        id = new SessionId(new JobId(17), executor, "");
        this.workspace = workspace;
    }

    @Override
    public SessionId id() {
        return id;
    }

    @Override
    public Path workspace() {
        return workspace;
    }

    @Override
    public Map<String, String> environment() {
        return Map.of("TMPDIR", workspace.toString(), "MUSTER_SESSION", id.name());
    }

    @Override
    public long memoryBytes() {
        return 0;
    }

    @Override
    public void keep(String object, long bytes) {
        throw new UnsupportedOperationException(object);
    }

    @Override
    public void drop(String object) {
        throw new UnsupportedOperationException(object);
    }

    @Override
    public void clear() {
        throw new UnsupportedOperationException("nothing is kept");
    }
}
