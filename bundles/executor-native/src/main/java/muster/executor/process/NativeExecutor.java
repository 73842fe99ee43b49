package muster.executor.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import muster.api.Cause;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.CommandExecutor;
import muster.api.executor.Executor;
import muster.api.executor.Folders;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.Program;
import muster.api.executor.ProgramRunner;
import muster.api.executor.ProgramRunner.Options;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The executor {@code native}: runs commands as processes of this machine, each tree of them followed to its end. */
@Component(
        service = Executor.class,
        configurationPid = "muster.executor.native",
        property = Executor.NAME + "=" + NativeExecutor.KIND)
@Designate(ocd = NativeExecutor.Configuration.class)
public final class NativeExecutor implements Executor, AutoCloseable {
    static final String KIND = "native";

    private static final String NONE = "none";
    private static final String LIMITS = "limits";
    private static final String SANDBOX = "sandbox";

    /** Its settings. */
    @ObjectClassDefinition(name = "Muster native executor", description = "Runs commands as processes of the worker")
    public @interface Configuration {
        @AttributeDefinition(description = "Time between SIGTERM and SIGKILL when an attempt is ended, such as 5s")
        String grace() default "5s";

        @AttributeDefinition(
                description =
                        "Control groups that hold the processes of attempts, of every executor of commands: auto for those below the one that"
                                + " the worker runs in, if it may write there; a folder of cgroup v2; none to follow processes"
                                + " by /proc alone")
        String cgroup() default "auto";

        @AttributeDefinition(
                description = "none: what tasks reserve is for their placement alone; limits: a task is held to the"
                        + " cores that it reserved, and ended if it uses more memory or disk; sandbox: and it sees, by"
                        + " Bubblewrap, the system's folders, its own and those of the key binds alone")
        String isolation() default LIMITS;

        @AttributeDefinition(
                description = "The most processes of an attempt, each thread counted; 0 for no limit; where there are"
                        + " no control groups, of all that the worker's user runs, for each processor")
        int processes() default 4096;

        @AttributeDefinition(
                description = "Folders that tasks in a sandbox see too, with :rw behind those that they may write to,"
                        + " such as /data,/scratch:rw")
        String binds() default "";
    }

    /** Why it cannot be had here; null if it can, or is not asked for. */
    private final @Nullable String noSandbox;

    private final CommandExecutor executor;

    @Activate
    public NativeExecutor(@Reference ProgramRunner runner, Configuration configuration) {
        this(
                runner,
                new Options(
                        KIND,
                        Quantity.parseDuration(configuration.grace()),
                        limits(configuration.isolation()),
                        configuration.processes()),
                configuration.isolation().equals(SANDBOX)
                        ? () -> new Sandbox(
                                System.getenv().getOrDefault("PATH", "/usr/bin:/bin"),
                                Folders.parse(configuration.binds(), "binds in muster.executor.native.cfg"),
                                foldersOfWorker())
                        : null);
    }

    NativeExecutor(ProgramRunner runner, Options options, @Nullable SandboxMaker maker) {
        Function<Attempt, Program> programs = Programs::resolve;
        String whyNot = null;
        if (maker != null) {
            try {
                programs = maker.make();
            } catch (IOException e) {
                whyNot = e.getMessage();
            }
        }
        noSandbox = whyNot;
        executor = runner.open(options, programs);
    }

    /** Makes a sandbox, or says why there is none. */
    @FunctionalInterface
    interface SandboxMaker {
        Sandbox make() throws IOException;
    }

    /** With its secrets, and what other tasks have. */
    private static List<Path> foldersOfWorker() {
        return Stream.of("karaf.base", "karaf.data", "karaf.etc")
                .map(System::getProperty)
                .filter(Objects::nonNull)
                .map(Path::of)
                .toList();
    }

    private static boolean limits(String isolation) {
        return switch (isolation) {
            case NONE -> false;
            case LIMITS, SANDBOX -> true;
            default -> throw MusterException.invalid("isolation is '" + isolation + "'; write none, limits or sandbox");
        };
    }

    @Override
    public Availability probe() {
        return noSandbox == null ? executor.probe() : Availability.no(noSandbox);
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        if (noSandbox == null) {
            executor.start(attempts, outcomes);
        } else {
            attempts.forEach(attempt -> outcomes.ended(attempt.id(), Outcome.failure(Cause.EXECUTOR, noSandbox)));
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        executor.cancel(attempt);
    }

    @Override
    @Deactivate
    public void close() {
        executor.close();
    }
}
