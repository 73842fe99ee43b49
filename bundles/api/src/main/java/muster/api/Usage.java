package muster.api;

import java.time.Duration;

/**
 * What an attempt used; zero where the executor cannot tell.
 *
 * @param cpu user and system time of all its processes
 * @param peakMemoryBytes the largest resident set of one of its processes, or of all where a cgroup counts them
 */
public record Usage(Duration wall, Duration cpu, long peakMemoryBytes) {
    public static final Usage NONE = new Usage(Duration.ZERO, Duration.ZERO, 0);
}
