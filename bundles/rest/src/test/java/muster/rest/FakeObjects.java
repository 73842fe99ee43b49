package muster.rest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.OptionalLong;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.OutputView;
import muster.api.TaskId;

/** Keeps objects under their names in a folder, whole or not at all, and knows of one output. */
final class FakeObjects implements ObjectService {
    private final Path folder;

    FakeObjects(Path folder) {
        this.folder = folder;
    }

    private Path place(String object) {
        if (!object.matches("sha256:[0-9a-f]{64}")) {
            throw MusterException.invalid("'" + object + "' is not the name of an object");
        }
        return folder.resolve(object);
    }

    @Override
    public OptionalLong size(String object) {
        try {
            var file = place(object);
            return Files.exists(file) ? OptionalLong.of(Files.size(file)) : OptionalLong.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public long uploaded(String object) {
        place(object);
        return 0;
    }

    @Override
    public void upload(String object, long offset, long bytes, InputStream in) throws IOException {
        if (offset != 0) {
            throw MusterException.conflict("the upload of " + object + " stands at byte 0, not at " + offset);
        }
        Files.copy(in, place(object), StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public Path file(String object) {
        var file = place(object);
        if (!Files.exists(file)) {
            throw MusterException.notFound("nobody has " + object + " any more");
        }
        return file;
    }

    @Override
    public List<OutputView> outputs(JobId job) {
        return outputs(new TaskId(job, 0));
    }

    @Override
    public List<OutputView> outputs(TaskId task) {
        return List.of(new OutputView(task, 1, "out.txt", "sha256:" + "0".repeat(64), 3, false, true));
    }

    @Override
    public Transfer measure(String worker, long bytes) {
        return new Transfer(worker.isEmpty() ? "w1" : worker, bytes, 1, 2);
    }
}
