package muster.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.executor.Attempt;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Session;
import muster.api.executor.SystemUser;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;

/**
 * An attempt as this worker holds it. Files and folders are made when they are first asked for, and never for an
 * executor that asks for none. What the executor sees is thread-safe; the rest belongs to the agent's thread.
 */
final class TaskAttempt implements Attempt {
    /** From waiting to running to ended, or from waiting to ended. */
    enum State {
        /** Until its resources are free. */
        WAITING,
        /** Its executor has it. */
        RUNNING,
        /** Its outcome is known, or it went back. */
        ENDED
    }

    private static final String SCRATCH = "scratch";
    private static final String WORKSPACE = "workspace";
    private static final String SECRETS = "secrets";
    private static final Set<String> EMPTY = Set.of(SCRATCH, WORKSPACE);

    private final AttemptId id;
    private final Template template;
    private final int position;
    private final Host host;

    private State state = State.WAITING;
    private @Nullable Executor executor;
    private volatile List<Integer> gpus = List.of();

    /** When it began to run: set as it is handed to its executor, and again when that says so. */
    @Nullable
    Instant startedAt;

    /** Whether the executor said that it began to run. */
    boolean started;

    /** Whether the manager asked to stop it. */
    boolean cancelAsked;

    /** Whether its executor went away. */
    boolean orphaned;

    /** Whether its inputs are being brought, so that its executor does not know it yet. */
    boolean staging;

    /** Whether nobody waits for its inputs any more. */
    volatile boolean stagingStopped;

    /** How it ends once its inputs are no longer being brought; null for as they say. */
    @Nullable
    Outcome endsAs;

    /** Null if it asks for none, and after it has left. */
    volatile @Nullable HeldSession session;

    /** What it takes and did not find in its session. */
    List<String> missing = List.of();

    /** Ends it if its executor does not. */
    @Nullable
    Future<?> backstop;

    /** Whether what it writes was shown to somebody. */
    private volatile boolean shown;

    private volatile @Nullable TaskSpec filled;
    private volatile @Nullable Path folder;

    /** Whether its folder may serve a later attempt: nothing but its own processes knew of it. */
    private boolean serves;

    /** Whether an earlier attempt left the folder, in which there are those for scratch and workspace. */
    private boolean folderIsSpare;

    /** The worker's until there is a folder. */
    private volatile Identity identity = Identity.WORKER;

    private volatile @Nullable Path stdout;
    private volatile @Nullable Path stderr;
    private boolean logsOpen;
    private @Nullable Path workspace;
    private @Nullable Map<String, String> environment;

    TaskAttempt(Template template, int position, Host host) {
        this.template = template;
        this.position = position;
        this.host = host;
        var batch = template.batch;
        id = new AttemptId(new TaskId(batch.job(), batch.indices()[position]), batch.attempts()[position]);
    }

    /** What all attempts of this worker share. */
    record Host(
            String worker,
            Map<String, String> environment,
            boolean hasGpus,
            WorkFolder folder,
            Logs logs,
            TaskUsers users) {}

    /** What all attempts of a batch share. */
    static final class Template {
        final ToWorker.Batch batch;
        final boolean toFill;

        Template(ToWorker.Batch batch) {
            this.batch = batch;
            toFill = Placeholders.in(batch.spec(), batch.items() != null);
        }
    }

    @Override
    public AttemptId id() {
        return id;
    }

    /** The kind of executor and the resources are those of the template, which cost nothing to ask. */
    TaskSpec template() {
        return template.batch.spec();
    }

    @Override
    public TaskSpec task() {
        if (!template.toFill) {
            return template.batch.spec();
        }
        var task = filled;
        if (task == null) {
            task = Placeholders.fill(template.batch.spec(), id, item());
            filled = task;
        }
        return task;
    }

    private @Nullable String item() {
        var items = template.batch.items();
        return items == null ? null : items.get(position);
    }

    @Override
    public @Nullable Session session() {
        return session;
    }

