package muster.itests.hot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Bundles made from the classes of these tests. */
public final class HotBundle {
    private static final List<Class<?>> EXECUTORS = List.of(Activator.class, EchoExecutor.class, ShelfExecutor.class);

    private HotBundle() {}

    /** Puts the bundle of {@link EchoExecutor} into a folder that is watched. */
    public static Path deploy(Path folder) {
        return deploy(folder, EchoExecutor.KIND, "1.0.0", EXECUTORS);
    }

    /** Puts the bundle of {@link ShelfExecutor} into a folder that is watched. */
    public static Path deployShelf(Path folder) {
        return deploy(folder, ShelfExecutor.KIND, "1.0.0", EXECUTORS);
    }

    /** Puts the bundle of {@link BisectionLanguage} into a folder that is watched, in that version. */
    public static Path deployLanguage(Path folder, String version) {
        return deploy(
                folder,
                "bisect-" + version,
                version,
                List.of(
                        LanguageActivator.class,
                        BisectionLanguage.class,
                        BisectionLanguage.class.getDeclaredClasses()[0]));
    }

    /** Written under a name that is not looked at, then renamed. */
    private static Path deploy(Path folder, String name, String version, List<Class<?>> types) {
        var hidden = folder.resolve("." + name + ".jar");
        try (var jar = new JarOutputStream(Files.newOutputStream(hidden), manifest(name, version, types.get(0)))) {
            for (var type : types) {
                var entry = type.getName().replace('.', '/') + ".class";
                jar.putNextEntry(new JarEntry(entry));
                try (var in = Objects.requireNonNull(type.getClassLoader()).getResourceAsStream(entry)) {
                    Objects.requireNonNull(in, entry).transferTo(jar);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            return Files.move(hidden, folder.resolve(name + ".jar"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Manifest manifest(String name, String version, Class<?> activator) {
        var manifest = new Manifest();
        var main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", "muster-itests-" + name);
        main.putValue("Bundle-Version", version);
        main.putValue("Bundle-Activator", activator.getName());
        main.putValue(
                "Import-Package",
                "muster.api,muster.api.executor,muster.api.language;resolution:=optional,org.osgi.framework");
        return manifest;
    }
}
