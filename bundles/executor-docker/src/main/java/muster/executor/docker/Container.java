package muster.executor.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import muster.api.Cause;
import muster.api.executor.Pull;
import muster.executor.docker.Exchange.Receiver;
import muster.executor.docker.Plan.Owner;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container of the daemon, with the command that is its first: it is made, attached to, started, waited for, looked at
 * and removed. All of it on the daemon's thread.
 */
final class Container implements Place {
    private static final Logger LOG = LoggerFactory.getLogger(Container.class);

    /** For how long the daemon may take for what is asked of it. */
    static final Duration LIMIT = Duration.ofMinutes(2);

    /** Where a container is. It only ever goes down this list. */
    private enum State {
        /** None yet: its image is fetched, or it is being made. */
        MAKING,
        /** It is attached to and started. */
        STARTING,
        RUNNING,
        /** It is being removed. */
        REMOVING,
        GONE
    }

    /** What all containers of an executor share. */
    interface Host {
        Daemon daemon();

        Images images();

        Gate gate();

        Settings settings();

        Owner owner();

        /** Whether its daemon says when memory ran out. */
        boolean tellsMemory();

        /** From now on containers may have this name, until it is {@link #removed}. */
        void adds(String name);

        /** @param left whether it may still be there */
        void removed(String name, boolean left);
    }

    private final String name;
    private final Plan plan;
    private final Guest guest;
    private final Host host;
    private final Daemon daemon;

    private State state = State.MAKING;
    private boolean stopped;
    private boolean atOnce;

    /** Whether it has a place in the gate; whether the daemon is just making it. */
    private boolean entered;

    private boolean creating;
    private String id = "";
    private @Nullable Exchange attached;
    private boolean drained;
    private long startNanos;
    private long endNanos;

    /** @param name by which it is known after a crash, and in the log */
    Container(String name, Plan plan, Guest guest, Host host) {
        this.name = name;
        this.plan = plan;
        this.guest = guest;
        this.host = host;
        daemon = host.daemon();
    }

    /** What the daemon calls it; empty before it is made. */
    String id() {
        return id;
    }

    private void become(State next) {
        if (next.compareTo(state) <= 0) {
            throw new IllegalStateException("the container of " + name + " cannot become " + next + ", it is " + state);
        }
        state = next;
    }

    // ---- beginning

    @Override
    public void begin() {
        if (state != State.MAKING) {
            return;
        }
        host.adds(name);
        if (plan.pull() == Pull.ALWAYS) {
            pull();
        } else {
            create(plan.pull() == Pull.MISSING);
        }
    }

    private void pull() {
        host.images().pull(plan.image(), reply -> {
            if (state != State.MAKING) {
                return;
            }
            if (reply.ok()) {
                create(false);
            } else {
                var unknown = reply.status() == 404
                        || reply.text().contains("not found")
                        || reply.text().contains("manifest unknown");
                end(End.failed(
                        unknown ? Cause.INVALID : Cause.EXECUTOR,
                        plan.imageName() + " cannot be pulled: " + reply.message()));
            }
        });
    }

    private void create(boolean mayPull) {
        host.gate().enter(() -> {
            entered = true;
            if (state == State.MAKING) {
                createNow(mayPull);
            } else {
                leave();
            }
        });
    }

    private void leave() {
        if (entered) {
            entered = false;
            host.gate().leave();
        }
    }

    private void createNow(boolean mayPull) {
        creating = true;
        daemon.call("POST", "/containers/create", plan.labeled(name, host.owner()), LIMIT, reply -> {
            creating = false;
            if (reply.ok()) {
                id = reply.json().path("Id").asText();
                if (stopped) {
                    remove(End.NOT_STARTED);
                } else {
                    become(State.STARTING);
                    attach();
                }
            } else if (stopped) {
                end(End.NOT_STARTED);
            } else if (reply.status() == 404 && mayPull) {
                leave();
                pull();
            } else {
                end(refusal(reply));
            }
        });
    }

    private End refusal(Reply reply) {
        return switch (reply.status()) {
            case 404 ->
                End.failed(
                        Cause.INVALID,
                        plan.imageName() + " is not on this worker"
                                + (plan.pull() == Pull.NEVER
                                        ? ", which pulls none; load it there, or allow pull = missing"
                                        : ": " + reply.message()));
            case 400 -> End.failed(Cause.INVALID, "the container is refused: " + reply.message());
            default -> End.failed(Cause.EXECUTOR, "the container cannot be made: " + reply.message());
        };
    }

    private void attach() {
        var path = "/containers/" + id + "/attach?stream=1&stdout=1&stderr=1" + (plan.readsInput() ? "&stdin=1" : "");
        attached = daemon.open("POST", path, Exchange.UPGRADE, null, new Output());
    }

    /** What it prints. */
    private final class Output implements Receiver {
        private final StringBuilder refusal = new StringBuilder();
        private int status;

        @Override
        public void opened(int newStatus) {
            status = newStatus;
            if (Exchange.isStream(status) && state == State.STARTING) {
                start();
            }
        }

