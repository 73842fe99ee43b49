package muster.api.executor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A root file system for containers, made from the machine's busybox. */
public final class TestImage {
    private static final Path BUSYBOX = Path.of("/bin/busybox");

    private TestImage() {}

    /** Fills a new folder with it. */
    public static Path make(Path root) throws IOException {
        Files.createDirectory(root);
        for (var name : List.of("bin", "dev", "etc", "proc", "root", "sys", "tmp")) {
            Files.createDirectory(root.resolve(name));
        }
        var busybox = root.resolve("bin/busybox");
        Files.copy(BUSYBOX, busybox);
        busybox.toFile().setExecutable(true, false);
        var list = new ProcessBuilder(BUSYBOX.toString(), "--list").start();
        try (var names = list.getInputStream()) {
            for (var applet : new String(names.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                if (!applet.equals("busybox")) {
                    Files.createSymbolicLink(root.resolve("bin").resolve(applet), Path.of("busybox"));
                }
            }
        }
        Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
        return root;
    }
}
