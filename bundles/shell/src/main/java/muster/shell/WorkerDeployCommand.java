package muster.shell;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import muster.api.MusterException;
import muster.api.ObjectService;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** Installs a bundle or a feature of this machine on workers. */
@Service
@Command(
        scope = "worker",
        name = "deploy",
        description = "Installs a bundle or a feature, such as an executor, on workers")
public final class WorkerDeployCommand extends BundleCommand {
    @Reference
    ObjectService objects;

    @Override
    String apply(Screen screen, String worker, String bundle) throws InterruptedException {
        return audited(screen, "deployBundle", worker, () -> await(deploy(worker, bundle, screen.user())));
    }

    private CompletionStage<String> deploy(String worker, String bundle, String by) {
        if (isFeature(bundle)) {
            return cluster.deployFeature(worker, bundle, by);
        }
        var file = file(bundle);
        try {
            return cluster.deploy(worker, file, objects.upload(read(bundle)), by);
        } catch (IOException e) {
            throw MusterException.invalid("cannot read '" + bundle + "': " + e);
        }
    }

    private static byte[] read(String bundle) throws IOException {
        if (!isMaven(bundle)) {
            return Files.readAllBytes(Path.of(bundle));
        }
        try (var in = URI.create(bundle).toURL().openStream()) {
            return in.readAllBytes();
        }
    }
}
