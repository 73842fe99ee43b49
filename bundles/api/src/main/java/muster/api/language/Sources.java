package muster.api.language;

import java.util.List;
import java.util.Optional;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What a script may ask of the place where its user started it. What was not sent with the script yet is asked of the
 * client: the answer is then a {@link MissingSources}, and the client compiles again with what it names.
 */
@ProviderType
public interface Sources {
    /**
     * The text of a file that the script names.
     *
     * @param path relative to the script's folder, or absolute
     * @throws MissingSources if it was not sent
     */
    String file(String path);

    /**
     * The value of a variable of the user's environment; null if it has none there.
     *
     * @throws MissingSources if it was not sent
     */
    @Nullable
    String variable(String name);

    /**
     * What puts a file or folder of the user's into a task's workspace; none for one that was not uploaded, which the
     * manager asks of the client once the script is compiled.
     *
     * @param path relative to the script's folder, or absolute
     * @param name where it shall be, relative to the workspace
     */
    List<Input> inputs(String path, String name);

    /**
     * What the tasks of an earlier job of the same user have made, those that have succeeded, by rising index.
     *
     * @throws MusterException NOT_FOUND if the user has no such job, or it is not a graph
     */
    default List<Made> made(JobId job) {
        throw MusterException.notFound("job " + job + " is not known here");
    }

    /**
     * What a file of an earlier job says; empty if it is longer than 64 KiB or no text.
     *
     * @param content as {@link #made} gave it
     */
    default Optional<String> text(Content content) {
        return Optional.empty();
    }
}
