package muster.itests.hot;

import java.util.Hashtable;
import muster.api.language.Language;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Offers the language while its bundle is there. */
public final class LanguageActivator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        var properties = new Hashtable<String, Object>();
        properties.put(Language.NAME, "bisect");
        context.registerService(Language.class, new BisectionLanguage(), properties);
    }

    @Override
    public void stop(BundleContext context) {
        // the framework withdraws the service
    }
}
