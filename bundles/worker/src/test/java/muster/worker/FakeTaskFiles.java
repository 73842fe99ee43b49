package muster.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.TaskSpec;
import muster.data.TransferException;
import muster.data.TransferException.Failure;

/** Brings inputs once the test says so, and the objects that it was given. */
final class FakeTaskFiles implements TaskFiles {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch brought = new CountDownLatch(1);
    final Map<String, Path> objects = new ConcurrentHashMap<>();
    volatile boolean fails;
    volatile boolean hasDefect;
    volatile String manager = "";

    @Override
    public int port() {
        return 4001;
    }

    @Override
    public void manager(String host, int port) {
        manager = host + ":" + port;
    }

    @Override
    public void managerAway() {
        manager = "";
    }

    @Override
    public void stage(AttemptId attempt, TaskSpec task, Path workspace, Identity owner, BooleanSupplier stopped)
            throws IOException {
        begun.countDown();
        while (brought.getCount() > 0 && !stopped.getAsBoolean()) {
            Thread.onSpinWait();
        }
        failIfAsked();
    }

    @Override
    public void collect(AttemptId attempt, TaskSpec task, Path workspace, Identity owner) throws IOException {
        failIfAsked();
    }

    private void failIfAsked() throws IOException {
        if (fails) {
            throw new TransferException(Failure.DISK_FULL, "no room");
        }
        if (hasDefect) {
            throw new IllegalStateException("a defect");
        }
    }

    @Override
    public void bring(String object, Path to) throws IOException {
        var from = objects.get(object);
        if (from == null) {
            throw new TransferException(Failure.SOURCE_GONE, "nobody has " + object);
        }
        Files.copy(from, to);
    }

    @Override
    public void release(JobId job) {}

    @Override
    public List<JobId> keeps() {
        return List.of(new JobId(16));
    }
}
