package muster.api.executor;

import org.osgi.annotation.versioning.ProviderType;

/** An executor of commands, as {@link ProgramRunner} makes them. */
@ProviderType
public interface CommandExecutor extends Executor, AutoCloseable {
    /** Kills whatever runs, and waits until that is told. */
    @Override
    void close();
}
