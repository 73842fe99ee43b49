package muster.api.language;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import muster.api.Work;

/**
 * What a script comes to.
 *
 * @param work its tasks
 * @param inputs files and folders of the user's that its tasks take, relative to the script's folder or absolute
 * @param outputs what is to lie in the script's folder afterwards
 * @param categories how many tasks there are of each category that the script names
 */
public record Plan(Work work, List<String> inputs, List<Delivery> outputs, Map<String, Integer> categories) {
    public Plan {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        categories = new TreeMap<>(categories);
    }

    /**
     * A file or folder that comes back to its user.
     *
     * @param path where to, below the script's folder
     * @param task the name of the task that makes it
     * @param output what that task calls it
     */
    public record Delivery(String path, String task, String output) {}
}
