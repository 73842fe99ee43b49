package muster.api;

/** What a task writes to. */
public enum LogStream {
    STDOUT,
    STDERR
}