        @Override
        public void received(ByteBuffer bytes) {
            if (Exchange.isStream(status)) {
                guest.received(bytes);
            } else {
                refusal.append(StandardCharsets.UTF_8.decode(bytes));
            }
        }

        @Override
        public void ended(@Nullable String failure) {
            drained = true;
            endNanos = System.nanoTime();
            if (!Exchange.isStream(status) && state == State.STARTING) {
                var why = failure == null ? new Reply(status, refusal.toString()).message() : failure;
                remove(End.failed(Cause.EXECUTOR, "the container cannot be attached to: " + why));
            } else if (state == State.RUNNING) {
                inspect();
            }
        }
    }

    private void start() {
        startNanos = System.nanoTime();
        daemon.call("POST", "/containers/" + id + "/start", null, LIMIT, reply -> {
            if (state != State.STARTING) {
                return;
            }
            if (!reply.ok() && reply.status() != 304) {
                remove(stopped ? End.NOT_STARTED : startFailure(reply));
                return;
            }
            become(State.RUNNING);
            leave();
            guest.started();
            if (drained) {
                inspect();
            } else if (stopped) {
                carryOut();
            }
        });
    }

    private End startFailure(Reply reply) {
        var message = reply.message();
        if (message.contains("executable file not found") || message.contains("exec: ")) {
            return End.failed(Cause.INVALID, plan.notRunnable(message));
        }
        return End.failed(
                reply.status() == 400 || reply.status() == 404 ? Cause.INVALID : Cause.EXECUTOR,
                "the container cannot be started: " + message);
    }

    @Override
    public void send(FileChannel file) {
        if (attached != null) {
            attached.send(file);
        }
    }

    // ---- end

    @Override
    public void stop(boolean now) {
        if (state.compareTo(State.RUNNING) > 0 || (stopped && (atOnce || !now))) {
            return;
        }
        stopped = true;
        atOnce = now;
        if (state == State.MAKING && !creating) {
            end(End.NOT_STARTED); // not asked for yet, or its image is being fetched
        } else if (state == State.RUNNING) {
            carryOut();
        }
    }

    /** Sends its command an empty line. */
    void sendLine() {
        if (attached != null) {
            attached.send((byte) '\n');
        }
    }

    /** Lets a command end that waits for the end of its input. */
    void endInput() {
        if (attached != null) {
            attached.endInput();
        }
    }

    private void carryOut() {
        var path = atOnce
                ? "/kill"
                : "/stop?t=" + Math.max(0, host.settings().grace().toSeconds());
        daemon.call("POST", "/containers/" + id + path, null, null, reply -> {
            if (!reply.ok() && reply.status() != 304 && state == State.RUNNING) {
                LOG.warn("The container of {} could not be stopped: {}", name, reply.message());
            }
        });
    }

    private void inspect() {
        daemon.call("GET", "/containers/" + id + "/json", null, LIMIT, reply -> {
            if (!reply.ok()) {
                lost(reply);
                return;
            }
            var now = reply.json().path("State");
            if (isRunning(now)) {
                // it closed its output and goes on
                daemon.call("POST", "/containers/" + id + "/wait", null, null, waited -> {
                    endNanos = System.nanoTime();
                    if (waited.ok()) {
                        inspect();
                    } else {
                        lost(waited);
                    }
                });
            } else {
                var wall = Duration.ofNanos(Math.max(0, endNanos - startNanos));
                remove(new End(
                        null,
                        now.path("ExitCode").asInt(-1),
                        now.path("OOMKilled").asBoolean(),
                        wall));
            }
        });
    }

    /** Podman tells no exit code while it stops a container, and does not call it running. */
    private static boolean isRunning(JsonNode container) {
        return container.path("Running").asBoolean()
                || container.path("Status").asText().equals("stopping");
    }

    private void lost(Reply reply) {
        remove(End.failed(Cause.EXECUTOR, "the daemon lost the container: " + reply.message()));
    }

    /** It was never made. */
    private void end(End end) {
        become(State.GONE);
        leave();
        host.removed(name, false);
        guest.ended(end);
        guest.gone();
    }

    private void remove(End end) {
        become(State.REMOVING);
        leave();
        guest.ended(end);
        if (attached != null) {
            attached.fail("it is no longer needed");
        }
        removeContainer(daemon, id, reply -> {
            var left = !reply.ok() && reply.status() != 404;
            if (left) {
                LOG.warn("The container of {} may be left: {}", name, reply.message());
            }
            become(State.GONE);
            host.removed(name, left);
            guest.gone();
        });
    }

    /** Removes a container, whatever it does. */
    static void removeContainer(Daemon daemon, String id, Consumer<Reply> then) {
        daemon.call("DELETE", "/containers/" + id + "?force=true&v=true", null, LIMIT, then);
    }

    // ---- meanwhile

    @Override
    public void measure() {
        measure(guest::measured);
    }

    /** Looks at what it uses, if the daemon tells that. */
    void measure(Consumer<Reading> then) {
        daemon.call("GET", "/containers/" + id + "/stats?stream=false&one-shot=true", null, LIMIT, reply -> {
            if (reply.ok()) {
                then.accept(Reading.of(reply.json()));
            }
        });
    }
}
