package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Hashtable;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import muster.api.executor.Executor;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.apache.felix.fileinstall.ArtifactListener;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.launch.Framework;

/** On a framework and a watched folder like those of a node. */
class DeploymentsTest {
    private static final long ANSWER_SECONDS = 20;

    @TempDir
    Path folder;

    private final FakeTaskFiles files = new FakeTaskFiles();
    private final ExecutorRegistry registry = new ExecutorRegistry(Duration.ofHours(1), "");
    private final AtomicLong running = new AtomicLong();
    private final ConcurrentLinkedQueue<Set<String>> asked = new ConcurrentLinkedQueue<>();
    private final AtomicLong requests = new AtomicLong();
    private Framework framework;
    private Path deploy;
    private Path system;

    @BeforeEach
    void start() throws Exception {
        deploy = Files.createDirectory(folder.resolve("deploy"));
        system = Files.createDirectories(folder.resolve("system/org/acme"));
        framework = new FrameworkFactory()
                .newFramework(Map.of(
                        "org.osgi.framework.storage", folder.resolve("cache").toString(),
                        "felix.fileinstall.dir", deploy.toString(),
                        "felix.fileinstall.tmpdir", folder.resolve("tmp").toString(),
                        "felix.fileinstall.poll", "20",
                        "felix.fileinstall.filter", "[^.].*"));
        framework.start();
        install(ArtifactListener.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString());
    }

    @AfterEach
    void stop() throws Exception {
        registry.close();
        framework.stop();
        framework.waitForStop(0);
    }

