package muster.api;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The cluster in a glance.
 *
 * @param epoch rises each time a manager takes over
 * @param broker address of the broker
 * @param missing ids of {@code muster.nodes} that have never come or are lost
 * @param sharedFolders what all workers and users see at the same path
 * @param endedTasks since this manager started
 * @param tasksPerSecond ended, over the last ten seconds
 */
public record ClusterStatus(
        String manager,
        String version,
        long epoch,
        Instant since,
        String broker,
        Map<WorkerState, Integer> workers,
        List<String> missing,
        List<String> sharedFolders,
        double cores,
        double coresInUse,
        Map<JobState, Integer> jobs,
        Map<TaskState, Long> openTasks,
        long endedTasks,
        double tasksPerSecond) {}
