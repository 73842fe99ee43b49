package muster.rest;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import javax.servlet.Servlet;
import muster.api.AccessService;
import muster.api.AuditService;
import muster.api.ClusterService;
import muster.api.JobService;
import muster.api.ObjectService;
import muster.api.language.WorkflowService;
import muster.rest.stream.Streams;
import org.apache.cxf.Bus;
import org.apache.cxf.bus.CXFBusFactory;
import org.apache.cxf.endpoint.Server;
import org.apache.cxf.jaxrs.JAXRSServerFactoryBean;
import org.apache.cxf.transport.http.DestinationRegistryImpl;
import org.apache.cxf.transport.http.HTTPTransportFactory;
import org.apache.cxf.transport.servlet.CXFNonSpringServlet;

/** All resources over the services, as one servlet. */
final class Api implements AutoCloseable {
    /** Every resource class, in the order of the documentation. */
    static final List<Class<?>> RESOURCES = List.of(
            JobsResource.class,
            WorkflowsResource.class,
            TasksResource.class,
            ObjectsResource.class,
            EventsResource.class,
            WorkersResource.class,
            EnrolResource.class,
            TokensResource.class,
            SessionResource.class,
            ClusterResource.class,
            SystemResource.UnderApi.class,
            SystemResource.AtRoot.class);

    private final Bus bus;
    private final Server server;
    private final Streams streams;
    private final Servlet servlet;

    /** @param mostBytes that the specification of a job may have */
    Api(
            JobService jobs,
            WorkflowService workflows,
            ClusterService cluster,
            AccessService access,
            ObjectService objects,
            AuditService audit,
            Sessions sessions,
            long mostBytes) {
        bus = new CXFBusFactory().createBus();
        streams = new Streams(jobs);
        var registry = new DestinationRegistryImpl();
        var factory = new JAXRSServerFactoryBean();
        factory.setBus(bus);
        factory.setDestinationFactory(new HTTPTransportFactory(registry));
        factory.setAddress("/");
        factory.setServiceBeans(List.of(
                new JobsResource(jobs, mostBytes, streams.executor()),
                new WorkflowsResource(workflows, mostBytes, jobs),
                new TasksResource(jobs, streams),
                new ObjectsResource(jobs, objects),
                new EventsResource(jobs, streams),
                new WorkersResource(cluster),
                new EnrolResource(access),
                new TokensResource(access),
                new SessionResource(sessions),
                new ClusterResource(cluster),
                new SystemResource.UnderApi(cluster),
                new SystemResource.AtRoot(cluster)));
        factory.setProviders(List.of(
                new Authentication(access, sessions),
                new Authorization(),
                new AuditTrail(audit),
                new UnreadBodies(mostBytes),
                new ProblemMapper(),
                new JsonWriter()));
        server = factory.create();
        servlet = new CXFNonSpringServlet(registry, bus);
    }

    /** Runs short work once so much time is over. */
    Executor after(Duration delay) {
        return CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS, streams.executor());
    }

    /** How many requests follow events or logs. */
    int followers() {
        return streams.followers();
    }

    Servlet servlet() {
        return servlet;
    }

    @Override
    public void close() {
        streams.close();
        server.destroy();
        bus.shutdown(false);
    }
}
