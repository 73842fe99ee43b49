package muster.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
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
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
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

    /** Likewise: the bundles that this worker's own distribution has. */
    static final String OWN = "own";

    private static final Logger LOG = LoggerFactory.getLogger(Deployments.class);
    private static final Pattern FILE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\\.jar");
    private static final Duration START = Duration.ofSeconds(15);
    private static final Duration SETTLED = Duration.ofSeconds(2);
    private static final Duration COMPONENTS = Duration.ofSeconds(5);
    private static final Duration LONGEST_DRAIN = Duration.ofHours(24);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Until the operator is told that tasks are still waited for. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final BundleContext context;
    private final Path folder;
    private final Path system;
    private final Set<String> allowed;
    private final TaskFiles files;
    private final ExecutorRegistry registry;
    private final Function<Set<String>, CompletableFuture<Long>> running;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        var made = new Thread(task, "muster-worker-deploy");
        made.setDaemon(true);
        return made;
    });

    /** What the executors of the bundle in hand are given nothing for; they are given tasks again after it. */
    private Set<String> paused = Set.of();

    /**
     * @param folder that is watched for bundles
     * @param system with the bundles of the distribution
     * @param allowed words separated by commas: {@link #ANY}, {@link #OWN}, digests of those that may come; what is none of
     *     these, such as {@code none}, allows nothing
     * @param running how many attempts the executors of some kinds run now
     */
    Deployments(
            BundleContext context,
            Path folder,
            Path system,
            String allowed,
            TaskFiles files,
            ExecutorRegistry registry,
            Function<Set<String>, CompletableFuture<Long>> running) {
        this.context = context;
        this.folder = folder;
        this.system = system;
        this.allowed = Set.copyOf(Arrays.asList(allowed.split("[ ,]+")));
        this.files = files;
        this.registry = registry;
        this.running = running;
    }

    @Override
    public void deploy(ToWorker.Deploy request, Consumer<ToManager.Deployed> answer) {
        thread.execute(() -> {
            var once = new Once(request.request(), answer);
            var message = "";
            var error = "";
            try {
                message = carryOut(request, once);
            } catch (MusterException e) {
                error = String.valueOf(e.getMessage());
            } catch (IOException | RuntimeException e) {
                LOG.warn("Bundle '{}' was not deployed", request.file(), e);
                error = Names.escape(e.toString());
            }
            goOn();
            once.give(message, error);
        });
    }

    private String carryOut(ToWorker.Deploy request, Once once) throws IOException {
        if (!FILE.matcher(request.file()).matches()) {
            throw MusterException.invalid(
                    "'" + Names.escape(request.file()) + "' is no name of a bundle; write such as mine-1.0.jar");
        }
        var target = folder.resolve(request.file());
        return request.object().isEmpty() ? remove(target, once) : install(target, request.object(), once);
    }

    /** What is still there is given tasks again. */
    private void goOn() {
        registry.pause(paused, "");
        paused = Set.of();
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

        void give(String message, String error) {
            if (!given) {
                given = true;
                answer.accept(new ToManager.Deployed(request, message, error));
            }
        }
    }

    private String install(Path target, String object, Once once) throws IOException {
        Files.createDirectories(folder);
        // apart from the folder, where what is only looked at could be taken for a bundle
        var aside = Files.createTempDirectory("deploy");
        var fresh = aside.resolve("fresh.jar");
        var before = aside.resolve("before.jar");
        try {
            files.bring(object, fresh);
            requireAllowed(object, fresh);
            var there = elsewhere(Identity.of(fresh, target), target);
            if (!there.isEmpty()) {
                return there;
            }
            var updates = Files.exists(target);
            if (updates && Files.mismatch(fresh, target) < 0) {
                return deployed(target, "is there already");
            }
            if (updates) {
                drain(target, "is replaced", once);
                Files.copy(target, before);
            }
            // what watches the folder tells a change by the time
            var since = System.currentTimeMillis();
            put(fresh, target, since);
            var fault = awaitStart(target, since);
            if (!fault.isEmpty()) {
                if (updates) {
                    put(before, target, System.currentTimeMillis());
                } else {
                    Files.deleteIfExists(target);
                }
                throw MusterException.invalid("bundle '" + target.getFileName() + "' does not start: " + fault
                        + (updates ? "; the one before is back" : "; it is removed again"));
            }
            // its components are started beside it
            await(
                    COMPONENTS,
                    () -> bundle(target).map(Deployments::offersWhatItSays).orElse(true));
            LOG.info("Bundle '{}' ({}) is deployed", target.getFileName(), object);
            return deployed(target, updates ? "is replaced" : "is deployed");
        } finally {
            Files.deleteIfExists(fresh);
            Files.deleteIfExists(before);
            Files.delete(aside);
        }
    }

    /** Puts a file into the folder, as a whole. */
    private void put(Path content, Path target, long modifiedMillis) throws IOException {
        var writable = folder.resolve("." + target.getFileName() + ".new");
        Files.copy(content, writable, StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(writable, FileTime.from(Instant.ofEpochMilli(modifiedMillis)));
        Files.move(writable, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void requireAllowed(String object, Path file) throws IOException {
        var digest = object.substring(object.indexOf(':') + 1);
        if (!allowed.contains(ANY) && !allowed.contains(digest) && !(allowed.contains(OWN) && own(file))) {
            throw MusterException.invalid("this worker takes only bundles that its key 'deploy' allows, which " + object
                    + " is not; add it there");
        }
    }

    /** Whether the distribution has this very file. */
    private boolean own(Path file) throws IOException {
        var bytes = Files.size(file);
        try (var alike =
                Files.find(system, Integer.MAX_VALUE, (path, is) -> is.isRegularFile() && is.size() == bytes)) {
            for (var path : (Iterable<Path>) alike::iterator) {
                if (Files.mismatch(path, file) < 0) {
                    return true;
                }
            }
            return false;
        }
    }

    /** What a bundle says that it is. */
    private record Identity(String name, Version version) {
        /** @param file that is to be deployed under this name */
        static Identity of(Path file, Path named) {
            try (var jar = new JarFile(file.toFile())) {
                var manifest = jar.getManifest();
                var name =
                        manifest == null ? null : manifest.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
                if (name == null) {
                    throw MusterException.invalid("'" + named.getFileName() + "' is no bundle: its manifest has no "
                            + Constants.BUNDLE_SYMBOLICNAME + "; build it with bnd, as docs/write-an-executor.md says");
                }
                return new Identity(
                        name.split(";", 2)[0].strip(),
                        Version.parseVersion(manifest.getMainAttributes().getValue(Constants.BUNDLE_VERSION)));
            } catch (IOException e) {
                throw new MusterException(
                        ErrorCode.INVALID, "'" + named.getFileName() + "' is no jar: " + e.getMessage(), e);
            } catch (IllegalArgumentException e) {
                throw new MusterException(
                        ErrorCode.INVALID, "'" + named.getFileName() + "' is no bundle: " + e.getMessage(), e);
            }
        }

        @Override
        public String toString() {
            return name + " " + version;
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

    /** Gives the executors that end with it nothing more, and waits until what they run has ended. */
    private void drain(Path target, String what, Once once) {
        var kinds = bundle(target).map(Deployments::endingWith).orElse(Set.of());
        if (kinds.isEmpty()) {
            return;
        }
        paused = kinds;
        registry.pause(kinds, "bundle '" + target.getFileName() + "' " + what);
        if (!await(PATIENCE, () -> idle(kinds))) {
            once.give("'" + target.getFileName() + "' " + what + " once the tasks that it runs have ended", "");
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
        return running.apply(kinds).join() == 0;
    }

    /**
     * What to say of a bundle that the worker has from elsewhere; empty if it has none. To put the same one into the folder
     * too would take that one over, and remove it with the file.
     */
    private String elsewhere(Identity identity, Path target) {
        for (var other : context.getBundles()) {
            if (!identity.name().equals(other.getSymbolicName())
                    || other.getLocation().equals(location(target))) {
                continue;
            }
            if (identity.version().equals(other.getVersion())) {
                return "'" + target.getFileName() + "' is there already, " + origin(other) + offered(other);
            }
            if (!kinds(other).isEmpty()) {
                throw MusterException.conflict("'" + target.getFileName() + "' is " + identity + ", and version "
                        + other.getVersion() + " is there, " + origin(other) + offered(other)
                        + "; no two versions can offer them, so remove that one first");
            }
        }
        return "";
    }

    private String origin(Bundle bundle) {
        var here = location(folder.resolve("."));
        var location = bundle.getLocation();
        return location.startsWith(here)
                ? "as '" + location.substring(here.length()) + "'"
                : "with the worker, from " + location;
    }

    private Optional<Bundle> bundle(Path target) {
        return Optional.ofNullable(context.getBundle(location(target)));
    }

    /** As what watches the folder names it. */
    private static String location(Path path) {
        return path.toFile().toURI().normalize().toString();
    }

    /** The kinds of a bundle, and of those that use a service of it. */
    private static Set<String> endingWith(Bundle bundle) {
        var kinds = kinds(bundle);
        for (var service : services(bundle)) {
            var users = service.getUsingBundles();
            if (users != null) {
                for (var user : users) {
                    kinds.addAll(kinds(user));
                }
            }
        }
        return kinds;
    }

    private static Set<String> kinds(Bundle bundle) {
        var kinds = new TreeSet<String>();
        for (var service : services(bundle)) {
            if (service.getProperty(Executor.NAME) instanceof String kind) {
                kinds.add(kind);
            }
        }
        return kinds;
    }

    /** Whether an executor is there, if the manifest tells of one. */
    private static boolean offersWhatItSays(Bundle bundle) {
        var provided = bundle.getHeaders("").get(Constants.PROVIDE_CAPABILITY);
        return provided == null
                || !provided.contains(Executor.class.getName())
                || !kinds(bundle).isEmpty();
    }

    private static List<ServiceReference<?>> services(Bundle bundle) {
        var services = bundle.getRegisteredServices();
        return services == null ? List.of() : List.of(services);
    }

    private String deployed(Path target, String what) {
        return "'" + target.getFileName() + "' " + what
                + bundle(target).map(Deployments::offered).orElse("");
    }

    private static String offered(Bundle bundle) {
        var kinds = kinds(bundle);
        return kinds.isEmpty() ? "" : "; executors: " + String.join(", ", kinds);
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
