package muster.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a user submits.
 *
 * @param name empty if the user gave none
 * @param tags to find it by
 * @param priority -1000 to 1000, higher first; 0 by default
 * @param after jobs that must end before any task of this one starts
 * @param maxFails cancel the rest of the job once more tasks than this have failed that may not; null for never
 * @param secrets what all of its tasks get; without their values once it was accepted
 */
public record JobSpec(
        String name,
        List<String> tags,
        int priority,
        List<Dependency> after,
        @Nullable Integer maxFails,
        Work work,
        List<Secret> secrets) {
    public JobSpec {
        if (name.length() > 200) {
            throw MusterException.invalid(
                    "a job name of " + name.length() + " characters is too long; use at most 200");
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw MusterException.invalid(
                    "job name '" + Names.escape(name) + "' has control characters; use printable ones");
        }
        tags = List.copyOf(tags);
        tags.forEach(Names::requireLabel);
        if (priority < -1000 || priority > 1000) {
            throw MusterException.invalid("priority " + priority + " is outside -1000 to 1000");
        }
        after = List.copyOf(after);
        if (maxFails != null && maxFails < 0) {
            throw MusterException.invalid("maxFails " + maxFails + " is negative; write 0 or more");
        }
        secrets = Secret.requireAll(secrets);
    }

    /** A job without secrets. */
    public JobSpec(
            String name,
            List<String> tags,
            int priority,
            List<Dependency> after,
            @Nullable Integer maxFails,
            Work work) {
        this(name, tags, priority, after, maxFails, work, List.of());
    }

    /** The same, of whose secrets only the names are left. */
    public JobSpec withoutSecretValues() {
        return new JobSpec(
                name,
                tags,
                priority,
                after,
                maxFails,
                work,
                secrets.stream().map(Secret::named).toList());
    }

    /** The same with other work. */
    public JobSpec with(Work other) {
        return new JobSpec(name, tags, priority, after, maxFails, other, secrets);
    }

    /** One native command with defaults for all else. */
    public static JobSpec command(List<String> command) {
        return of("", new Work.Single(TaskSpec.command(command)));
    }

    /** A job with defaults for all but its name and work. */
    public static JobSpec of(String name, Work work) {
        return new JobSpec(name, List.of(), 0, List.of(), null, work);
    }

    /**
     * A job that must end first.
     *
     * @param anyEnd true if it may end in any way, false if it must succeed
     */
    public record Dependency(JobId job, boolean anyEnd) {}
}
