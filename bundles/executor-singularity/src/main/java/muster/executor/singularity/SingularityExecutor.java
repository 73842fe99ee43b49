package muster.executor.singularity;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.ErrorKind;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Quantity;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.CommandExecutor;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.Program;
import muster.api.executor.ProgramRunner;
import muster.api.executor.ProgramRunner.Options;
import muster.api.executor.Pull;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The executor {@code singularity}: runs commands in containers of Apptainer or Singularity. */
@Component(
        service = Executor.class,
        configurationPid = "muster.executor.singularity",
        property = Executor.NAME + "=" + SingularityExecutor.KIND)
@Designate(ocd = SingularityExecutor.Configuration.class)
public final class SingularityExecutor implements Executor {
    static final String KIND = "singularity";

    private static final Logger LOG = LoggerFactory.getLogger(SingularityExecutor.class);
    private static final long IDLE_THREAD_SECONDS = 30;

    /** Its settings. */
    @ObjectClassDefinition(
            name = "Muster singularity executor",
            description = "Runs commands in containers of Apptainer or Singularity")
    public @interface Configuration {
        @AttributeDefinition(description = "Time between SIGTERM and SIGKILL when an attempt is ended, such as 5s")
        String grace() default "5s";

        @AttributeDefinition(
                description = "When images of registries are fetched: always, missing (when one is not here) or never;"
                        + " a task may choose another, except where this says never")
        String pull() default "missing";

        @AttributeDefinition(
                description = "File with credentials of registries, in the form of Docker's config.json. Empty: none")
        String credentials() default "";

        @AttributeDefinition(
                description = "Networks that tasks may ask for, comma separated: none, host for that of the machine, or"
                        + " names that Apptainer is configured for; the first is what they get")
        String networks() default "none,host";

        @AttributeDefinition(
                description = "Folders that tasks may mount and take images from, comma separated, with :rw behind"
                        + " those that they may write to. Empty: their own workspace alone")
        String binds() default "";

        @AttributeDefinition(description = "The most processes of an attempt, each thread counted; 0 for no limit")
        int processes() default 4096;

        @AttributeDefinition(
                description = "How much disk images may take that were fetched or converted; those that were not used"
                        + " for longest are removed beyond it")
        String cache() default "20GiB";

        @AttributeDefinition(description = "Folder for these images; empty for ${karaf.data}/executor-singularity")
        String data() default "";
    }

    private final Settings settings;
    private final ThreadPoolExecutor readers = threads("reader", 1);
    private final ThreadPoolExecutor makers = threads("images", 2);
    private final Installation installation;
    private final Images images;
    private final CommandExecutor commands;
    private final Map<AttemptId, Waiting> waiting = new ConcurrentHashMap<>();
    private final Map<AttemptId, Path> prepared = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** An attempt whose image is being prepared. */
    private record Waiting(Attempt attempt, Outcomes outcomes) {
        void tell(Outcome outcome) {
            outcomes.ended(attempt.id(), outcome);
        }
    }

