package muster.itests.hot;

import java.util.Hashtable;
import muster.api.executor.Executor;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Offers the executor while its bundle is there. */
public final class Activator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        var properties = new Hashtable<String, Object>();
        properties.put(Executor.NAME, EchoExecutor.KIND);
        context.registerService(Executor.class, new EchoExecutor(), properties);
    }

    @Override
    public void stop(BundleContext context) {
        // the framework withdraws the service
    }
}
