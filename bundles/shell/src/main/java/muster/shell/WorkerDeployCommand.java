package muster.shell;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import muster.api.ClusterService;
import muster.api.MusterException;
import muster.api.ObjectService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.FileCompleter;
import org.jspecify.annotations.Nullable;

/** Installs a bundle of this machine on a worker. */
@Service
@Command(scope = "worker", name = "deploy", description = "Installs a bundle, such as an executor, on a worker")
public final class WorkerDeployCommand extends ChangingCommand {
    @Reference
    ClusterService cluster;

    @Reference
    ObjectService objects;

    @Argument(name = "worker", description = "Id of the worker", required = true)
    @Completion(WorkerIdCompleter.class)
    String worker = "";

    @Argument(index = 1, name = "file", description = "The bundle, on the manager's machine", required = true)
    @Completion(FileCompleter.class)
    String file = "";

    @Override
    @Nullable
    Object run(Screen screen) throws InterruptedException {
        var path = Path.of(file);
        var object = upload(path);
        var done = audited(
                screen,
                "deployBundle",
                worker,
                () -> await(cluster.deploy(worker, String.valueOf(path.getFileName()), object, screen.user())));
        screen.line("worker " + worker + ": " + done);
        return null;
    }

    private String upload(Path path) {
        try {
            var bytes = Files.readAllBytes(path);
            var object = "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            if (objects.size(object).isEmpty()) {
                try (InputStream in = Files.newInputStream(path)) {
                    objects.upload(object, 0, bytes.length, in);
                }
            }
            return object;
        } catch (IOException e) {
            throw MusterException.invalid("cannot read '" + file + "': " + e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
