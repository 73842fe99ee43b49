package muster.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.executor.Executor;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bundles that the manager sends. They lie in the folder {@code deploy} of the node, as those that an operator drops there,
 * so that they are there again after a restart. Before a bundle is replaced or removed its executors are given nothing
 * more, and what they run ends. One at a time.
 */
final class Deployments implements Deployer, AutoCloseable {
    /** Value of the key {@code deploy}: whatever an administrator sends. */
    static final String ANY = "any";

    /** Likewise: nothing. */
    static final String NONE = "none";

    private static final Logger LOG = LoggerFactory.getLogger(Deployments.class);
    private static final Pattern FILE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\\.jar");
    private static final Duration START = Duration.ofSeconds(15);
    private static final Duration SETTLED = Duration.ofSeconds(2);
    private static final Duration LONGEST_DRAIN = Duration.ofHours(24);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Until the operator is told that tasks are still waited for. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final BundleContext context;
    private final Path folder;
    private final String allowed;
    private final TaskFiles files;
    private final ExecutorRegistry registry;
    private final Agent agent;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        var made = new Thread(task, "muster-worker-deploy");
        made.setDaemon(true);
        return made;
    });

    /**
     * @param folder that is watched for bundles
     * @param allowed {@link #ANY}, {@link #NONE}, or the digests of those that may come, separated by commas
     */
    Deployments(
            BundleContext context,
            Path folder,
            String allowed,
            TaskFiles files,
            ExecutorRegistry registry,
            Agent agent) {
        this.context = context;
        this.folder = folder;
        this.allowed = allowed;
        this.files = files;
        this.registry = registry;
        this.agent = agent;
    }

    @Override
    public void deploy(ToWorker.Deploy request, Consumer<ToManager.Deployed> answer) {
        thread.execute(() -> {
            var once = new Once(request.request(), answer);
            try {
                if (!FILE.matcher(request.file()).matches()) {
                    throw MusterException.invalid("'" + Names.escape(request.file())
                            + "' is no name of a bundle; write such as mine-1.0.jar");
                }
                var target = folder.resolve(request.file());
                once.done(request.object().isEmpty() ? remove(target, once) : install(target, request.object(), once));
            } catch (MusterException e) {
                goOn(request.file());
                once.failed(String.valueOf(e.getMessage()));
            } catch (IOException | RuntimeException e) {
                goOn(request.file());
                LOG.warn("Bundle '{}' was not deployed", request.file(), e);
                once.failed(Names.escape(e.toString()));
            }
        });
    }

    /** What was to be replaced or removed and was not is given tasks again. */
    private void goOn(String file) {
        if (FILE.matcher(file).matches()) {
            bundle(folder.resolve(file)).ifPresent(bundle -> registry.pause(kinds(bundle), ""));
        }
    }

    /** An answer that is given once. */
    private static final class Once {
        private final long request;
        private final Consumer<ToManager.Deployed> answer;
        private boolean given;

        Once(long request, Consumer<ToManager.Deployed> answer) {
            this.request = request;
            this.answer = answer;
        }

        void done(String message) {
            give(message, "");
        }

        void failed(String error) {
            give("", error);
        }

        private void give(String message, String error) {
            if (!given) {
                given = true;
                answer.accept(new ToManager.Deployed(request, message, error));
            }
        }
    }

    private String install(Path target, String object, Once once) throws IOException {
        requireAllowed(object);
        Files.createDirectories(folder);
        var fresh = folder.resolve("." + target.getFileName() + ".part");
        var before = folder.resolve("." + target.getFileName() + ".before");
        Files.deleteIfExists(fresh);
        files.bring(object, fresh);
        try {
            requireBundle(fresh, target);
            var updates = Files.exists(target);
            if (updates && Files.mismatch(fresh, target) < 0) {
                return offered(target, "is there already");
            }
            if (updates) {
                drain(target, "is replaced", once);
                Files.copy(target, before, StandardCopyOption.REPLACE_EXISTING);
            }
            // what watches the folder tells a change by the time
            var since = System.currentTimeMillis();
            var writable = folder.resolve("." + target.getFileName() + ".new");
            Files.copy(fresh, writable, StandardCopyOption.REPLACE_EXISTING);
            Files.setLastModifiedTime(writable, FileTime.from(Instant.ofEpochMilli(since)));
            Files.move(writable, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            var fault = awaitStart(target, since);
            if (!fault.isEmpty()) {
                putBack(target, before);
                throw MusterException.invalid("bundle '" + target.getFileName() + "' does not start: " + fault
                        + (updates ? "; the one before is back" : "; it is removed again"));
            }
            LOG.info("Bundle '{}' ({}) is deployed", target.getFileName(), object);
            return offered(target, updates ? "is replaced" : "is deployed");
        } finally {
            Files.deleteIfExists(fresh);
            Files.deleteIfExists(before);
        }
    }

    private static void putBack(Path target, Path before) throws IOException {
        if (Files.exists(before)) {
            Files.setLastModifiedTime(before, FileTime.from(Instant.now()));
            Files.move(before, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } else {
            Files.deleteIfExists(target);
        }
    }

    private void requireAllowed(String object) {
        var digest = object.substring(object.indexOf(':') + 1);
        if (!allowed.equals(ANY)
                && (allowed.equals(NONE) || !Set.of(allowed.split("[ ,]+")).contains(digest))) {
            throw MusterException.invalid("this worker takes only bundles that its key 'deploy' allows, which " + object
                    + " is not; add it there");
        }
    }

    private static void requireBundle(Path file, Path target) {
        try (var jar = new JarFile(file.toFile())) {
            var manifest = jar.getManifest();
            if (manifest != null && manifest.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME) != null) {
                return;
            }
            throw MusterException.invalid("'" + target.getFileName() + "' is no bundle: its manifest has no "
                    + Constants.BUNDLE_SYMBOLICNAME + "; build it with bnd, as docs/executors.md says");
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "'" + target.getFileName() + "' is no jar: " + e.getMessage(), e);
        }
    }

    private String remove(Path target, Once once) throws IOException {
        if (!Files.exists(target)) {
            throw MusterException.notFound("no bundle '" + target.getFileName() + "' is deployed here by hand"
                    + "; what came with the worker is removed by its features");
        }
        drain(target, "is removed", once);
        Files.deleteIfExists(target);
        if (!await(START, () -> bundle(target).isEmpty())) {
            throw MusterException.conflict(
                    "bundle '" + target.getFileName() + "' did not go away; see the worker's log");
        }
        LOG.info("Bundle '{}' is removed", target.getFileName());
        return "'" + target.getFileName() + "' is removed";
    }

    /** Gives its executors nothing more, and waits until what they run has ended. */
    private void drain(Path target, String what, Once once) {
        var kinds = bundle(target).map(Deployments::kinds).orElse(Set.of());
        if (kinds.isEmpty()) {
            return;
        }
        registry.pause(kinds, "its bundle '" + target.getFileName() + "' " + what);
        if (!await(PATIENCE, () -> idle(kinds))) {
            once.done("'" + target.getFileName() + "' " + what + " once the tasks that it runs have ended");
            if (!await(LONGEST_DRAIN, () -> idle(kinds))) {
                LOG.warn(
                        "Executors {} still run tasks after {}; their bundle {} all the same",
                        kinds,
                        LONGEST_DRAIN,
                        what);
            }
        }
    }

    private boolean idle(Set<String> kinds) {
        return agent.running(kinds).join() == 0;
    }

    private Optional<Bundle> bundle(Path target) {
        // as what watches the folder names it
        return Optional.ofNullable(
                context.getBundle(target.toFile().toURI().normalize().toString()));
    }

    private static Set<String> kinds(Bundle bundle) {
        var kinds = new TreeSet<String>();
        var services = bundle.getRegisteredServices();
        if (services != null) {
            for (var service : services) {
                if (service.getProperty(Executor.NAME) instanceof String kind) {
                    kinds.add(kind);
                }
            }
        }
        return kinds;
    }

    private String offered(Path target, String what) {
        var kinds = bundle(target).map(Deployments::kinds).orElse(Set.of());
        return "'" + target.getFileName() + "' " + what
                + (kinds.isEmpty() ? "" : "; executors: " + String.join(", ", kinds));
    }

    /** Why the bundle has not started; empty if it has. */
    private String awaitStart(Path target, long since) {
        await(START, () -> bundle(target)
                .filter(bundle -> bundle.getLastModified() >= since)
                .filter(bundle -> bundle.getState() == Bundle.ACTIVE
                        || System.currentTimeMillis() - bundle.getLastModified() > SETTLED.toMillis())
                .isPresent());
        var bundle = bundle(target);
        if (bundle.isEmpty()) {
            return "it was not installed within " + START.toSeconds() + " s; see the worker's log";
        }
        if (bundle.get().getState() == Bundle.ACTIVE) {
            return "";
        }
        try {
            bundle.get().start();
            return "";
        } catch (BundleException e) {
            return Names.escape(String.valueOf(e.getMessage()));
        }
    }

    private boolean await(Duration limit, BooleanSupplier there) {
        var begin = System.nanoTime();
        while (!there.getAsBoolean()) {
            if (System.nanoTime() - begin > limit.toNanos() || thread.isShutdown()) {
                return false;
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return true;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
