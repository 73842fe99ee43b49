package muster.executor.docker;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import muster.api.Cause;
import muster.executor.docker.Container.Host;
import muster.executor.docker.Exchange.Receiver;
import muster.executor.docker.WarmContainers.Look;
import muster.executor.docker.WarmContainers.Warm;
import org.jspecify.annotations.Nullable;

/**
 * A command in a warm container: it waits for one, is started in it, and leaves it for the next, or takes it down if
 * anything but success is the end of it. All of it on the daemon's thread.
 */
final class Exec implements Place {
    private static final Duration FIRST_LOOK = Duration.ofMillis(10);
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);

    /** The exit code of what went down with its container, as shells tell it. */
    private static final int KILLED = 128 + 9;

    private static final int CANNOT_RUN = 126;
    private static final int NOT_FOUND = 127;

    /** Where the command is. It only ever goes down this list. */
    private enum State {
        /** It has no container, or is being made in one. */
        WAITING,
        RUNNING,
        /** It has ended, and what it left is looked for or taken down. */
        ENDING,
        GONE
    }

    private final Plan plan;
    private final Guest guest;
    private final WarmContainers containers;
    private final Host host;
    private final Daemon daemon;

    private State state = State.WAITING;
    private boolean stopped;
    private boolean entered;
    private boolean starting;
    private @Nullable Warm warm;
    private String id = "";
    private @Nullable Exchange attached;
    private long startNanos;
    private long endNanos;
    private @Nullable Integer exitCode;
    private boolean memoryKills;

    /** Whether its container is ended because of how it ended. */
    private boolean takenDown;

    private @Nullable End containerEnd;
    private boolean told;

    Exec(Plan plan, Guest guest, WarmContainers containers, Host host) {
        this.plan = plan;
        this.guest = guest;
        this.containers = containers;
        this.host = host;
        daemon = host.daemon();
    }

    private void become(State next) {
        if (next.compareTo(state) <= 0) {
            throw new IllegalStateException("a command in a warm container cannot become " + next + ", it is " + state);
        }
        state = next;
    }

    private Container container() {
        return Objects.requireNonNull(warm).container;
    }

    // ---- beginning

    @Override
    public void begin() {
        warm = containers.take(plan, this);
    }

    /** Its container is ready. */
    void enter(Warm ready) {
        host.gate().enter(() -> {
            if (warm == ready && containerEnd == null && !stopped) {
                entered = true;
                make(ready);
            } else {
                host.gate().leave();
            }
        });
    }

    private void leave() {
        if (entered) {
            entered = false;
            host.gate().leave();
        }
    }

    private void make(Warm in) {
        daemon.call("POST", "/containers/" + in.container.id() + "/exec", plan.exec(), Container.LIMIT, reply -> {
            if (stopped || warm != in || containerEnd != null) {
                return; // its container ends
            }
            if (reply.ok()) {
                id = reply.json().path("Id").asText();
                start(in);
            } else {
                notStarted(in, reply);
            }
        });
    }

    private void start(Warm in) {
        starting = true;
        startNanos = System.nanoTime();
        var body = Reply.JSON.createObjectNode().put("Detach", false).put("Tty", false);
        attached = daemon.open("POST", "/exec/" + id + "/start", Exchange.UPGRADE, body, new Output(in));
    }

    /** What it prints. */
    private final class Output implements Receiver {
        private final Warm in;
        private final StringBuilder refusal = new StringBuilder();
        private int status;

        Output(Warm in) {
            this.in = in;
        }

        @Override
        public void opened(int newStatus) {
            status = newStatus;
            if (Exchange.isStream(status) && state == State.WAITING && warm == in) {
                become(State.RUNNING);
                leave();
                guest.started();
                if (stopped) {
                    in.container.stop(false);
                }
            }
        }

        @Override
        public void received(ByteBuffer bytes) {
            if (!Exchange.isStream(status)) {
                refusal.append(StandardCharsets.UTF_8.decode(bytes));
            } else if (warm == in) {
                guest.received(bytes);
            }
        }

        @Override
        public void ended(@Nullable String failure) {
            if (warm != in) {
                return;
            }
            starting = false;
            endNanos = System.nanoTime();
            if (state == State.RUNNING) {
                inspect(FIRST_LOOK);
            } else if (state == State.WAITING && containerEnd == null) {
                notStarted(in, failure == null ? new Reply(status, refusal.toString()) : new Reply(0, failure));
            }
        }
    }

    /** A container that was warm may be gone meanwhile: then another does. */
    private void notStarted(Warm in, Reply reply) {
        leave();
        if (stopped) {
            in.container.stop(true);
        } else if (in.isUsed()) {
            changePlace(in);
        } else {
            become(State.ENDING);
            tell(End.failed(
                    reply.status() == 400 ? Cause.INVALID : Cause.EXECUTOR,
                    "the command cannot be started in its container: " + reply.message()));
            in.container.stop(true);
        }
    }

    private void changePlace(Warm from) {
        leave();
        from.leave();
        warm = containers.take(plan, this);
    }

    @Override
    public void send(FileChannel file) {
        if (attached != null) {
            attached.send(file);
        }
    }

    @Override
    public void measure() {
        var in = Objects.requireNonNull(warm);
        in.container.measure(reading -> guest.measured(
                in.isUsed()
                        ? new Reading(
                                reading.cpu().minusNanos(Math.max(0, in.before().cpuNanos())), reading.memoryBytes(), 0)
                        : reading));
    }

    // ---- end

    @Override
    public void stop(boolean atOnce) {
        stopped = true;
        switch (state) {
            case WAITING -> {
                if (atOnce || !starting) {
                    container().stop(true); // else once it has started
                }
            }
            case RUNNING -> container().stop(atOnce);
            case ENDING -> container().stop(true);
            case GONE -> throw new IllegalStateException("a command that has ended cannot be stopped");
        }
    }

    private void inspect(Duration again) {
        daemon.call("GET", "/exec/" + id + "/json", null, Container.LIMIT, reply -> {
            if (state != State.RUNNING) {
                return;
            }
            var now = reply.json();
            if (reply.ok() && now.path("Running").asBoolean() && containerEnd == null) {
                // it closed its output and goes on
                daemon.later(again, () -> {
                    endNanos = System.nanoTime();
                    inspect(again.multipliedBy(2).compareTo(LONGEST_LOOK) < 0 ? again.multipliedBy(2) : LONGEST_LOOK);
                });
            } else if (reply.ok() || containerEnd != null) {
                hasEnded(now.path("ExitCode").asInt(KILLED));
            } else {
                become(State.ENDING);
                tell(End.failed(Cause.EXECUTOR, "the daemon lost the command: " + reply.message()));
                container().stop(true);
            }
        });
    }

    private void hasEnded(int code) {
        become(State.ENDING);
        exitCode = code;
        if (containerEnd != null) {
            tell(endWith(containerEnd));
        } else if (stopped) {
            container().endInput(); // Podman, which is about to stop it, kills nothing meanwhile
        } else {
            Objects.requireNonNull(warm).look(this::looked);
        }
    }

    private void looked(@Nullable Look now) {
        if (containerEnd != null || warm == null) {
            return;
        }
        if (now != null) {
            guest.measured(new Reading(now.cpuSince(warm.before()), 0, 0));
            memoryKills = now.memoryKills() > warm.before().memoryKills();
        }
        if (now != null && Integer.valueOf(0).equals(exitCode) && !stopped && warm.vacate(now)) {
            warm = null;
            tell(end(false));
            become(State.GONE);
            guest.gone();
        } else {
            takenDown = true;
            warm.container.stop(true);
        }
    }

    /** Its container has ended, and is being removed. */
    void containerEnded(End end) {
        if (state == State.WAITING && !stopped && Objects.requireNonNull(warm).isUsed()) {
            changePlace(warm);
            return;
        }
        containerEnd = end;
        if (state == State.WAITING) {
            leave();
            become(State.ENDING);
            tell(stopped ? End.NOT_STARTED : end.failure() != null ? end : diedEarly(end));
        } else if (state == State.ENDING) {
            tell(endWith(end));
        }
    }

    private End endWith(End container) {
        // so the daemon also tells that there was nowhere to start the command
        var notStarted = exitCode != null && (exitCode == CANNOT_RUN || exitCode == NOT_FOUND);
        return notStarted && !stopped && !takenDown ? diedEarly(container) : end(container.outOfMemory());
    }

    private static End diedEarly(End end) {
        return End.failed(
                Cause.EXECUTOR,
                "its container ended with code " + end.exitCode() + " before the command could start in it");
    }

    /** Its container is removed. */
    void containerGone() {
        if (state == State.RUNNING) {
            become(State.ENDING);
            tell(end(containerEnd != null && containerEnd.outOfMemory()));
        }
        if (attached != null) {
            attached.fail("its container is gone");
        }
        become(State.GONE);
        guest.gone();
    }

    private End end(boolean outOfMemory) {
        var wall = Duration.ofNanos(Math.max(0, (endNanos == 0 ? System.nanoTime() : endNanos) - startNanos));
        return new End(null, exitCode == null ? KILLED : exitCode, outOfMemory || memoryKills, wall);
    }

    private void tell(End end) {
        if (!told) {
            told = true;
            guest.ended(end);
        }
    }
}