    @Test
    void whatCameWithTheWorkerStaysAsItIs() throws Exception {
        Bundle boot;
        try (var in = Files.newInputStream(jar("echo", "1.0.0", "echo", ""))) {
            boot = install("mvn:org.acme/echo/1.0.0", in);
        }

        assertThat(deploy("echo.jar", jar("echo", "1.0.0", "echo", "")).message())
                .isEqualTo(
                        "'echo.jar' is there already, with the worker, from mvn:org.acme/echo/1.0.0; executors: echo");
        assertThat(deploy("echo.jar", jar("echo", "2.0.0", "echo", "")).error())
                .isEqualTo("'echo.jar' is echo 2.0.0, and version 1.0.0 is there, with the worker, from"
                        + " mvn:org.acme/echo/1.0.0; executors: echo; no two versions can offer them, so remove that"
                        + " one first");
        assertThat(boot.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(deploy).isEmptyDirectory();
    }

    @Test
    void oneBundleIsNotDeployedUnderTwoNames() throws Exception {
        assertThat(deploy("echo.jar", jar("echo", "1.0.0", "echo", "")).message())
                .isEqualTo("'echo.jar' is deployed; executors: echo");

        assertThat(deploy("again.jar", jar("echo", "1.0.0", "echo", "")).message())
                .isEqualTo("'again.jar' is there already, as 'echo.jar'; executors: echo");
        assertThat(deploy("newer.jar", jar("echo", "2.0.0", "echo", "")).error())
                .contains("version 1.0.0 is there, as 'echo.jar'");
        assertThat(deploy("echo.jar", jar("echo", "2.0.0", "echo", "")).message())
                .isEqualTo("'echo.jar' is replaced; executors: echo");
    }

    @Test
    void theAnswerNamesAnExecutorThatComesUpBesideItsBundle() throws Exception {
        try (var deployments = deployments(Deployments.ANY)) {
            var answer = ask(deployments, "late.jar", jar("late", "1.0.0", Offer.LATE, ""));
            eventually("it is active", () -> isActive("late.jar"));
            // long enough for an answer
            for (var next : new String[] {"second", "third", "fourth"}) {
                Files.move(jar(next, "1.0.0", "", ""), deploy.resolve(next + ".jar"));
                eventually(next + " is active", () -> isActive(next + ".jar"));
            }
            assertThat(answer).isNotDone();
            Files.createFile(deploy.resolve(".gate"));
            assertThat(answer.get(ANSWER_SECONDS, TimeUnit.SECONDS).message())
                    .isEqualTo("'late.jar' is deployed; executors: late");
        }
    }

    @Test
    void twoVersionsOfALibraryMayBeThere() throws Exception {
        assertThat(deploy("one.jar", jar("library", "1.0.0", "", "")).message()).isEqualTo("'one.jar' is deployed");
        assertThat(deploy("two.jar", jar("library", "2.0.0", "", "")).message()).isEqualTo("'two.jar' is deployed");
    }

    @Test
    void ownAllowsWhatTheDistributionHas() throws Exception {
        var echo = jar("echo", "1.0.0", "echo", "");
        Files.copy(echo, system.resolve("echo-1.0.0.jar"));

        assertThat(deploy("own", "echo.jar", echo).message()).isEqualTo("'echo.jar' is deployed; executors: echo");
        for (var allowed : new String[] {"own", "none", "", "0".repeat(64)}) {
            assertThat(deploy(allowed, "echo.jar", jar("echo", "2.0.0", "echo", ""))
                            .error())
                    .as(allowed)
                    .contains("takes only bundles that its key 'deploy' allows");
        }
        assertThat(deploy("0, own", "other.jar", echo).message()).contains("is there already");
    }

    @Test
    void whatUsesAServiceOfABundleIsDrainedBeforeItIsReplaced() throws Exception {
        registry.add("engine", new FakeExecutor());
        registry.add("user", new FakeExecutor());
        eventually("they can run", () -> registry.available("user") != null);
        deploy("engine.jar", jar("engine", "1.0.0", "engine", ""));
        deploy("user.jar", jar("user", "1.0.0", "user", "engine"));
        running.set(1);

        try (var deployments = deployments(Deployments.ANY)) {
            var answer = ask(deployments, "engine.jar", jar("engine", "1.1.0", "engine", ""));
            eventually("it waits", () -> !asked.isEmpty());
            assertThat(asked).containsOnly(Set.of("engine", "user"));
            assertThat(registry.whyNot("user")).contains("bundle 'engine.jar' is replaced");
            assertThat(answer).isNotDone();
            running.set(0);
            assertThat(answer.get(ANSWER_SECONDS, TimeUnit.SECONDS).message())
                    .isEqualTo("'engine.jar' is replaced; executors: engine");
        }
        assertThat(registry.available("user")).isNotNull();
    }

    private boolean isActive(String file) {
        var bundle = framework
                .getBundleContext()
                .getBundle(deploy.resolve(file).toFile().toURI().toString());
        return bundle != null && bundle.getState() == Bundle.ACTIVE;
    }

    private ToManager.Deployed deploy(String file, Path bundle) throws Exception {
        return deploy(Deployments.ANY, file, bundle);
    }

    private ToManager.Deployed deploy(String allowed, String file, Path bundle) throws Exception {
        try (var deployments = deployments(allowed)) {
            return ask(deployments, file, bundle).get(ANSWER_SECONDS, TimeUnit.SECONDS);
        }
    }

    private Deployments deployments(String allowed) {
        return new Deployments(
                framework.getBundleContext(), deploy, folder.resolve("system"), allowed, files, registry, kinds -> {
                    asked.add(Set.copyOf(kinds));
                    return CompletableFuture.completedFuture(running.get());
                });
    }

    private CompletableFuture<ToManager.Deployed> ask(Deployments deployments, String file, Path bundle) {
        var answer = new CompletableFuture<ToManager.Deployed>();
        var object = "sha256:" + bundle.getFileName();
        files.objects.put(object, bundle);
        deployments.deploy(new ToWorker.Deploy(requests.incrementAndGet(), file, object), answer::complete);
        return answer;
    }

    private Bundle install(String location) throws Exception {
        return install(location, null);
    }

    private Bundle install(String location, InputStream content) throws Exception {
        var bundle = framework.getBundleContext().installBundle(location, content);
        bundle.start();
        return bundle;
    }

    /** A bundle that offers an executor of this kind, unless that is empty, and uses one of the other, unless that is. */
    private Path jar(String name, String version, String kind, String used) throws IOException {
        var manifest = new Manifest();
        var main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", name + ";singleton:=false");
        main.putValue("Bundle-Version", version);
        main.putValue("Bundle-Activator", Offer.class.getName());
        main.putValue("Import-Package", "org.osgi.framework");
        main.putValue(Offer.KIND, kind);
        main.putValue(Offer.USED, used);
        if (kind.equals(Offer.LATE)) {
            main.putValue(
                    "Provide-Capability", "osgi.service;objectClass:List<String>=\"" + Executor.class.getName() + "\"");
        }
        var file = folder.resolve(name + "-" + version + ".made");
        try (var jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
            var entry = Offer.class.getName().replace('.', '/') + ".class";
            var made = new JarEntry(entry);
            made.setTime(0);
            jar.putNextEntry(made);
            try (var in = DeploymentsTest.class.getClassLoader().getResourceAsStream(entry)) {
                in.transferTo(jar);
            }
        }
        return file;
    }

    /** What these bundles do when they start. */
    public static final class Offer implements BundleActivator {
        static final String KIND = "Test-Kind";
        static final String USED = "Test-Used";

        /** The kind that is offered once there is a file {@code .gate} beside the bundle. */
        static final String LATE = "late";

        @Override
        public void start(BundleContext context) throws Exception {
            var headers = context.getBundle().getHeaders();
            var kind = headers.get(KIND);
            var used = headers.get(USED);
            if (!used.isEmpty()) {
                var service = context.getServiceReferences(Runnable.class, "(" + Executor.NAME + "=" + used + ")")
                        .iterator()
                        .next();
                context.getService(service);
            }
            if (kind.equals(LATE)) {
                var gate =
                        Path.of(URI.create(context.getBundle().getLocation())).resolveSibling(".gate");
                new Thread(() -> {
                            while (Files.notExists(gate)) {
                                Thread.onSpinWait();
                            }
                            offer(context, kind);
                        })
                        .start();
            } else if (!kind.isEmpty()) {
                offer(context, kind);
            }
        }

        private static void offer(BundleContext context, String kind) {
            context.registerService(Runnable.class, () -> {}, new Hashtable<>(Map.of(Executor.NAME, kind)));
        }

        @Override
        public void stop(BundleContext context) {}
    }
}
