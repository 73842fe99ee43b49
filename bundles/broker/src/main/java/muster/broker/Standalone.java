package muster.broker;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Starts {@link ExternalBroker} from this bundle alone: {@code java -jar muster-broker.jar FOLDER}. What the bundle
 * embeds is unpacked into {@code FOLDER/lib}.
 */
public final class Standalone {
    /** Folders of the bundle: what it embeds as a bundle too, and what else it needs without a framework. */
    private static final List<String> EMBEDDED = List.of("lib/", "standalone/");

    private Standalone() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: java -jar muster-broker.jar FOLDER  (a copy of the manager's security/broker)");
            System.exit(2);
        }
        var folder = Path.of(arguments[0]);
        if (!Files.isDirectory(folder)) {
            System.err.println(
                    "muster-broker: there is no folder " + folder + "; copy the manager's security/broker there");
            System.exit(2);
        }
        var loader = new URLClassLoader(unpack(folder.resolve("lib")), ClassLoader.getPlatformClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        try {
            loader.loadClass("muster.broker.ExternalBroker")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) arguments);
        } catch (InvocationTargetException e) {
            System.err.println("muster-broker: cannot start: " + e.getCause());
            System.exit(1);
        }
    }

    private static URL[] unpack(Path libraries) throws IOException, URISyntaxException {
        var bundle = Path.of(Standalone.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        // an URL of a folder that is not there yet would not end in a slash
        Files.createDirectories(libraries.resolve("standalone/classes"));
        var urls = new ArrayList<URL>();
        urls.add(bundle.toUri().toURL());
        urls.add(libraries.resolve("standalone/classes").toUri().toURL());
        try (var jar = new ZipFile(bundle.toFile())) {
            for (ZipEntry entry : Collections.list(jar.entries())) {
                if (!entry.isDirectory() && EMBEDDED.stream().anyMatch(entry.getName()::startsWith)) {
                    var file = libraries.resolve(entry.getName());
                    // the name of a library has its version
                    var library = entry.getName().endsWith(".jar");
                    if (!library || !Files.exists(file) || Files.size(file) != entry.getSize()) {
                        Files.createDirectories(file.getParent());
                        try (var in = jar.getInputStream(entry)) {
                            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
                        }
                    }
                    if (library) {
                        urls.add(file.toUri().toURL());
                    }
                }
            }
        }
        return urls.toArray(URL[]::new);
    }
}
