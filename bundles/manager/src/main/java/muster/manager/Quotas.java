package muster.manager;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import muster.api.ErrorCode;
import muster.api.MusterException;

/** Counts what each owner has open and submits, and holds it within {@link Limits}. One thread. */
final class Quotas {
    /** How long an owner may be idle and then submit at once what the rate allows for that time. */
    private static final long BURST_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Limits limits;
    private final Map<String, Account> accounts = new HashMap<>();

    /**
     * For one owner; 0 is no limit.
     *
     * @param jobs that have not ended
     * @param tasks of these jobs, those that have ended among them
     * @param submitsPerSecond over ten seconds
     */
    record Limits(int jobs, long tasks, int submitsPerSecond) {
        static final Limits NONE = new Limits(0, 0, 0);

        Limits {
            if (jobs < 0 || tasks < 0 || submitsPerSecond < 0) {
                throw MusterException.invalid(
                        "limit.jobs, limit.tasks and limit.submits in etc/muster.manager.cfg are " + jobs + ", " + tasks
                                + " and " + submitsPerSecond + "; write numbers from 0, which is no limit");
            }
        }
    }

    /** What one owner has. */
    private static final class Account {
        private int jobs;
        private long tasks;
        /** When everything submitted so far would have come at the highest rate (the generic cell rate algorithm). */
        private long due;

        private Account(long now) {
            due = now;
        }
    }

    Quotas(Limits limits) {
        this.limits = limits;
    }

    /**
     * Counts a submit.
     *
     * @param now in nanoseconds
     * @throws MusterException TOO_MANY if there were too many of late
     */
    void submitted(String owner, long now) {
        if (limits.submitsPerSecond == 0) {
            return;
        }
        var account = account(owner, now);
        var due = account.due - now > 0 ? account.due : now;
        if (due - now > BURST_NANOS) {
            throw tooMany("'" + owner + "' submits more than " + limits.submitsPerSecond
                    + " jobs a second; submit fewer at a time, or one array for many tasks");
        }
        account.due = due + TimeUnit.SECONDS.toNanos(1) / limits.submitsPerSecond;
    }

    /**
     * Counts a job that is to be open.
     *
     * @throws MusterException TOO_MANY if that is more than its owner may have
     */
    void open(String owner, int tasks, long now) {
        var account = account(owner, now);
        if (limits.jobs > 0 && account.jobs >= limits.jobs) {
            throw tooMany("'" + owner + "' has " + account.jobs + " open jobs, of " + limits.jobs
                    + " allowed; wait until some have ended, cancel some, or submit one array for many tasks");
        }
        requireRoom(account, owner, tasks);
        reopen(owner, tasks, now);
    }

    private void requireRoom(Account account, String owner, int tasks) {
        if (limits.tasks > 0 && account.tasks + tasks > limits.tasks) {
            throw tooMany("'" + owner + "' has " + account.tasks + " tasks in open jobs, with these " + tasks
                    + " more than the " + limits.tasks + " allowed; wait until some jobs have ended, or cancel some");
        }
    }

    /**
     * Counts further tasks of a job that is open.
     *
     * @throws MusterException TOO_MANY if that is more than its owner may have
     */
    void grow(String owner, int tasks, long now) {
        var account = account(owner, now);
        requireRoom(account, owner, tasks);
        account.tasks += tasks;
    }

    /** Counts a job that is open already. */
    void reopen(String owner, int tasks, long now) {
        var account = account(owner, now);
        account.jobs++;
        account.tasks += tasks;
    }

    /** Counts the end of a job. */
    void close(String owner, int tasks, long now) {
        var account = account(owner, now);
        account.jobs--;
        account.tasks -= tasks;
        if (account.jobs == 0 && account.due - now <= 0) {
            accounts.remove(owner);
        }
    }

    private Account account(String owner, long now) {
        return accounts.computeIfAbsent(owner, name -> new Account(now));
    }

    private static MusterException tooMany(String message) {
        return new MusterException(ErrorCode.TOO_MANY, message);
    }
}
