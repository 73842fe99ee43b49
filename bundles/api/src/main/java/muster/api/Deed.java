package muster.api;

import org.jspecify.annotations.Nullable;

/**
 * What somebody did, or was refused.
 *
 * @param caller null if nobody whom we know
 * @param address where they are; {@code console} on the manager's own
 * @param operation as the OpenAPI document names it: {@code cancelJob}
 * @param thing what it was done to, such as a job's id; empty if that is not known
 * @param status as in HTTP: 200, 403
 */
public record Deed(@Nullable Caller caller, String address, String operation, String thing, int status) {}
