package muster.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import muster.api.executor.Attempt.FileAction;
import muster.api.executor.SystemUser;
import org.jspecify.annotations.Nullable;

/**
 * With whose rights files are used: the worker's own, or those of a user that tasks run as. What a task could have its
 * hands on is used with the rights of its user alone, so that no link of its making leads the worker further than the
 * task could go itself. Thread-safe.
 */
final class Identity {
    /** The worker's own. */
    static final Identity WORKER = new Identity(null);

    private final @Nullable SystemUser user;

    private Identity(@Nullable SystemUser user) {
        this.user = user;
    }

    /** The worker must be root. */
    static Identity of(SystemUser user) {
        return new Identity(user);
    }

    /** That of the owner of a file or folder, if the worker can take it on; else the worker's. */
    static Identity ofOwner(Path path) throws IOException {
        var attributes = Files.readAttributes(path, "unix:uid,gid", LinkOption.NOFOLLOW_LINKS);
        var uid = (int) Objects.requireNonNull(attributes.get("uid"));
        var gid = (int) Objects.requireNonNull(attributes.get("gid"));
        return uid == 0 || !FileRights.ofRoot()
                ? WORKER
                : of(new SystemUser(Integer.toString(uid), uid, gid, List.of(), Path.of("/")));
    }

    /** Empty for the worker's own. */
    Optional<SystemUser> user() {
        return Optional.ofNullable(user);
    }

    /** Does something on this thread with these rights. Not to be nested; see {@link FileAction}. */
    <T extends @Nullable Object, E extends Exception> T run(FileAction<T, E> action) throws E {
        if (user == null) {
            return action.run();
        }
        try {
            FileRights.take(user);
            return action.run();
        } finally {
            FileRights.restore();
        }
    }

    /** Makes a file or folder of the worker's, in a folder of the worker's, this user's own; returns it. */
    Path own(Path path) throws IOException {
        if (user != null) {
            Files.setAttribute(path, "unix:gid", user.gid(), LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:uid", user.uid(), LinkOption.NOFOLLOW_LINKS);
        }
        return path;
    }
}
