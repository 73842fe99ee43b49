package muster.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.executor.Executor;
import muster.data.DataPlane;
import muster.transport.BrokerAddress;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the worker together once it has an identity, and takes the executors in that are deployed. */
@Component(
        service = {},
        immediate = true,
        configurationPid = WorkerConfiguration.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class WorkerNode {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerNode.class);
    private static final long SEGMENT_BYTES = 8 << 20;

    private final ExecutorRegistry registry;
    private final WorkFolder folder;
    private final Spool spool;
    private final WorkerFiles files;
    private final Agent agent;
    private final Deployments deployments;

    @Activate
    public WorkerNode(
            BundleContext context,
            WorkerConfiguration configuration,
            @Reference Links links,
            @Reference DataPlane plane,
            @Reference(service = NodeIdentity.class, target = "(" + NodeIdentity.ROLE + "=worker)")
                    Map.Entry<Map<String, Object>, NodeIdentity> identity) {
        var settings = Settings.of(configuration, context::getProperty);
        var id = identity.getValue().id();
        var users = TaskUsers.of(settings.taskUsers());
        folder = WorkFolder.open(settings.work());
        try {
            clearUp(id);
            keepApart(users, context);
            var logs = new Logs(folder.logs(), folder.spares(), settings.logsLimitBytes());
            var node = new Agent.Node(
                    id,
                    UUID.randomUUID().toString(),
                    context.getBundle().getVersion().toString(),
                    settings.address(),
                    new Machine().capacity(settings));
            var broker = BrokerAddress.parse(String.valueOf(identity.getKey().get(WorkerIdentity.BROKER)));
            BooleanSupplier nodeStops = () -> context.getBundle(0).getState() == Bundle.STOPPING;
            spool = Spool.open(folder.spool(), SEGMENT_BYTES);
            files = new WorkerFiles(
                    plane,
                    identity.getValue(),
                    settings.dataHost(),
                    settings.dataPort(),
                    settings.managers().get(0).getHost(),
                    folder.objects(),
                    settings.cacheBytes());
            registry = new ExecutorRegistry(ExecutorRegistry.PROBE_INTERVAL, runsAs(users));
            agent = new Agent(
                    node,
                    links,
                    broker,
                    identity.getValue(),
                    registry,
                    folder,
                    logs,
                    users,
                    spool,
                    files,
                    Agent.Timing.DEFAULT,
                    nodeStops);
            files.window(new Window(agent));
            deployments = new Deployments(
                    context,
                    Path.of(String.valueOf(context.getProperty("karaf.base"))).resolve("deploy"),
                    Path.of(String.valueOf(context.getProperty("karaf.home"))).resolve("system"),
                    configuration.deploy().strip(),
                    files,
                    registry,
                    agent::running);
            agent.deployer(deployments);
        } catch (RuntimeException e) {
            folder.close();
            throw e;
        } catch (IOException e) {
            folder.close();
            throw new MusterException(ErrorCode.UNAVAILABLE, "worker '" + id + "' cannot serve files: " + e, e);
        }
    }

    private void clearUp(String id) {
        var killed = Leftovers.kill(id, folder.root());
        var removed = folder.clear();
        if (killed + removed > 0) {
            LOG.info(
                    "Worker '{}' did not stop in order: killed {} processes of its tasks, removed {} of their folders",
                    id,
                    killed,
                    removed);
        }
    }

    private void keepApart(TaskUsers users, BundleContext context) throws IOException {
        if (!users.isEmpty()) {
            WorkFolder.keep(Path.of(context.getProperty("karaf.etc")));
            var data = Path.of(context.getProperty("karaf.data"));
            WorkFolder.letThrough(data);
            try (var folders = Files.newDirectoryStream(data, Files::isDirectory)) {
                for (var own : folders) {
                    if (!folder.root().startsWith(own.toRealPath())) {
                        WorkFolder.keep(own);
                    }
                }
            }
            folder.admit(users);
        } else if (FileRights.ofRoot()) {
            LOG.warn(
                    "Tasks run as root, and can do anything on this machine; name a user for them by key 'task.user'"
                            + " of {}",
                    WorkerConfiguration.PID);
        }
    }

    /** For operators, about native tasks; empty where nothing has to be said. */
    private static String runsAs(TaskUsers users) {
        if (!users.isEmpty()) {
            return "; tasks run as " + users.names();
        }
        return FileRights.ofRoot() ? "; tasks run as root: name a user for them by key 'task.user'" : "";
    }

    /** After the executors were added, so that the first hello names them. */
    @Activate
    void start() {
        agent.start();
    }

    @Deactivate
    void stop() {
        deployments.close();
        agent.close();
        files.close();
        registry.close();
        spool.close();
        folder.close();
    }

    @Reference(service = Executor.class, cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addExecutor(Executor executor, Map<String, Object> properties) {
        var kind = kind(properties);
        if (kind.isEmpty()) {
            LOG.warn("Executor {} has no service property '{}'; it is not used", executor, Executor.NAME);
        } else {
            registry.add(kind, executor);
        }
    }

    void removeExecutor(Executor executor, Map<String, Object> properties) {
        registry.remove(kind(properties), executor);
    }

    private static String kind(Map<String, Object> properties) {
        var kind = properties.get(Executor.NAME);
        return kind == null ? "" : Names.requireName("executor", kind.toString());
    }
}
