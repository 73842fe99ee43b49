package muster.manager.scheduler;

import java.time.Duration;

/**
 * Bounds of the scheduler.
 *
 * @param maxCrashes how often a task may lose its worker before it fails
 * @param prefetch how many attempts a worker may hold beyond those that fit on it
 * @param prefetchTime how much work, in time, it may hold beyond them for each slot
 */
public record Settings(int maxCrashes, int prefetch, Duration prefetchTime) {}
