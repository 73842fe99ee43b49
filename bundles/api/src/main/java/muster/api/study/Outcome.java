package muster.api.study;

import java.util.List;
import muster.api.TaskSpec;
import muster.api.language.Plan;

/**
 * What an action comes to.
 *
 * @param tasks each named by {@link Action#taskName}
 * @param abstractions what actions that depend on it may include
 * @param needs names of the tasks that must have succeeded before an action that depends on it and runs once
 * @param deliveries what comes back to the user
 */
public record Outcome(
        List<TaskSpec> tasks, List<Abstraction> abstractions, List<String> needs, List<Plan.Delivery> deliveries) {
    public Outcome {
        tasks = List.copyOf(tasks);
        abstractions = List.copyOf(abstractions);
        needs = List.copyOf(needs);
        deliveries = List.copyOf(deliveries);
    }
}
