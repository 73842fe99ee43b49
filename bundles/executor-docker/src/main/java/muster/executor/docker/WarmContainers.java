package muster.executor.docker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import muster.api.Cause;
import muster.executor.docker.Container.Host;
import muster.executor.docker.Place.End;
import muster.executor.docker.Place.Guest;
import muster.executor.docker.Place.Reading;
import org.jspecify.annotations.Nullable;

/**
 * The containers of one session: each has one command at a time, and waits for the next that asks the daemon for the
 * same. There are no more of them than commands that ran at once. All of it on the daemon's thread.
 */
final class WarmContainers {
    /**
     * What runs in a container that waits, of shells' own means alone: at the start and for each line of input it tells how
     * many processes there are, the processor time of all in nanoseconds (-1 if not known), and how many were killed because
     * memory ran out. It hands SIGTERM to the command, the one whose parent is not of this container, and ends with its input.
     */
    private static final String WAITING = """
            stop() (
                for process in /proc/[0-9]*; do
                    while read -r key value; do
                        if [ "$key$value" = PPid:0 ] && [ "$process" != /proc/1 ]; then
                            kill -TERM "${process#/proc/}"
                        fi
                    done < "$process/status"
                done
            )
            trap 'asked=1; stop' TERM
            groups=/sys/fs/cgroup
            while :; do
                set -- /proc/[0-9]*
                cpu=-1
                if [ -r $groups/cpu.stat ]; then
                    read -r key cpu < $groups/cpu.stat
                    cpu=${cpu}000
                elif [ -r $groups/cpuacct/cpuacct.usage ]; then
                    read -r cpu < $groups/cpuacct/cpuacct.usage
                fi
                kills=0
                for events in $groups/memory.events $groups/memory/memory.oom_control; do
                    if [ -r $events ]; then
                        while read -r key value; do
                            if [ "$key" = oom_kill ]; then
                                kills=$value
                            fi
                        done < $events
                    fi
                done
                echo "there are $# $cpu $kills"
                read -r line || [ "$asked" ] || exit 0
                asked=
            done
            """;

    /** The command of a container that waits. */
    static final List<String> COMMAND = List.of("sh", "-c", WAITING);

    private static final Pattern ANSWER = Pattern.compile("there are ([0-9]+) (-?[0-9]+) ([0-9]+)\n");
    private static final int LONGEST_ANSWER = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** What a container that waits tells of itself. */
    record Look(long processes, long cpuNanos, long memoryKills) {
        /** The processor time since an earlier one, if it is known. */
        Duration cpuSince(Look earlier) {
            return cpuNanos < 0 || earlier.cpuNanos < 0
                    ? Duration.ZERO
                    : Duration.ofNanos(Math.max(0, cpuNanos - earlier.cpuNanos));
        }
    }

    private final String name;
    private final Host host;
    private final List<Warm> all = new ArrayList<>();
    private int made;
    private @Nullable Runnable closed;

    /** @param name of the session, unlike that of any other */
    WarmContainers(String name, Host host) {
        this.name = name;
        this.host = host;
    }

    /** Takes a container for a command, which {@link Exec#enter}s it once it is ready. */
    Warm take(Plan plan, Exec tenant) {
        var free = all.stream().filter(Warm::isFree).toList();
        for (var warm : free) {
            if (warm.body.equals(plan.container())) {
                warm.tenant = tenant;
                host.daemon().post(() -> warm.enterIfReady());
                return warm;
            }
        }
        if (!free.isEmpty()) {
            free.get(0).end();
        }
        var warm = new Warm(plan, name + "." + ++made);
        warm.tenant = tenant;
        all.add(warm);
        host.daemon().post(warm.container::begin);
        return warm;
    }

    /** Removes all of them. */
    void close(Runnable then) {
        closed = then;
        List.copyOf(all).forEach(Warm::end);
        tellIfEmpty();
    }

    private void tellIfEmpty() {
        if (closed != null && all.isEmpty()) {
            closed.run();
            closed = null;
        }
    }

    /** One of them. */
    final class Warm implements Guest {
        final Container container;
        private final Plan plan;
        private final ObjectNode body;
        private final StringBuilder said = new StringBuilder();
        private @Nullable Exec tenant;
        private @Nullable Look first;
        private @Nullable Look before;
        private @Nullable Consumer<@Nullable Look> looking;
        private boolean used;
        private boolean ending;

        private Warm(Plan plan, String name) {
            this.plan = plan;
            body = plan.container();
            container = new Container(name, plan, this, host);
        }

        private boolean isFree() {
            return first != null && tenant == null && !ending;
        }

        /** Whether a command ran in it before. */
        boolean isUsed() {
            return used;
        }

        /** As it was when its command began. */
        Look before() {
            return Objects.requireNonNull(before);
        }

        private void enterIfReady() {
            if (first != null && !ending && tenant != null) {
                tenant.enter(this);
            }
        }

        /** Looks into it; tells null if it does not answer. */
        void look(Consumer<@Nullable Look> then) {
            looking = then;
            container.sendLine();
            host.daemon().later(PATIENCE, () -> {
                if (looking == then) {
                    answer(null);
                }
            });
        }

        private void answer(@Nullable Look look) {
            var waiting = looking;
            looking = null;
            if (waiting != null) {
                waiting.accept(look);
            }
        }

        /** Its command has succeeded; false if that may have left something: then it is no place for another. */
        boolean vacate(Look now) {
            if (ending || first == null || now.processes > first.processes || now.memoryKills > first.memoryKills) {
                return false;
            }
            before = now;
            used = true;
            tenant = null;
            return true;
        }

        /** Ends it; its command hears of that no more. */
        void leave() {
            tenant = null;
            end();
        }

        private void end() {
            ending = true;
            container.stop(true);
        }

        @Override
        public void started() {
            // the shell may still be missing: it tells when it is there
        }

        @Override
        public void received(ByteBuffer bytes) {
            said.append(StandardCharsets.ISO_8859_1.decode(bytes));
            var answer = ANSWER.matcher(said);
            if (answer.find()) {
                var look = new Look(
                        Long.parseLong(answer.group(1)),
                        Long.parseLong(answer.group(2)),
                        Long.parseLong(answer.group(3)));
                said.delete(0, answer.end());
                if (first == null) {
                    first = look;
                    before = look;
                    enterIfReady();
                } else {
                    answer(look);
                }
            }
            // a task can write there too
            said.delete(0, Math.max(0, said.length() - LONGEST_ANSWER));
        }

        @Override
        public void measured(Reading reading) {
            // it is told of by its command
        }

        @Override
        public void ended(End end) {
            ending = true;
            if (tenant != null) {
                tenant.containerEnded(first != null || end.failure() != null ? end : noShell());
            }
        }

        private End noShell() {
            return End.failed(
                    Cause.INVALID,
                    plan.imageName()
                            + " has no shell 'sh', by which a container waits for the tasks of a session; leave"
                            + " 'session' out, or take an image with one");
        }

        @Override
        public void gone() {
            all.remove(this);
            if (tenant != null) {
                tenant.containerGone();
            }
            tellIfEmpty();
        }
    }
}
