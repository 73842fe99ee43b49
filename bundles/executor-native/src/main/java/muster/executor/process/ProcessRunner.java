package muster.executor.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.Supplier;
import muster.api.executor.Attempt;
import muster.api.executor.CommandExecutor;
import muster.api.executor.Program;
import muster.api.executor.ProgramRunner;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Runs the programs of all executors of this JVM by one engine, if this machine allows it. */
@Component(service = ProgramRunner.class, configurationPid = "muster.executor.native")
public final class ProcessRunner implements ProgramRunner, AutoCloseable {
    private static final String AUTO = "auto";
    private static final String NONE = "none";

    /** What of the native executor's settings is for all. */
    public @interface Configuration {
        /** Described by {@link NativeExecutor.Configuration}. */
        String cgroup() default AUTO;
    }

    /** Null where nothing can run, and then {@link #whyNot} says why. */
    final @Nullable Engine engine;

    final @Nullable ControlGroups groups;

    /** Why there is no engine, or else why there are no groups. */
    final String whyNot;

    @Activate
    public ProcessRunner(Configuration configuration) {
        this(configuration.cgroup());
    }

    /** @param cgroup a folder of cgroup v2; {@code auto} for whatever control groups there are; {@code none} for none */
    public ProcessRunner(String cgroup) {
        this(cgroup, Launcher::new);
    }

    ProcessRunner(String cgroup, Supplier<Launcher> launcher) {
        Engine opened = null;
        ControlGroups found = null;
        String text;
        try {
            requirePlatform();
            var groupsOrWhyNot = groups(cgroup);
            found = groupsOrWhyNot.groups();
            text = groupsOrWhyNot.whyNot();
            opened = new Engine(launcher.get(), found);
        } catch (LinkageError e) {
            text = "the C library cannot be called (" + e + "); the worker needs glibc, and a folder java.io.tmpdir"
                    + " that is not mounted noexec";
        } catch (IOException e) {
            text = String.valueOf(e.getMessage());
        }
        engine = opened;
        groups = found;
        whyNot = text;
    }

    private record Groups(@Nullable ControlGroups groups, String whyNot) {}

    private static void requirePlatform() throws IOException {
        var system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!system.equals("Linux amd64") && !system.equals("Linux aarch64")) {
            throw new IOException("this kind of task needs Linux on amd64 or aarch64, this is " + system
                    + "; run the worker there, or use another executor");
        }
    }

    private static Groups groups(String cgroup) throws IOException {
        switch (cgroup) {
            case NONE:
                return new Groups(null, "as configured");
            case AUTO:
                try {
                    return new Groups(ControlGroups.find(), "");
                } catch (IOException e) {
                    return new Groups(null, String.valueOf(e.getMessage()));
                }
            default:
                return new Groups(new ControlGroupsOfVersion2(Path.of(cgroup)), "");
        }
    }

    @Override
    public CommandExecutor open(Options options, Function<Attempt, Program> programs) {
        return new Commands(this, options, programs);
    }

    /** Kills whatever runs, waits until that is told, and ends the threads. */
    @Deactivate
    @Override
    public void close() {
        if (engine != null) {
            engine.close();
        }
    }
}
