package muster.manager;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import org.apache.karaf.features.BundleInfo;
import org.apache.karaf.features.Dependency;
import org.apache.karaf.features.Feature;
import org.osgi.framework.Version;

/**
 * What workers can be given by name: of the features that this node knows Muster's executors, and those of others that build on
 * its API. Not what Karaf brings, nor the rest of Muster. Thread-safe.
 */
final class Features {
    private static final String MUSTER = "muster-";
    private static final String EXECUTOR = MUSTER + "executor-";
    private static final String WORKER = MUSTER + "worker";
    private static final String MANAGER = MUSTER + "manager";
    private static final String API = MUSTER + "api";

    /** {@code mvn:[REPOSITORY!]GROUP/ARTIFACT[/VERSION[/TYPE[/CLASSIFIER]]]}. */
    private static final Pattern MAVEN =
            Pattern.compile("mvn:(?:.*!)?[^/!]+/([^/!]+)(?:/[^/!]*(?:/[^/!]*(?:/([^/!]+))?)?)?");

    private final Known known;

    /** Tells all features that the node knows now. */
    @FunctionalInterface
    interface Known {
        Feature[] all() throws Exception;
    }

    Features(Known known) {
        this.known = known;
    }

    /**
     * The addresses of the bundles that a worker lacks of a feature, in the order in which they are installed.
     *
     * @param name of a feature, which for {@code muster-executor-docker} may be {@code docker}
     * @throws MusterException NOT_FOUND if workers can be given none of this name; CONFLICT if it is more than bundles, or
     *     nothing that workers lack
     */
    List<String> lacking(String name) {
        var all = all();
        var wanted = closure(find(name, all).getName(), all);
        var worker = closure(WORKER, all);
        wanted.removeAll(worker);
        wanted.forEach(Features::requireBundlesAlone);
        return requireSome(
                name,
                wanted.stream()
                        .flatMap(feature -> feature.getBundles().stream())
                        .map(BundleInfo::getLocation)
                        .filter(location -> !there(location, worker))
                        .distinct()
                        .toList());
    }

    /** The file names that the feature's own bundles have on a worker, in the order in which they are removed. */
    List<String> own(String name) {
        var all = all();
        var worker = closure(WORKER, all);
        var files = find(name, all).getBundles().stream()
                .filter(bundle -> !bundle.isDependency() && !there(bundle.getLocation(), worker))
                .map(bundle -> file(bundle.getLocation()))
                .collect(Collectors.toCollection(ArrayList::new));
        Collections.reverse(files);
        return requireSome(name, files);
    }

    private static List<String> requireSome(String name, List<String> bundles) {
        if (bundles.isEmpty()) {
            throw MusterException.conflict(
                    "feature '" + Names.escape(name) + "' has no bundle that a worker has not from the start");
        }
        return bundles;
    }

    /** What the bundle at this address is called on a worker: the same in every version, so that a later one replaces it. */
    static String file(String location) {
        var maven = MAVEN.matcher(location);
        if (!maven.matches()) {
            throw MusterException.conflict("bundle " + Names.escape(location)
                    + " is not named as mvn:GROUP/ARTIFACT/VERSION; deploy its file instead");
        }
        return maven.group(1) + (maven.group(2) == null ? "" : "-" + maven.group(2)) + ".jar";
    }

    private Feature find(String name, Map<String, Feature> all) {
        for (var each : List.of(EXECUTOR + name, name)) {
            var feature = all.get(each);
            if (feature != null && forWorkers(feature, all)) {
                return feature;
            }
        }
        var names = all.values().stream()
                .filter(feature -> forWorkers(feature, all))
                .map(Feature::getName)
                .map(each -> each.startsWith(EXECUTOR) ? each.substring(EXECUTOR.length()) : each)
                .collect(Collectors.joining(", "));
        throw MusterException.notFound("workers can be given no feature '" + Names.escape(name) + "'; there "
                + (names.isEmpty() ? "is none" : "are " + names));
    }

    private static boolean forWorkers(Feature feature, Map<String, Feature> all) {
        if (feature.getName().startsWith(MUSTER)) {
            return feature.getName().startsWith(EXECUTOR);
        }
        var needed =
                closure(feature.getName(), all).stream().map(Feature::getName).collect(Collectors.toSet());
        return needed.contains(API) && !needed.contains(MANAGER);
    }

    /** By name; of several versions the newest. */
    private Map<String, Feature> all() {
        var newest = new TreeMap<String, Feature>();
        try {
            for (var feature : known.all()) {
                newest.merge(
                        feature.getName(),
                        feature,
                        (one, other) -> version(one).compareTo(version(other)) < 0 ? other : one);
            }
        } catch (Exception e) {
            throw new MusterException(ErrorCode.INTERNAL, "the node's features cannot be read: " + e, e);
        }
        return newest;
    }

    private static Version version(Feature feature) {
        return Version.parseVersion(feature.getVersion());
    }

    /** A feature behind all that it needs. */
    private static Set<Feature> closure(String name, Map<String, Feature> all) {
        var found = new LinkedHashSet<Feature>();
        collect(name, all, new HashSet<>(), found);
        return found;
    }

    private static void collect(String name, Map<String, Feature> all, Set<String> seen, Set<Feature> found) {
        var feature = all.get(name);
        if (feature != null && seen.add(name)) {
            for (Dependency needed : feature.getDependencies()) {
                collect(needed.getName(), all, seen, found);
            }
            found.add(feature);
        }
    }

    private static boolean there(String location, Set<Feature> features) {
        return features.stream()
                .flatMap(feature -> feature.getBundles().stream())
                .anyMatch(bundle -> bundle.getLocation().equals(location));
    }

    private static void requireBundlesAlone(Feature feature) {
        if (!feature.getConfigurations().isEmpty()
                || !feature.getConfigurationFiles().isEmpty()
                || !feature.getLibraries().isEmpty()) {
            throw MusterException.conflict("feature '" + Names.escape(feature.getName())
                    + "' is more than bundles; install it on the worker's own console");
        }
    }
}
