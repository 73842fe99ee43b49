package muster.manager;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import muster.api.language.DynamicLanguage;
import muster.api.language.Language;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** The languages that are deployed, each in one version or several. Thread-safe. */
@Component(service = Languages.class)
public final class Languages {
    private final Map<String, NavigableMap<Version, Language>> languages = new TreeMap<>();
    private @Nullable Jobs jobs;

    /**
     * A language that is there.
     *
     * @param version of the bundle that it comes from
     */
    record Known(String name, Version version, Language language) {}

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addLanguage(Language language, ServiceReference<Language> reference) {
        add(name(reference), reference.getBundle().getVersion(), language);
    }

    void removeLanguage(Language language, ServiceReference<Language> reference) {
        remove(name(reference), language);
    }

    private static String name(ServiceReference<Language> reference) {
        return String.valueOf(reference.getProperty(Language.NAME));
    }

    void add(String name, Version version, Language language) {
        synchronized (this) {
            languages
                    .computeIfAbsent(name, n -> new TreeMap<>(Comparator.reverseOrder()))
                    .put(version, language);
        }
        changed();
    }

    void remove(String name, Language language) {
        synchronized (this) {
            var versions = languages.get(name);
            if (versions != null && versions.values().remove(language) && versions.isEmpty()) {
                languages.remove(name);
            }
        }
        changed();
    }

    private void changed() {
        var told = jobs();
        if (told != null) {
            told.languagesChanged();
        }
    }

    /** What drives jobs here; null while another manager leads. */
    synchronized @Nullable Jobs jobs() {
        return jobs;
    }

    synchronized void jobs(@Nullable Jobs those) {
        jobs = those;
    }

    /** The newest version of each, by name. */
    synchronized List<Known> newest() {
        return languages.entrySet().stream()
                .map(known -> new Known(
                        known.getKey(),
                        known.getValue().firstKey(),
                        known.getValue().firstEntry().getValue()))
                .toList();
    }

    /** A language in just that version; null if it is not there. */
    synchronized @Nullable DynamicLanguage find(String name, String version) {
        var versions = languages.get(name);
        return versions != null && versions.get(Version.parseVersion(version)) instanceof DynamicLanguage found
                ? found
                : null;
    }
}