    @Override
    public List<Integer> gpus() {
        return gpus;
    }

    State state() {
        return state;
    }

    @Nullable
    Executor executor() {
        return executor;
    }

    /** From waiting to running. */
    void begin(Executor by, List<Integer> withGpus, Instant at) {
        require(State.WAITING);
        state = State.RUNNING;
        executor = by;
        gpus = withGpus;
        startedAt = at;
    }

    /** From running to ended. */
    void end() {
        require(State.RUNNING);
        state = State.ENDED;
    }

    /** From waiting to ended. */
    void drop() {
        require(State.WAITING);
        state = State.ENDED;
    }

    private void require(State expected) {
        if (state != expected) {
            throw new IllegalStateException("attempt " + id + " is " + state + ", not " + expected);
        }
    }

    @Override
    public synchronized Map<String, String> environment() {
        var made = environment;
        if (made == null) {
            made = makeEnvironment();
            environment = made;
        }
        return made;
    }

    private Map<String, String> makeEnvironment() {
        var task = task();
        var scratch = makeFolder(SCRATCH).toString();
        var variables = new TreeMap<>(host.environment);
        identity.user().ifPresent(user -> variables.put("HOME", user.home().toString()));
        variables.put("TMPDIR", scratch);
        variables.putAll(task.environment());
        putSecrets(variables);
        if (host.hasGpus) {
            // none for those that reserved none, so that nobody takes what another has
            variables.put(
                    "CUDA_VISIBLE_DEVICES", gpus.stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
        variables.put("MUSTER_JOB", id.task().job().toString());
        variables.put("MUSTER_TASK", id.task().toString());
        variables.put("MUSTER_INDEX", Integer.toString(id.task().index()));
        variables.put("MUSTER_ATTEMPT", Integer.toString(id.number()));
        variables.put("MUSTER_WORKER", host.worker);
        variables.put("MUSTER_CORES", cores(task.resources().cores()));
        variables.put("MUSTER_MEMORY", Long.toString(task.resources().memoryBytes()));
        variables.put("MUSTER_SCRATCH", scratch);
        variables.put(Leftovers.MARK, host.folder.root().toString());
        if (!task.name().isEmpty()) {
            variables.put("MUSTER_NAME", task.name());
        }
        var item = item();
        if (item != null) {
            variables.put("MUSTER_ITEM", item);
        }
        return Map.copyOf(variables);
    }

    /** Beside the workspace, so that no output has them. */
    private void putSecrets(Map<String, String> variables) {
        // an executor that lets the task see this folder must not be sent elsewhere
        variables.remove("MUSTER_SECRETS");
        for (var secret : template.batch.secrets()) {
            var value = secret.requireValue();
            switch (secret.place()) {
                case ENVIRONMENT -> variables.put(secret.name(), new String(value, StandardCharsets.UTF_8));
                case FILE -> {
                    var secrets = folder().resolve(SECRETS);
                    if (variables.put("MUSTER_SECRETS", secrets.toString()) == null) {
                        makeFolder(SECRETS);
                    }
                    WorkFolder.makeFile(secrets.resolve(secret.name()), value, identity);
                }
            }
        }
    }

    private static String cores(double cores) {
        return cores == Math.rint(cores) ? Long.toString((long) cores) : Double.toString(cores);
    }

    @Override
    public synchronized Path workingDirectory() {
        var asked = task().workingDirectory();
        if (asked != null) {
            var path = Path.of(asked);
            if (!identity().run(() -> Files.isDirectory(path))) {
                throw MusterException.invalid("working directory '" + asked + "' is not on worker '" + host.worker
                        + "'; make it there, or leave it out for a fresh one");
            }
            return path;
        }
        var made = workspace;
        if (made == null) {
            made = makeFolder(WORKSPACE);
            workspace = made;
        }
        return made;
    }

    /** Its workspace to look at, if it has one of its own and that was made. */
    synchronized @Nullable Path showWorkspace() {
        shown = true;
        return workspace;
    }

    /** The file of a stream to look at; null if nobody asked for it. */
    Logs.@Nullable Log showLog(LogStream stream) {
        shown = true;
        return log(stream);
    }

    /** Whether somebody may have one of its files open. */
    boolean wasShown() {
        return shown;
    }

    private synchronized Path folder() {
        var made = folder;
        if (made == null) {
            var in = session;
            made = host.folder.attempt(id, in == null ? null : in.workspace());
            serves = in == null && host.users.isEmpty();
            folderIsSpare = serves && host.folder.spares().takeFolder(made);
            if (!folderIsSpare) {
                WorkFolder.makeFolder(made, Identity.WORKER);
            }
            identity = host.users.take();
            folder = made;
            if (identity.user().isPresent()) {
                WorkFolder.letThrough(made);
            }
        }
        return made;
    }

    private Path makeFolder(String name) {
        var made = folder().resolve(name);
        return folderIsSpare && EMPTY.contains(name) ? made : WorkFolder.makeFolder(made, identity);
    }

    /** With whose rights its files are used. */
    synchronized Identity identity() {
        if (!host.users.isEmpty()) {
            folder();
        }
        return identity;
    }

    @Override
    public Optional<SystemUser> user() {
        return identity().user();
    }

    @Override
    public <T extends @Nullable Object, E extends Exception> T asUser(FileAction<T, E> action) throws E {
        return identity().run(action);
    }

    @Override
    public synchronized Path stdout() {
        var made = stdout;
        if (made == null) {
            made = output(LogStream.STDOUT, task().stdout());
            stdout = made;
        }
        return made;
    }

    @Override
    public synchronized Path stderr() {
        var made = stderr;
        if (made == null) {
            made = output(LogStream.STDERR, task().stderr());
            stderr = made;
        }
        return made;
    }

    private Path output(LogStream stream, @Nullable String asked) {
        if (asked == null) {
            if (!logsOpen) {
                host.logs.open(id.task().job());
                logsOpen = true;
            }
            return host.logs.make(id, stream);
        }
        var file = workingDirectory().resolve(asked).normalize();
        var parent = file.getParent();
        try {
            if (parent != null) {
                identity().run(() -> Files.createDirectories(parent));
            }
            return file;
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.INVALID,
                    "cannot make the folder of '" + asked + "' on worker '" + host.worker + "': " + e
                            + "; name another file",
                    e);
        }
    }

    /** Whether anything of it is on disk. */
    boolean touchedDisk() {
        return folder != null || stdout != null || stderr != null;
    }

    /** Where it writes this stream; null if nobody asked for it. */
    @Nullable
    Path output(LogStream stream) {
        return stream == LogStream.STDOUT ? stdout : stderr;
    }

    /** The file of this stream as it is read; null if nobody asked for it. */
    Logs.@Nullable Log log(LogStream stream) {
        var file = output(stream);
        return file == null ? null : new Logs.Log(file, named(stream) ? identity : Identity.WORKER);
    }

    /** Whether the user named the file of this stream. */
    boolean named(LogStream stream) {
        var task = task();
        return (stream == LogStream.STDOUT ? task.stdout() : task.stderr()) != null;
    }

    /** Whether a file goes away with the attempt. */
    boolean owns(Path file) {
        var made = folder;
        return made != null && file.startsWith(made);
    }

    /** Removes its folders, and lets go of its user and of those of its logs. Once. */
    synchronized void clear() {
        var made = folder;
        if (made != null) {
            var kept = serves && host.folder.spares().keepFolder(made, EMPTY, this::wasShown);
            if (!kept && !WorkFolder.removeEmpty(made, SCRATCH, WORKSPACE)) {
                WorkFolder.remove(made);
            }
            host.users.giveBack(identity);
        }
        if (logsOpen) {
            logsOpen = false;
            host.logs.close(id.task().job());
        }
    }
}
