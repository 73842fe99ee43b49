package muster.shell;

import muster.api.JobState;
import muster.api.TaskState;
import muster.api.WorkerState;

/** How text stands out. */
enum Style {
    PLAIN(""),
    HEADER("1"),
    QUIET("90"),
    GOOD("32"),
    ACTIVE("36"),
    WARNING("33"),
    BAD("31");

    private final String code;

    Style(String code) {
        this.code = code;
    }

    /** The parameter of ANSI's SGR sequence. */
    String code() {
        return code;
    }

    static Style of(JobState state) {
        return switch (state) {
            case WAITING -> QUIET;
            case RUNNING -> ACTIVE;
            case SUCCEEDED -> GOOD;
            case FAILED -> BAD;
            case CANCELED -> WARNING;
        };
    }

    static Style of(TaskState state) {
        return switch (state) {
            case WAITING, READY -> QUIET;
            case ASSIGNED, RUNNING -> ACTIVE;
            case SUCCEEDED -> GOOD;
            case FAILED -> BAD;
            case CANCELED, IGNORED -> WARNING;
        };
    }

    static Style of(WorkerState state) {
        return switch (state) {
            case ONLINE -> GOOD;
            case DRAINING -> WARNING;
            case MISSING, LOST -> BAD;
        };
    }
}
