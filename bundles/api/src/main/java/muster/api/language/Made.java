package muster.api.language;

import java.util.List;
import muster.api.TaskSpec;

/**
 * What a task of an earlier job has made.
 *
 * @param contents that the manager has, by their paths in the task's workspace
 */
public record Made(TaskSpec task, List<Content> contents) {
    public Made {
        contents = List.copyOf(contents);
    }
}
