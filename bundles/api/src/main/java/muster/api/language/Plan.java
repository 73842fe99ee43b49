package muster.api.language;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Secret;
import muster.api.Work;

/**
 * What a script comes to.
 *
 * @param work its tasks
 * @param inputs files and folders of the user's that its tasks take, relative to the script's folder or absolute
 * @param outputs what is to lie in the script's folder afterwards
 * @param categories how many tasks there are of each category that the script names
 * @param secrets that its tasks rely on, without values
 */
public record Plan(
        Work work, List<String> inputs, List<Delivery> outputs, Map<String, Integer> categories, List<Secret> secrets) {
    public Plan {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        categories = new TreeMap<>(categories);
        secrets = secrets.stream().map(Secret::named).toList();
    }

    /** One whose script names no secrets. */
    public Plan(Work work, List<String> inputs, List<Delivery> outputs, Map<String, Integer> categories) {
        this(work, inputs, outputs, categories, List.of());
    }

    /**
     * That all secrets came which the script relies on, where its tasks look for them.
     *
     * @throws MusterException INVALID if one did not
     */
    public void requireSecrets(List<Secret> given) {
        var places = new HashMap<String, Secret.Place>();
        given.forEach(secret -> places.put(secret.name(), secret.place()));
        for (var secret : secrets) {
            var option = secret.place() == Secret.Place.FILE ? "--secret-file" : "--secret";
            if (places.get(secret.name()) != secret.place()) {
                throw MusterException.invalid("the script relies on secret '" + secret.name() + "', which "
                        + (places.containsKey(secret.name())
                                ? "came as "
                                        + Names.word(
                                                secret.place() == Secret.Place.FILE
                                                        ? Secret.Place.ENVIRONMENT
                                                        : Secret.Place.FILE)
                                : "did not come")
                        + "; give it by " + option + " " + secret.name() + "=@FILE");
            }
        }
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
