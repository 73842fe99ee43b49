package muster.worker;

import java.util.function.Consumer;
import muster.transport.ToManager;
import muster.transport.ToWorker;

/** Installs and removes bundles that the manager sends. Does not block. */
interface Deployer {
    /** @param answer hears what became of it */
    void deploy(ToWorker.Deploy request, Consumer<ToManager.Deployed> answer);
}
