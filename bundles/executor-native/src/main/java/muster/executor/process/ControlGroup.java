package muster.executor.process;

import java.io.IOException;
import java.util.List;
import java.util.function.IntSupplier;

/** The control group of one attempt. */
interface ControlGroup {
    /**
     * Starts a process, in the group if {@link ControlGroups#holdFromStart}.
     *
     * @param launch starts it on the calling thread
     * @return what {@code launch} returned
     * @throws IOException if the group cannot be entered; nothing has been started then
     */
    int launch(IntSupplier launch) throws IOException;

    /** Moves a process here. What it forked before stays where it is. */
    void join(int pid) throws IOException;

    /** The processes in it and in groups below. */
    List<Integer> members();

    /** Kills all that is in it, and lets nothing new be made there. To be called until nothing is left. */
    void kill();

    /** Whether the kernel killed a process of it because its memory ran out; known also after its removal. */
    boolean ranOutOfMemory();

    /** Gives it back, if nothing lives in it; false otherwise. Idempotent. */
    boolean remove();
}
