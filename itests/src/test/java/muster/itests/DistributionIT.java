package muster.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;
import static org.ops4j.pax.exam.CoreOptions.systemTimeout;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.configureConsole;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.editConfigurationFileExtend;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.editConfigurationFilePut;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.karafDistributionConfiguration;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.keepRuntimeFolder;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import javax.inject.Inject;
import muster.api.JobService;
import muster.itests.hot.EchoExecutor;
import muster.itests.hot.HotBundle;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.BundleContext;

/** The all-in-one distribution, used from within: REST, the console, and executors deployed while it runs. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class DistributionIT {
    private static final Duration START = Duration.ofSeconds(120);
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration DEPLOYED = Duration.ofSeconds(3);

    private static final int INJECTED_MILLIS = 120_000;

    /** Injected once the service is there: the manager is up. */
    @Inject
    @Filter(timeout = INJECTED_MILLIS)
    JobService jobs;

    @Inject
    @Filter(timeout = INJECTED_MILLIS)
    SessionFactory sessions;

    @Inject
    BundleContext context;

    private Rest rest;

    @Configuration
    public Option[] configuration() throws IOException {
        try (var one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var two = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var restPort = Integer.toString(one.getLocalPort());
            return options(
                    karafDistributionConfiguration()
                            .frameworkUrl(new File(System.getProperty("muster.all"))
                                    .toURI()
                                    .toString())
                            .name("muster")
                            .unpackDirectory(new File("target/exam"))
                            .useDeployFolder(false),
                    keepRuntimeFolder(),
                    systemTimeout(START.toMillis()),
                    configureConsole().ignoreLocalConsole().ignoreRemoteShell(),
                    // the distribution looks into system/ alone; Pax Exam's own bundles are where Maven laid them
                    editConfigurationFileExtend(
                            "etc/org.ops4j.pax.url.mvn.cfg",
                            "org.ops4j.pax.url.mvn.defaultRepositories",
                            Path.of(System.getProperty("org.ops4j.pax.url.mvn.localRepository"))
                                            .toUri()
                                    + "@id=exam@snapshots"),
                    editConfigurationFilePut("etc/muster.rest.cfg", "host", "127.0.0.1"),
                    editConfigurationFilePut("etc/muster.rest.cfg", "port", restPort),
                    editConfigurationFilePut("etc/muster.broker.cfg", "host", "127.0.0.1"),
                    editConfigurationFilePut("etc/muster.broker.cfg", "port", Integer.toString(two.getLocalPort())),
                    editConfigurationFilePut("etc/muster.worker.cfg", "id", "w1"),
                    editConfigurationFilePut("etc/muster.worker.cfg", "manager", "https://127.0.0.1:" + restPort));
        }
    }

    @Before
    public void awaitWorker() throws IOException {
        var base = Path.of(System.getProperty("karaf.base"));
        var port = Files.readAllLines(base.resolve("etc/muster.rest.cfg")).stream()
                .filter(line -> line.startsWith("port"))
                .map(line -> line.substring(line.indexOf('=') + 1).strip())
                .findFirst()
                .orElseThrow();
        rest = new Rest(
                Integer.parseInt(port),
                Files.readString(base.resolve("security/admin.token")).strip());
        Eventually.until(
                "worker w1 is online",
                SOON,
                () -> {
                    try {
                        return rest.get("/api/v1/workers/w1")
                                .json()
                                .path("state")
                                .asText();
                    } catch (java.io.UncheckedIOException e) {
                        return e.toString();
                    }
                },
                "online"::equals);
    }

    @Test
    public void restAnswersOverHttpsToThoseWithAToken() {
        assertEquals(200, rest.getAsStranger("/healthz").status());
        assertEquals(401, rest.getAsStranger("/api/v1/cluster").status());
        assertEquals(1, rest.get("/api/v1/cluster").json().at("/workers/online").asInt());
    }

    @Test
    public void aJobRunsAndItsResultComesBack() {
        var id = rest.submit("{\"task\":{\"command\":[\"sh\",\"-c\",\"echo $((6 * 7))\"]}}");
        assertEquals("succeeded", rest.ended(id, SOON).path("state").asText());
        assertEquals("42\n", rest.get("/api/v1/tasks/" + id + ".0/logs").text());
    }

    @Test
    public void consoleCommandsRun() throws Exception {
        var submitted = console("job:submit --wait --name console --env A=b -- sh -c 'echo $A'");
        var id = submitted.lines().findFirst().orElseThrow();
        assertTrue(submitted, submitted.contains("job " + id + " succeeded: 1 task in "));
        assertEquals("b\n", console("job:logs " + id));
        assertTrue(console("job:list").contains("console"));
        assertTrue(console("job:show " + id).contains("1: 1 succeeded"));
        assertTrue(console("job:wait " + id).contains("succeeded"));
        assertTrue(console("task:list " + id).contains(id + ".0"));
        assertTrue(console("task:explain " + id + ".0").contains("task " + id + ".0  succeeded"));
        assertTrue(console("worker:list").contains("native"));
        assertTrue(console("worker:show w1").contains("available"));
        assertTrue(console("worker:drain w1").contains("draining"));
        assertTrue(console("worker:resume w1").contains("online"));
        assertTrue(console("cluster:status").contains("1 online"));
    }

    @Test
    public void aMistakeOnTheConsoleIsToldInOneLine() {
        try {
            console("job:show 999999");
        } catch (Exception e) {
            assertTrue(e.toString(), e.getMessage().contains("999999"));
            assertEquals(1, e.getMessage().lines().count());
            return;
        }
        throw new AssertionError("an unknown job was shown");
    }

    @Test
    public void anExecutorDroppedIntoDeployIsUsedWithinSecondsAndRemovedAgain() throws IOException {
        assertFalse(executors().contains(EchoExecutor.KIND));
        var begin = System.nanoTime();
        var bundle = HotBundle.deploy(Path.of(System.getProperty("karaf.base"), "deploy"));
        Eventually.until("the executor is advertised", DEPLOYED, this::executors, this::echoes);
        var advertised = millisSince(begin);
        var id = rest.submit("{\"task\":{\"executor\":\"echo\",\"command\":[\"hot\",\"stuff\"]}}");
        assertEquals("succeeded", rest.ended(id, DEPLOYED).path("state").asText());
        var used = millisSince(begin);
        assertEquals("hot stuff\n", rest.get("/api/v1/tasks/" + id + ".0/logs").text());
        assertTrue("advertised after " + advertised + " ms, used after " + used + " ms", used <= DEPLOYED.toMillis());

        Files.delete(bundle);
        Eventually.until("the executor is gone", DEPLOYED, this::executors, kinds -> !echoes(kinds));
        var refused = rest.post("/api/v1/jobs", "{\"task\":{\"executor\":\"echo\",\"command\":[\"x\"]}}");
        assertEquals(refused.text(), 400, refused.status());
    }

    @Test
    public void anExecutorIsDeployedByItsNameUnlessItIsThere() throws Exception {
        var boot = Arrays.stream(context.getBundles())
                .filter(bundle -> "muster-executor-noop".equals(bundle.getSymbolicName()))
                .findFirst()
                .orElseThrow();
        for (var name : List.of("noop", boot.getLocation())) {
            var said = console("worker:deploy w1 " + name);
            assertTrue(said, said.contains(" is there already, with the worker, from " + boot.getLocation()));
        }
        var unknown = rest.post("/api/v1/workers/w1/bundles", "{\"feature\":\"nope\"}");
        assertEquals(404, unknown.status());
        assertTrue(
                unknown.text(),
                unknown.text().contains("no feature 'nope'; there are docker, native, noop, singularity\""));

        boot.uninstall();
        assertEquals(
                "worker w1: 'muster-executor-noop.jar' is deployed; executors: noop\n",
                console("worker:deploy w1 noop"));
        var id = rest.submit("{\"task\":{\"executor\":\"noop\"}}");
        assertEquals("succeeded", rest.ended(id, SOON).path("state").asText());
        assertEquals("worker w1: 'muster-executor-noop.jar' is removed\n", console("worker:undeploy w1 noop"));
        assertFalse(executors().contains("noop"));
    }

    private boolean echoes(String kinds) {
        return kinds.contains(EchoExecutor.KIND);
    }

    /** The kinds that the worker offers. */
    private String executors() {
        var executors = rest.get("/api/v1/workers/w1").json().path("executors");
        return StreamSupport.stream(executors.spliterator(), false)
                .filter(executor -> executor.path("available").asBoolean())
                .map(executor -> executor.path("name").asText())
                .toList()
                .toString();
    }

    private static long millisSince(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin).toMillis();
    }

    private String console(String command) throws Exception {
        var bytes = new ByteArrayOutputStream();
        try (var out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            var session = sessions.create(new ByteArrayInputStream(new byte[0]), out, out);
            try {
                var value = session.execute(command);
                out.print(value == null ? "" : value);
            } finally {
                session.close();
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
