package muster.executor.process;

/**
 * What the processes of one attempt may use together; 0 stands for no limit.
 *
 * @param processes how many there may be, each thread counted
 */
record Limits(double cores, long memoryBytes, int processes) {
    static final Limits NONE = new Limits(0, 0, 0);
}
