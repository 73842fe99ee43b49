package muster.api;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The workers and the cluster as a whole. Thread-safe. Ids that do not exist give NOT_FOUND. */
@ProviderType
public interface ClusterService {
    ClusterStatus status();

    /** By id. */
    List<WorkerView> workers();

    WorkerView worker(String id);

    /** Lets a worker finish what it runs and gives it nothing more. */
    void drain(String id, String by);

    /** Undoes {@link #drain}. */
    void resume(String id, String by);

    /**
     * Forgets a worker and revokes its certificates, at once: its connection is dropped, and it must join anew. CONFLICT
     * while it is online, unless forced; then its tasks go back to the queue.
     */
    void remove(String id, boolean force, String by);

    /** Empty when jobs can be accepted and workers heard; else why not, in one line. */
    String notReady();

    /** Measurements in the text format of Prometheus. */
    String metrics();
}
