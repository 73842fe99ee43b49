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

/** The bundle of {@link EchoExecutor}, made from the classes of these tests. */
public final class HotBundle {
    private HotBundle() {}

    /** Puts the bundle into a folder that is watched: written under a name that is not looked at, then renamed. */
    public static Path deploy(Path folder) {
        var hidden = folder.resolve(".echo.jar");
        try (var jar = new JarOutputStream(Files.newOutputStream(hidden), manifest())) {
            for (var type : List.of(Activator.class, EchoExecutor.class)) {
                var name = type.getName().replace('.', '/') + ".class";
                jar.putNextEntry(new JarEntry(name));
                try (var in = Objects.requireNonNull(type.getClassLoader()).getResourceAsStream(name)) {
                    Objects.requireNonNull(in, name).transferTo(jar);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            return Files.move(hidden, folder.resolve("echo.jar"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Manifest manifest() {
        var manifest = new Manifest();
        var main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", "muster-itests-echo");
        main.putValue("Bundle-Version", "1.0.0");
        main.putValue("Bundle-Activator", Activator.class.getName());
        main.putValue("Import-Package", "muster.api,muster.api.executor,org.osgi.framework");
        return manifest;
    }
}
