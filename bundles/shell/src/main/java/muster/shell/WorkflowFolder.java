package muster.shell;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.ObjectService;
import muster.api.Work;
import muster.api.language.Content;
import muster.api.language.Plan;

/** The folder of a workflow on the manager's machine. */
final class WorkflowFolder {
    private final Path folder;
    private final ObjectService objects;

    WorkflowFolder(Path folder, ObjectService objects) {
        this.folder = folder;
        this.objects = objects;
    }

    /** Gives a file, or all files below a folder, to the manager's store. */
    List<Content> upload(String name) {
        var path = folder.resolve(name);
        try (var all = Files.walk(path)) {
            var contents = new ArrayList<Content>();
            for (var file : all.filter(Files::isRegularFile).sorted().toList()) {
                var object = object(file);
                if (objects.size(object).isEmpty()) {
                    try (var in = Files.newInputStream(file)) {
                        var there = objects.uploaded(object);
                        in.skipNBytes(there);
                        objects.upload(object, there, Files.size(file), in);
                    }
                }
                contents.add(new Content(path.relativize(file).toString(), object, Files.isExecutable(file)));
            }
            return contents;
        } catch (IOException e) {
            throw MusterException.invalid("the workflow takes '" + Names.escape(name)
                    + "', which cannot be read on the manager's machine: " + e.getMessage());
        }
    }

    private static String object(Path file) throws IOException {
        try (var in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return "sha256:" + HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Brings back what a job has made of what the plan promises. */
    void bringBack(Plan plan, JobId job) {
        if (!(plan.work() instanceof Work.Graph graph)) {
            return;
        }
        var promised = plan.outputs().stream().collect(Collectors.groupingBy(Plan.Delivery::task));
        for (var made : objects.outputs(job)) {
            var task = graph.tasks().get(made.task().index()).name();
            for (var output : promised.getOrDefault(task, List.of())) {
                var whole = made.name().equals(output.output());
                if (whole || made.name().startsWith(output.output() + "/")) {
                    var path = output.path()
                            + made.name().substring(output.output().length());
                    copy(made.object(), made.executable(), folder.resolve(Names.requirePath("output", path)));
                }
            }
        }
    }

    private void copy(String object, boolean executable, Path to) {
        try {
            var parent = to.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.copy(objects.file(object), to, StandardCopyOption.REPLACE_EXISTING);
            if (!to.toFile().setExecutable(executable)) {
                throw new IOException("it cannot be made executable");
            }
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE, "cannot write " + Names.escape(to.toString()) + ": " + e, e);
        }
    }
}
