package muster.executor.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import muster.api.Cause;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The executor {@code native}: runs commands as processes of this machine, each tree of them followed to its end. */
@Component(
        service = Executor.class,
        configurationPid = "muster.executor.native",
        property = Executor.NAME + "=" + NativeExecutor.KIND)
@Designate(ocd = NativeExecutor.Configuration.class)
public final class NativeExecutor implements Executor {
    static final String KIND = "native";

    private static final String AUTO = "auto";
    private static final String NONE = "none";
    private static final String LIMITS = "limits";

    /** Its settings. */
    @ObjectClassDefinition(name = "Muster native executor", description = "Runs commands as processes of the worker")
    public @interface Configuration {
        @AttributeDefinition(description = "Time between SIGTERM and SIGKILL when an attempt is ended, such as 5s")
        String grace() default "5s";

        @AttributeDefinition(
                description = "The cgroup v2 folder in which each attempt gets a group of its own: auto for the one"
                        + " that the worker runs in, if it may write there; none to follow processes by /proc alone")
        String cgroup() default AUTO;

        @AttributeDefinition(
                description = "none: what tasks reserve is for their placement alone; limits: a task that uses more"
                        + " memory or disk than it reserved is ended")
        String isolation() default LIMITS;
    }

    private static final String NOTE_OF_LIMITS = "; memory is looked at five times a second and the workspace once, so"
            + " that a task may use more for as long";

    /** Null where this kind cannot run, and then {@link #note} says why. */
    private final @Nullable Engine engine;

    private final @Nullable ControlGroups groups;
    private final String note;

    @Activate
    public NativeExecutor(Configuration configuration) {
        this(
                Quantity.parseDuration(configuration.grace()),
                configuration.cgroup(),
                limits(configuration.isolation()),
                Launcher::new);
    }

    NativeExecutor(Duration grace, String cgroup) {
        this(grace, cgroup, true, Launcher::new);
    }

    NativeExecutor(Duration grace, String cgroup, boolean limits, Supplier<Launcher> launcher) {
        Engine opened = null;
        ControlGroups made = null;
        String text;
        try {
            requirePlatform();
            var groupsOrWhyNot = groups(cgroup);
            made = groupsOrWhyNot.groups();
            text = groupsOrWhyNot.note() + (limits ? NOTE_OF_LIMITS : "");
            opened = new Engine(launcher.get(), grace, limits, made);
        } catch (LinkageError e) {
            text = "the C library cannot be called (" + e + "); the worker needs glibc, and a folder java.io.tmpdir"
                    + " that is not mounted noexec";
        } catch (IOException e) {
            text = String.valueOf(e.getMessage());
        }
        engine = opened;
        groups = made;
        note = text;
    }

    private static boolean limits(String isolation) {
        return switch (isolation) {
            case NONE -> false;
            case LIMITS -> true;
            default -> throw MusterException.invalid("isolation is '" + isolation + "'; write none or limits");
        };
    }

    private record Groups(@Nullable ControlGroups groups, String note) {}

    private static void requirePlatform() throws IOException {
        var system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!system.equals("Linux amd64") && !system.equals("Linux aarch64")) {
            throw new IOException("native tasks need Linux on amd64 or aarch64, this is " + system
                    + "; run the worker there, or use another executor");
        }
    }

    private static Groups groups(String cgroup) throws IOException {
        if (cgroup.equals(NONE)) {
            return new Groups(null, noteOfProc("as configured"));
        }
        if (!cgroup.equals(AUTO)) {
            return named(Path.of(cgroup));
        }
        try {
            return named(ControlGroups.own());
        } catch (IOException e) {
            return new Groups(null, noteOfProc(String.valueOf(e.getMessage())));
        }
    }

    private static Groups named(Path parent) throws IOException {
        var groups = new ControlGroups(parent);
        return new Groups(groups, noteOfGroups(groups.folder()));
    }

    private static String noteOfGroups(Path folder) {
        return "each attempt's processes are held in a cgroup below " + folder
                + "; only one that may write there (root) can leave it, or one that in the first 50 ms of its attempt starts"
                + " a session of its own, clears its environment, leaves its directory and output, and loses its parent";
    }

    private static String noteOfProc(String why) {
        return "processes are followed by /proc, not by cgroup (" + why + "): one that starts a session of its own,"
                + " clears its environment, leaves its directory and output, and loses its parent, all within a second,"
                + " outlives its attempt";
    }

    @Override
    public Availability probe() {
        if (engine == null) {
            return Availability.no(note);
        }
        return groups == null || groups.working()
                ? Availability.yes(note)
                : Availability.yes(noteOfProc("moving processes to one failed, see the log"));
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        if (engine == null) {
            attempts.forEach(attempt -> outcomes.ended(attempt.id(), Outcome.failure(Cause.EXECUTOR, note)));
        } else {
            engine.start(attempts, outcomes);
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        if (engine != null) {
            engine.cancel(attempt.id());
        }
    }

    @Deactivate
    void close() {
        if (engine != null) {
            engine.close();
        }
    }
}
