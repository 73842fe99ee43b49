package muster.api;

/**
 * An executor on a worker.
 *
 * @param reason why it is not available; where it is, what an operator should know, or empty
 */
public record ExecutorView(String name, boolean available, String reason) {}
