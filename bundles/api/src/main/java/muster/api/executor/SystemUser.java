package muster.api.executor;

import java.nio.file.Path;
import java.util.List;

/**
 * A user of the operating system.
 *
 * @param groups ids of all groups, the first one's among them
 */
public record SystemUser(String name, int uid, int gid, List<Integer> groups, Path home) {
    public SystemUser {
        groups = List.copyOf(groups);
    }
}
