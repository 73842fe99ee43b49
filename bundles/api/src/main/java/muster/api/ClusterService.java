package muster.api;

import java.util.List;
import java.util.concurrent.CompletionStage;
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

    /**
     * Installs a bundle on a worker, in place of one of the same file name, and starts it; it is there again after a restart.
     * Before another is replaced, what its executors run ends.
     *
     * @param file name of the bundle there, such as {@code mine-1.0.jar}
     * @param object with the bundle, which the manager has
     * @return what became of it, in a line; fails with CONFLICT if the worker refuses it or it does not start, UNAVAILABLE
     *     if the worker does not answer
     */
    CompletionStage<String> deploy(String worker, String file, String object, String by);

    /**
     * Installs a feature on a worker: each of its bundles that a worker lacks, one after the other, as {@link #deploy} does.
     * NOT_FOUND, with the names that there are, if workers can be given none of this name.
     *
     * @param feature that the manager's node knows; for {@code muster-executor-docker} also {@code docker}
     */
    CompletionStage<String> deployFeature(String worker, String feature, String by);

    /**
     * Removes a bundle that was deployed, or of a feature its own bundles, once what their executors run has ended; answers
     * as {@link #deploy}.
     *
     * @param name of the bundle's file, which ends in {@code .jar}, or of the feature
     */
    CompletionStage<String> undeploy(String worker, String name, String by);

    /** Empty when jobs can be accepted and workers heard; else why not, in one line. */
    String notReady();

    /** Measurements in the text format of Prometheus. */
    String metrics();
}