    @Activate
    public SingularityExecutor(@Reference ProgramRunner runner, Configuration configuration) {
        this(
                runner,
                new Options(KIND, Quantity.parseDuration(configuration.grace()), true, configuration.processes()),
                Settings.of(configuration),
                System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin"));
    }

    SingularityExecutor(ProgramRunner runner, Options options, Settings settings, String search) {
        this.settings = settings;
        installation =
                new Installation(search, settings.data(), settings.networks().get(0), readers);
        images = new Images(settings, readers, makers);
        commands = runner.open(options, this::program);
    }

    private static ThreadPoolExecutor threads(String name, int most) {
        var pool = new ThreadPoolExecutor(
                most, most, IDLE_THREAD_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    var thread = new Thread(task, "muster-singularity-" + name);
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    @Override
    public Availability probe() {
        installation.look();
        var runtime = installation.runtime();
        if (runtime.isEmpty()) {
            return Availability.no(installation.whyNot());
        }
        var availability = commands.probe();
        if (!availability.available()) {
            return availability;
        }
        var progress = images.progress();
        return Availability.yes(
                runtime.get().version() + "; " + availability.reason() + (progress.isEmpty() ? "" : "; " + progress));
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        for (var attempt : attempts) {
            try {
                start(attempt, new Explained(attempt, outcomes));
            } catch (MusterException e) {
                outcomes.ended(attempt.id(), refusal(e));
            }
        }
    }

    private void start(Attempt attempt, Outcomes outcomes) {
        Container.check(attempt);
        var image = image(attempt);
        if (image.kind() == Image.Kind.FILE) {
            commands.start(List.of(attempt), outcomes);
            return;
        }
        var entry = new Waiting(attempt, outcomes);
        waiting.put(attempt.id(), entry);
        prepare(attempt, image).whenComplete((file, failure) -> {
            if (!waiting.remove(attempt.id(), entry)) {
                return; // canceled meanwhile
            }
            if (failure == null) {
                prepared.put(attempt.id(), file);
                commands.start(List.of(attempt), outcomes);
            } else {
                entry.tell(refusal(failure instanceof CompletionException ? failure.getCause() : failure));
            }
        });
        if (closed && waiting.remove(attempt.id(), entry)) {
            entry.tell(stopped());
        }
    }

    private static Image image(Attempt attempt) {
        return attempt.task()
                .parameters()
                .string("image")
                .map(Image::of)
                .orElseThrow(() -> MusterException.invalid(
                        "the task names no image; give --param image=IMAGE: a file, a folder or docker://NAME"));
    }

    private CompletionStage<Path> prepare(Attempt attempt, Image image) {
        try {
            var runtime = requireRuntime();
            return image.kind() == Image.Kind.REMOTE
                    ? images.fetch(image, Pull.of(attempt.task().parameters(), settings.pull()), runtime)
                    : images.convert(image, attempt, file(attempt, image), runtime);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(
                    new MusterException(ErrorCode.UNAVAILABLE, "the singularity executor was stopped", e));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private ContainerRuntime requireRuntime() {
        return installation
                .runtime()
                .orElseThrow(() -> new MusterException(ErrorCode.UNAVAILABLE, installation.whyNot()));
    }

    /** The file or folder that a task names, which must be its own or in a folder that the operator allows. */
    private Path file(Attempt attempt, Image image) {
        var directory = attempt.workingDirectory();
        return attempt.asUser(() -> {
            if (!Files.exists(directory.resolve(image.source()))) {
                throw MusterException.invalid("image '" + Names.escape(image.text()) + "' is neither in the task's"
                        + " workspace nor at such a path of this worker; give it by --input, or name an image of a"
                        + " registry, such as docker://debian:12");
            }
            return settings.binds().with(directory, true).require("image", directory.resolve(image.source()), false);
        });
    }

    private Program program(Attempt attempt) {
        var file = prepared.get(attempt.id());
        return Container.program(
                attempt, file == null ? file(attempt, image(attempt)) : file, settings, requireRuntime());
    }

    @Override
    public void cancel(Attempt attempt) {
        var entry = waiting.remove(attempt.id());
        if (entry != null) {
            entry.tell(Outcome.failure(Cause.CANCELED, "canceled before it started"));
        } else {
            commands.cancel(attempt);
        }
    }

    private static Outcome stopped() {
        return Outcome.failure(Cause.EXECUTOR, "the singularity executor was stopped");
    }

    private static Outcome refusal(@Nullable Throwable failure) {
        if (failure instanceof MusterException e) {
            var cause = e.kind() == ErrorKind.USER ? Cause.INVALID : Cause.EXECUTOR;
            return Outcome.failure(cause, String.valueOf(e.getMessage()));
        }
        LOG.error("An image was not prepared", failure);
        return Outcome.failure(Cause.INTERNAL, "the singularity executor failed: " + failure);
    }

    /** Kills what runs, and waits until that is told. */
    @Deactivate
    void close() {
        closed = true;
        waiting.forEach((id, entry) -> {
            if (waiting.remove(id, entry)) {
                entry.tell(stopped());
            }
        });
        images.close();
        commands.close();
        makers.shutdownNow();
        readers.shutdownNow();
    }

    /** Tells outcomes by their names that the runtime tells by an exit code alone. */
    private final class Explained implements Outcomes {
        private final Attempt attempt;
        private final Outcomes outcomes;

        Explained(Attempt attempt, Outcomes outcomes) {
            this.attempt = attempt;
            this.outcomes = outcomes;
        }

        @Override
        public void started(AttemptId id) {
            outcomes.started(id);
        }

        @Override
        public void ended(AttemptId id, Outcome outcome) {
            prepared.remove(id);
            outcomes.ended(id, Complaint.explain(attempt, outcome));
        }
    }
}
