package muster.api.language;

import java.util.List;
import muster.api.JobId;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** Runs scripts of the languages that are deployed; an OSGi service of the manager. Thread-safe. */
@ProviderType
public interface WorkflowService {
    /** Names of the languages that are there now, sorted. */
    List<String> languages();

    /**
     * The JSON Schema of a language's scripts.
     *
     * @throws muster.api.MusterException NOT_FOUND for a language that is not there or has none
     */
    String schema(String language);

    /**
     * What a script comes to, without running it. What its tasks take need not be uploaded.
     *
     * @param owner whose job it would be
     * @throws muster.api.MusterException INVALID for a fault in the script or a language that is not there
     * @throws MissingSources for what has to be sent with it
     */
    Plan compile(WorkflowRequest request, String owner);

    /**
     * Compiles a script and submits the job.
     *
     * @param owner of the job
     * @param idempotencyKey as for {@link muster.api.JobService#submit}
     */
    JobId run(WorkflowRequest request, String owner, @Nullable String idempotencyKey);
}
