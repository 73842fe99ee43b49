package muster.manager.store;

import java.time.Instant;
import muster.api.JobId;

/** Attempts of one job that were sent to one worker together. */
public record StoredDispatch(JobId job, String worker, Instant assignedAt, int[] indices, int[] numbers) {}
