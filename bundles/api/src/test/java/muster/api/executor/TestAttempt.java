package muster.api.executor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskSpec;

/** An attempt as a worker would make it, in a folder of the test; each has an index of its own in job 17. */
public final class TestAttempt implements Attempt {
    private static final AtomicInteger INDICES = new AtomicInteger();

    private final AttemptId id = new AttemptId(new TaskId(new JobId(17), INDICES.incrementAndGet()), 1);
    private final TaskSpec task;
    private final Path folder;
    private final Session session;
    private Path workingDirectory;

    public TestAttempt(TaskSpec task, Path folder) {
        this(task, folder, null);
    }

    /** @param session null for none; else its folder is that of the attempt */
    public TestAttempt(TaskSpec task, Path folder, Session session) {
        this.task = task;
        this.folder = session == null ? folder : session.workspace();
        this.session = session;
    }

    @Override
    public AttemptId id() {
        return id;
    }

    @Override
    public TaskSpec task() {
        return task;
    }

    @Override
    public Map<String, String> environment() {
        var environment = new TreeMap<String, String>();
        environment.put("PATH", System.getenv("PATH"));
        environment.put("HOME", folder.toString());
        environment.put("LANG", "C.UTF-8");
        environment.put("TMPDIR", folder.toString());
        environment.put("MUSTER_JOB", id.task().job().toString());
        environment.put("MUSTER_TASK", id.task().toString());
        environment.put("MUSTER_INDEX", Integer.toString(id.task().index()));
        environment.put("MUSTER_ATTEMPT", Integer.toString(id.number()));
        environment.put("MUSTER_WORKER", "w1");
        environment.put("MUSTER_CORES", "1");
        environment.put("MUSTER_MEMORY", "0");
        environment.put("MUSTER_SCRATCH", folder.toString());
        environment.putAll(task.environment());
        return environment;
    }

    @Override
    public Session session() {
        return session;
    }

    @Override
    public List<Integer> gpus() {
        return List.of();
    }

    @Override
    public synchronized Path workingDirectory() {
        if (workingDirectory == null) {
            workingDirectory = task.workingDirectory() == null ? makeFolder() : askedFolder(task.workingDirectory());
        }
        return workingDirectory;
    }

    private Path makeFolder() {
        try {
            return Files.createDirectory(folder.resolve(id + ".work"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path askedFolder(String path) {
        if (!Files.isDirectory(Path.of(path))) {
            throw MusterException.invalid("working directory '" + path + "' is not on worker 'w1'; make it there");
        }
        return Path.of(path);
    }

    @Override
    public Path stdout() {
        return task.stdout() == null
                ? folder.resolve(id + ".out")
                : workingDirectory().resolve(task.stdout());
    }

    @Override
    public Path stderr() {
        return task.stderr() == null
                ? folder.resolve(id + ".err")
                : workingDirectory().resolve(task.stderr());
    }

    @Override
    public Optional<SystemUser> user() {
        return Optional.empty();
    }

    @Override
    public <T, E extends Exception> T asUser(FileAction<T, E> action) throws E {
        return action.run();
    }

    /** What it wrote to standard output, as UTF-8. */
    public String output() {
        return read(stdout());
    }

    /** What it wrote to standard error, as UTF-8. */
    public String errors() {
        return read(stderr());
    }

    /** Content of a file in its working directory, as UTF-8. */
    public String file(String name) {
        return read(workingDirectory().resolve(name));
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
