package muster.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.ExecutorView;
import muster.api.LogChunk;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.executor.Attempt;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.transport.BrokerAddress;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import muster.transport.Protocol;
import muster.transport.ToManager;
import muster.transport.ToManager.Result;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The worker's end of the conversation with the manager, and the queue of what it was given.
 *
 * <p>One thread holds all state; what others tell it waits in a mailbox. After each batch of mail it starts what fits and
 * sends what has gathered, so that both travel in batches under load and at once when idle.
 *
 * <p>Attempts start strictly in the order in which they came: one whose resources are not free holds up those behind it,
 * so that large tasks are not starved by small ones. Nothing that runs is stopped because the manager or the broker
 * cannot be reached: its result is kept, and the manager fences what it gave away by the attempt number.
 */
final class Agent implements Outcomes, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final int MOST_GATHERED = 1024;
    private static final int MESSAGE_BYTES = 1 << 20;
    private static final int MOST_PIECES_UNDER_WAY = 16;
    private static final Duration PIECE_PAUSE = Duration.ofMillis(250);
    /** After so many hellos without an answer the manager may be at another of the broker's servers. */
    private static final int MOST_UNANSWERED = 2;

    private static final int FILE_THREADS = 2;
    private static final int TRANSFER_THREADS = 8;

    /** How long results gather while attempts wait here, for which the manager need not hurry. */
    private static final Duration RESULT_PAUSE = Duration.ofMillis(25);

    /** Until the start of an attempt is told: of most that are shorter only the end is, which halves the messages. */
    private static final Duration START_PAUSE = Duration.ofMillis(20);

    private static final byte[] NO_BYTES = {};
    private static final Duration ANSWER = Duration.ofSeconds(10);

    private final Node node;
    private final Links links;
    private final BrokerAddress broker;
    private final NodeIdentity identity;
    private final ExecutorRegistry registry;
    private final Logs logs;
    private final Spool spool;
    private final TaskFiles taskFiles;
    private final Timing timing;
    private final BooleanSupplier nodeStops;
    private final TaskAttempt.Host host;
    private final Finisher finisher;
    private final Slots slots;
    private final HeldSessions sessions;
    private final Grants grants = new Grants(Clock.systemUTC());

    private final Mailbox mailbox = new Mailbox("muster-worker-agent", this::afterMail);
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> daemon(task, "clock"));
    private final ExecutorService files = Executors.newFixedThreadPool(FILE_THREADS, task -> daemon(task, "files"));
    private final ExecutorService transfers =
            Executors.newFixedThreadPool(TRANSFER_THREADS, task -> daemon(task, "transfers"));
    private final CountDownLatch idle = new CountDownLatch(1);

    // ---- the state, of the mailbox's thread alone
    private final Map<AttemptId, TaskAttempt> held = new LinkedHashMap<>();
    private final ArrayDeque<TaskAttempt> waiting = new ArrayDeque<>();
    private Links.@Nullable WorkerLink link;
    private boolean connected;
    private boolean welcomed;
    private boolean stopping;
    private boolean resending;
    /** Hellos since the last answer. */
    private int unanswered;
    /** Rises with each connection and welcome, so that what belongs to an earlier one is known. */
    private int conversation;

    private long epoch = Long.MIN_VALUE;
    private String refusal = "";
    private List<ExecutorView> advertised = List.of();
    private Duration heartbeat = Duration.ZERO;
    private @Nullable Future<?> heartbeats;
    private @Nullable Future<?> nextHello;
    private @Nullable Future<?> nextPiece;
    private @Nullable Future<?> nextStarts;
    private @Nullable Future<?> nextResults;
    private boolean resultsDue;

    /** Attempts that began to run just now. */
    private final List<TaskAttempt> starting = new ArrayList<>();

    // ---- what has gathered to be sent
    private final List<TaskAttempt> started = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();
    private final Map<String, List<AttemptId>> returned = new LinkedHashMap<>();
    private final List<ToManager> others = new ArrayList<>();

    private Deployer deployer = (request, answer) ->
            answer.accept(new ToManager.Deployed(request.request(), "", "this worker takes no bundles"));

    Agent(
            Node node,
            Links links,
            BrokerAddress broker,
            NodeIdentity identity,
            ExecutorRegistry registry,
            WorkFolder folder,
            Logs logs,
            TaskUsers users,
            Spool spool,
            TaskFiles taskFiles,
            Timing timing,
            BooleanSupplier nodeStops) {
        this.node = node;
        this.links = links;
        this.broker = broker;
        this.identity = identity;
        this.registry = registry;
        this.logs = logs;
        this.spool = spool;
        this.taskFiles = taskFiles;
        this.timing = timing;
        this.nodeStops = nodeStops;
        host = new TaskAttempt.Host(
                node.id, environment(), !node.capacity.gpus().isEmpty(), folder, logs, users);
        finisher = new Finisher(logs);
        slots = new Slots(node.capacity);
        sessions = new HeldSessions(host, slots, task -> in(transfers, task), this::inFiles, mailbox::execute);
        timer.setRemoveOnCancelPolicy(true);
    }

    /**
     * What a worker says of itself.
     *
     * @param session made anew by each start
     */
    record Node(String id, String session, String version, String address, Capacity capacity) {}

    /**
     * How long it waits for what.
     *
     * @param hello between two hellos while none is answered
     * @param refused likewise after a refusal
     * @param resend until a result that was sent and not confirmed is sent again
     * @param limitGrace beyond its time limit until an attempt is ended here if its executor did not
     * @param removalGrace until attempts are ended here whose executor went away without telling
     * @param shutdown for what runs to be stopped
     */
    record Timing(
            Duration hello,
            Duration refused,
            Duration resend,
            Duration limitGrace,
            Duration removalGrace,
            Duration shutdown) {
        static final Timing DEFAULT = new Timing(
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ofSeconds(10),
                Duration.ofSeconds(6));
    }

    private static Map<String, String> environment() {
        return Map.of(
                "PATH",
                Objects.requireNonNullElse(System.getenv("PATH"), "/usr/local/bin:/usr/bin:/bin"),
                "HOME",
                Objects.requireNonNullElse(System.getenv("HOME"), "/"),
                "LANG",
                Objects.requireNonNullElse(System.getenv("LANG"), "C.UTF-8"));
    }

    /** Before {@link #start}; without it bundles that the manager sends are refused. */
    void deployer(Deployer newDeployer) {
        deployer = newDeployer;
    }

    /** How many attempts the executors of these kinds run now. */
    CompletableFuture<Long> running(Set<String> kinds) {
        var answer = new CompletableFuture<Long>();
        mailbox.execute(() -> answer.complete(held.values().stream()
                .filter(attempt -> attempt.state() == TaskAttempt.State.RUNNING)
                .filter(attempt -> kinds.contains(attempt.template().executor()))
                .count()));
        return answer;
    }

    /** Begins to speak with the manager. */
    void start() {
        mailbox.start();
        registry.onChange(() -> mailbox.execute(this::executorsChanged));
        mailbox.execute(() -> link = links.openWorker(broker, identity, new Listener()));
    }

    /** Stops what runs, hands it back, and says goodbye; takes twice the time of {@link Timing#shutdown} at most. */
    @Override
    public void close() {
        try {
            mailbox.execute(this::stopAll);
            if (!idle.await(timing.shutdown.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.warn("Worker '{}' stops although some of its tasks have not ended yet", node.id);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        mailbox.execute(this::goodbye);
        timer.shutdownNow();
        mailbox.close();
        files.shutdown();
        transfers.shutdownNow();
        try {
            // sessions that are being closed
            if (!files.awaitTermination(timing.shutdown.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.warn("Worker '{}' stops although some of its sessions are not closed yet", node.id);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stopAll() {
        stopping = true;
        for (var attempt : List.copyOf(held.values())) {
            switch (attempt.state()) {
                case WAITING -> giveBackWaiting(attempt, "worker '" + node.id + "' goes down");
                case RUNNING -> cancel(attempt);
                case ENDED -> LOG.trace("Attempt {} is being finished", attempt.id());
            }
        }
    }

    private void goodbye() {
        for (var attempt : List.copyOf(held.keySet())) {
            giveBack(attempt, "worker '" + node.id + "' goes down");
        }
        sessions.closeAll();
        flush();
        if (connected) {
            send(List.of(new ToManager.Goodbye(node.session)));
        }
        if (link != null) {
            link.close();
        }
    }

    // ---- what executors tell

    @Override
    public void started(AttemptId attempt) {
        var at = Instant.now();
        mailbox.execute(() -> {
            var running = held.get(attempt);
            if (running != null && running.state() == TaskAttempt.State.RUNNING && !running.started) {
                running.started = true;
                running.startedAt = at;
                if (nextStarts == null && !stopping) {
                    nextStarts = after(START_PAUSE, this::tellStarts);
                }
                starting.add(running);
            }
        });
    }

    private void tellStarts() {
        nextStarts = null;
        starting.stream()
                .filter(attempt -> attempt.state() == TaskAttempt.State.RUNNING)
                .forEach(started::add);
        starting.clear();
    }

    @Override
    public void ended(AttemptId attempt, Outcome outcome) {
        mailbox.execute(() -> {
            var running = held.get(attempt);
            if (running != null && running.state() == TaskAttempt.State.RUNNING) {
                end(running, outcome);
            } else {
                LOG.debug("The end of attempt {} was told, which does not run: {}", attempt, outcome);
            }
        });
    }

    // ---- attempts

    private void run(ToWorker.Run run) {
        // the manager counts on what the hello said, and what was sent before it was answered was not in it
        if (!welcomed) {
            LOG.debug("Dropped what the manager sent before its welcome");
            return;
        }
        for (var batch : run.batches()) {
            var template = new TaskAttempt.Template(batch);
            grants.owns(batch.owner(), batch.job());
            var shortfall = slots.shortfall(batch.spec());
            for (var i = 0; i < batch.indices().length; i++) {
                var attempt = new TaskAttempt(template, i, host);
                if (spool.holds(attempt.id()) || held.putIfAbsent(attempt.id(), attempt) != null) {
                    continue;
                }
                if (batch.spec().session() != null) {
                    sessions.enter(attempt, batch.spec().session());
                }
                if (stopping) {
                    giveBackWaiting(attempt, "worker '" + node.id + "' goes down");
                } else if (shortfall != null) {
                    giveBackWaiting(attempt, "worker '" + node.id + "' cannot run it: " + shortfall);
                } else {
                    waiting.add(attempt);
                }
            }
        }
    }

    private void startWhatFits() {
        if (waiting.isEmpty() || stopping) {
            return;
        }
        var now = Instant.now();
        var batches = new LinkedHashMap<Executor, List<Attempt>>();
        for (var next = waiting.peek(); next != null; next = waiting.peek()) {
            if (next.state() != TaskAttempt.State.WAITING) {
                waiting.remove();
                continue;
            }
            var kind = next.template().executor();
            var executor = registry.available(kind);
            if (executor == null) {
                waiting.remove();
                giveBackWaiting(next, registry.whyNot(kind));
                continue;
            }
            var session = next.session == null ? null : sessions.of(next, executor);
            if (!slots.fits(next.template().resources(), session == null ? 0 : session.toReserveBytes())) {
                break;
            }
            waiting.remove();
            next.begin(executor, slots.take(next.template().resources()), now);
            if (session != null) {
                if (begin(next)) {
                    startIn(session, next, executor);
                }
            } else if (!next.template().inputs().isEmpty()) {
                stage(next);
            } else if (begin(next)) {
                batches.computeIfAbsent(executor, e -> new ArrayList<>()).add(next);
            }
        }
        batches.forEach(this::start);
    }

    /** Starts an attempt once its session is open. */
    private void startIn(HeldSession session, TaskAttempt attempt, Executor executor) {
        if (session.state() == HeldSession.State.OPEN) {
            startInside(attempt);
            return;
        }
        attempt.staging = true;
        session.waiting.add(attempt);
        if (session.state() == HeldSession.State.NEW) {
            sessions.open(
                    session,
                    executor,
                    (waited, failure) -> waited.forEach(one -> {
                        one.staging = false;
                        if (one.endsAs != null || failure != null) {
                            end(one, one.endsAs != null ? one.endsAs : Objects.requireNonNull(failure));
                        } else {
                            startInside(one);
                        }
                    }));
        }
    }

    private void startInside(TaskAttempt attempt) {
        var missing = HeldSessions.missing(attempt);
        if (!missing.isEmpty()) {
            end(attempt, sessions.lost(attempt.id(), Objects.requireNonNull(attempt.session), missing));
        } else if (!attempt.template().inputs().isEmpty()) {
            bring(attempt);
        } else {
            start(Objects.requireNonNull(attempt.executor()), List.of(attempt));
        }
    }

    /** What precedes the executor's part; false if it has already ended. */
    private boolean begin(TaskAttempt attempt) {
        try {
            var limit = attempt.task().timeLimit();
            if (limit != null) {
                attempt.backstop = after(limit.plus(timing.limitGrace), () -> overdue(attempt));
            }
            return true;
        } catch (MusterException e) {
            end(attempt, Outcome.failure(Cause.INVALID, String.valueOf(e.getMessage())));
            return false;
        }
    }

    /** Brings its inputs; its executor hears of it once they are there. */
    private void stage(TaskAttempt attempt) {
        if (begin(attempt)) {
            bring(attempt);
        }
    }

    private void bring(TaskAttempt attempt) {
        attempt.staging = true;
        in(transfers, () -> {
            var failure = brought(attempt);
            mailbox.execute(() -> staged(attempt, failure));
        });
    }

    /** Why the inputs are not there; null if they are. */
    private @Nullable Outcome brought(TaskAttempt attempt) {
        try (var context = about(attempt.id())) {
            taskFiles.stage(
                    attempt.id(),
                    attempt.task(),
                    attempt.workingDirectory(),
                    attempt.identity(),
                    () -> attempt.stagingStopped);
            return null;
        } catch (IOException e) {
            return Outcome.failure(Cause.STAGING, Names.escape(String.valueOf(e.getMessage())));
        } catch (MusterException e) {
            return Outcome.failure(Cause.INVALID, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            return Outcome.failure(Cause.STAGING, defect("bring the inputs of", attempt, e));
        }
    }

    /** Tells of one, so that its attempt ends all the same. */
    private static String defect(String what, TaskAttempt attempt, RuntimeException e) {
        LOG.error("A defect in the worker, which could not {} attempt {}; please report it", what, attempt.id(), e);
        return "the worker could not " + what + " the task: " + Names.escape(e.toString());
    }

    private void staged(TaskAttempt attempt, @Nullable Outcome failure) {
        attempt.staging = false;
        if (attempt.endsAs != null) {
            end(attempt, attempt.endsAs);
        } else if (failure != null) {
            end(attempt, failure);
        } else {
            start(Objects.requireNonNull(attempt.executor()), List.of(attempt));
        }
    }

    private void start(Executor executor, List<Attempt> attempts) {
        try {
            executor.start(attempts, this);
        } catch (RuntimeException | LinkageError e) {
            LOG.error(
                    "Executor '{}' failed to start tasks",
                    attempts.get(0).task().executor(),
                    e);
            for (var attempt : attempts) {
                ended(
                        attempt.id(),
                        Outcome.failure(
                                Cause.EXECUTOR, "executor '" + attempt.task().executor() + "' failed: " + e));
            }
        }
    }

    private void overdue(TaskAttempt attempt) {
        if (attempt.state() == TaskAttempt.State.RUNNING) {
            try (var context = about(attempt.id())) {
                LOG.warn(
                        "Attempt {} runs although its time limit is over; executor '{}' should have ended it",
                        attempt.id(),
                        attempt.template().executor());
            }
            var outcome = Outcome.failure(Cause.TIME_LIMIT, "ran longer than its time limit");
            if (attempt.staging) {
                stopStaging(attempt, outcome);
            } else {
                cancel(attempt);
                end(attempt, outcome);
            }
        }
    }

    private void cancel(ToWorker.Cancel message) {
        for (var id : message.attempts()) {
            var attempt = held.get(id);
            if (attempt == null) {
                continue;
            }
            switch (attempt.state()) {
                case WAITING -> {
                    attempt.drop();
                    var outcome = Outcome.failure(Cause.CANCELED, "canceled before it started");
                    settle(attempt, ToManager.Result.of(id, outcome, null, Instant.now()));
                }
                case RUNNING -> {
                    attempt.cancelAsked = true;
                    cancel(attempt);
                }
                case ENDED -> LOG.trace("Attempt {} has ended before its cancel came", id);
            }
        }
    }

    private static void stopStaging(TaskAttempt attempt, Outcome outcome) {
        attempt.stagingStopped = true;
        attempt.endsAs = outcome;
    }

    private void cancel(TaskAttempt attempt) {
        if (attempt.staging) {
            stopStaging(attempt, Outcome.failure(Cause.CANCELED, "canceled before it started"));
            return;
        }
        try {
            Objects.requireNonNull(attempt.executor()).cancel(attempt);
        } catch (RuntimeException | LinkageError e) {
            try (var context = about(attempt.id())) {
                LOG.error(
                        "Executor '{}' failed to stop an attempt",
                        attempt.template().executor(),
                        e);
            }
        }
    }

    private void end(TaskAttempt attempt, Outcome told) {
        var outcome = HeldSessions.kept(attempt, told);
        if (outcome.cause() == Cause.SESSION && attempt.session != null) {
            attempt.missing = HeldSessions.missing(attempt);
        }
        attempt.end();
        slots.release(attempt.template().resources(), attempt.gpus());
        if (attempt.backstop != null) {
            attempt.backstop.cancel(false);
        }
        var startedAt = attempt.startedAt;
        var finishedAt = Instant.now();
        var goesBack = wasStoppedByShutdown(attempt, outcome);
        if (goesBack) {
            finishWith(attempt, () -> {
                try {
                    finisher.discard(attempt);
                } catch (RuntimeException e) {
                    defect("clear up after", attempt, e);
                }
                mailbox.execute(() -> giveBack(attempt.id(), "worker '" + node.id + "' went down while it ran"));
            });
        } else if (outcome.cause() == Cause.SUCCESS
                && !attempt.template().outputs().isEmpty()) {
            in(transfers, () -> {
                try (var context = about(attempt.id())) {
                    var result = finished(attempt, startedAt, collected(attempt, outcome), finishedAt);
                    mailbox.execute(() -> settle(attempt, result));
                }
            });
        } else if (attempt.touchedDisk()) {
            finishWith(attempt, () -> {
                var result = finished(attempt, startedAt, outcome, finishedAt);
                mailbox.execute(() -> settle(attempt, result));
            });
        } else {
            settle(attempt, ToManager.Result.of(attempt.id(), outcome, startedAt, finishedAt));
        }
    }

    /** The outcome once the outputs are where they belong, or why they are not. */
    private Outcome collected(TaskAttempt attempt, Outcome success) {
        try {
            taskFiles.collect(attempt.id(), attempt.task(), attempt.workingDirectory(), attempt.identity());
            return success;
        } catch (IOException | MusterException e) {
            return notCollected(success, Names.escape(String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            return notCollected(success, defect("keep the outputs of", attempt, e));
        }
    }

    private static Outcome notCollected(Outcome success, String why) {
        return new Outcome(Cause.STAGING, success.exitCode(), success.signal(), why, success.usage());
    }

    /** Its result; without what it wrote if that cannot be read. */
    private Result finished(TaskAttempt attempt, @Nullable Instant startedAt, Outcome outcome, Instant finishedAt) {
        try {
            return finisher.finish(attempt, startedAt, outcome, finishedAt);
        } catch (RuntimeException e) {
            defect("clear up after", attempt, e);
            return Result.of(attempt.id(), outcome, startedAt, finishedAt);
        }
    }

    private void finishWith(TaskAttempt attempt, Runnable step) {
        inFiles(() -> {
            try (var context = about(attempt.id())) {
                step.run();
            }
        });
    }

    /** Whether it would run on if this worker did: its task is to run elsewhere. */
    private boolean wasStoppedByShutdown(TaskAttempt attempt, Outcome outcome) {
        // whether the node stops is asked last: it is dear, and most attempts succeed
        return (outcome.cause() == Cause.CANCELED || outcome.cause() == Cause.EXECUTOR)
                && !attempt.cancelAsked
                && (stopping || nodeStops.getAsBoolean());
    }

    private void settle(TaskAttempt attempt, Result told) {
        var result = told.missed(attempt.missing);
        forget(attempt.id());
        spool.add(result);
        results.add(result);
    }

    private void giveBackWaiting(TaskAttempt attempt, String reason) {
        attempt.drop();
        giveBack(attempt.id(), reason);
    }

    private void giveBack(AttemptId attempt, String reason) {
        forget(attempt);
        returned.computeIfAbsent(reason, r -> new ArrayList<>()).add(attempt);
    }

    private void forget(AttemptId id) {
        var attempt = held.remove(id);
        if (attempt != null) {
            sessions.leave(attempt);
        }
    }

    private void executorsChanged() {
        var views = registry.views();
        if (welcomed && !views.equals(advertised)) {
            advertised = views;
            others.add(new ToManager.Executors(node.session, views));
        }
        sessions.closeOrphans(registry);
        for (var attempt : List.copyOf(held.values())) {
            var kind = attempt.template().executor();
            if (attempt.state() == TaskAttempt.State.WAITING && registry.available(kind) == null) {
                giveBackWaiting(attempt, registry.whyNot(kind));
            } else if (attempt.state() == TaskAttempt.State.RUNNING
                    && !attempt.orphaned
                    && !registry.holds(Objects.requireNonNull(attempt.executor()))) {
                attempt.orphaned = true;
                if (attempt.backstop != null) {
                    attempt.backstop.cancel(false);
                }
                attempt.backstop = after(timing.removalGrace, () -> abandon(attempt));
            }
        }
    }

    private void abandon(TaskAttempt attempt) {
        if (attempt.state() == TaskAttempt.State.RUNNING) {
            var message = "executor '" + attempt.template().executor() + "' was removed from worker '" + node.id
                    + "' while it ran";
            var outcome = Outcome.failure(Cause.EXECUTOR, message);
            if (attempt.staging) {
                stopStaging(attempt, outcome);
            } else {
                end(attempt, outcome);
            }
        }
    }

    // ---- the conversation

    private final class Listener implements Links.WorkerListener {
        @Override
        public void connected() {
            mailbox.execute(Agent.this::connected);
        }

        @Override
        public void disconnected(String cause) {
            mailbox.execute(() -> Agent.this.disconnected(cause));
        }

        @Override
        public void received(long fromEpoch, List<ToWorker> messages) {
            mailbox.execute(() -> Agent.this.received(fromEpoch, messages));
        }
    }

    private void connected() {
        connected = true;
        welcomed = false;
        unanswered = 0;
        conversation++;
        hello(timing.hello);
    }

    private void disconnected(String cause) {
        if (connected || conversation == 0) {
            LOG.warn(
                    "Worker '{}' cannot reach the broker at {} and tries again; {} attempts go on: {}",
                    node.id,
                    broker,
                    held.size(),
                    Names.escape(cause));
        }
        connected = false;
        taskFiles.managerAway();
        welcomed = false;
        conversation++;
    }

    private void hello(Duration repeat) {
        if (nextHello != null) {
            nextHello.cancel(false);
        }
        if (!connected || welcomed || stopping) {
            return;
        }
        if (++unanswered > MOST_UNANSWERED && link != null) {
            unanswered = 0;
            link.unanswered();
        }
        advertised = registry.views();
        send(List.of(new ToManager.Hello(
                node.session,
                Protocol.OLDEST,
                Protocol.NEWEST,
                node.version,
                node.address,
                node.capacity,
                advertised,
                List.copyOf(held.keySet()),
                spool.unconfirmed(),
                taskFiles.port(),
                sessions.ids(),
                taskFiles.keeps())));
        nextHello = after(repeat, () -> hello(repeat));
    }

    private void received(long fromEpoch, List<ToWorker> messages) {
        // a manager that took over without our noticing needs to hear what is here before anything else
        var stranger = fromEpoch > epoch && welcomed;
        epoch = Math.max(epoch, fromEpoch);
        var again = stranger;
        if (stranger) {
            unwelcome();
        }
        for (var message : messages) {
            if (message instanceof ToWorker.Run run) {
                run(run);
            } else if (message instanceof ToWorker.Reintroduce) {
                if (welcomed) {
                    unwelcome();
                    again = true;
                }
            } else if (message instanceof ToWorker.Confirm confirm) {
                spool.confirm(confirm.attempts());
            } else if (message instanceof ToWorker.Cancel cancel) {
                cancel(cancel);
            } else if (message instanceof ToWorker.ReadLog request) {
                readLog(request);
            } else if (message instanceof ToWorker.Forget forget) {
                inFiles(() -> forget.jobs().forEach(logs::forget));
                forget.jobs().forEach(grants::forget);
            } else if (message instanceof ToWorker.Grants to) {
                grants.set(to.grants());
            } else if (message instanceof ToWorker.Release release) {
                release.jobs().forEach(taskFiles::release);
            } else if (message instanceof ToWorker.Close close) {
                close.sessions().forEach(sessions::close);
            } else if (message instanceof ToWorker.Deploy deploy) {
                deployer.deploy(deploy, answer -> mailbox.execute(() -> others.add(answer)));
            } else if (message instanceof ToWorker.Welcome welcome) {
                if (!stranger && welcome.session().equals(node.session)) {
                    welcomed(welcome);
                }
            } else if (message instanceof ToWorker.Refused refused
                    && refused.session().equals(node.session)) {
                refused(refused.reason());
            }
        }
        if (again) {
            hello(timing.hello);
        }
    }

    /** Until the manager has heard what is here, nothing else is told to it. */
    private void unwelcome() {
        welcomed = false;
        conversation++;
    }

    private void welcomed(ToWorker.Welcome welcome) {
        if (welcomed || !connected) {
            return;
        }
        welcomed = true;
        unanswered = 0;
        conversation++;
        refusal = "";
        taskFiles.manager(welcome.dataHost(), welcome.dataPort());
        if (nextHello != null) {
            nextHello.cancel(false);
        }
        LOG.info("Worker '{}' works for the manager of epoch {}", node.id, epoch);
        if (heartbeats == null || !welcome.heartbeat().equals(heartbeat)) {
            if (heartbeats != null) {
                heartbeats.cancel(false);
            }
            heartbeat = welcome.heartbeat();
            heartbeats = timer.scheduleAtFixedRate(
                    () -> mailbox.execute(this::beat), heartbeat.toNanos(), heartbeat.toNanos(), TimeUnit.NANOSECONDS);
        }
        // what gathered before is in the spool, or was in the hello
        results.clear();
        returned.clear();
        started.clear();
        starting.clear();
        held.values().stream().filter(attempt -> attempt.started).forEach(started::add);
        if (!registry.views().equals(advertised)) {
            executorsChanged();
        }
        resending = false;
        if (nextPiece != null) {
            nextPiece.cancel(false);
        }
        resend(System.nanoTime());
    }

    private void refused(String reason) {
        if (!reason.equals(refusal)) {
            refusal = reason;
            LOG.error("The manager refuses worker '{}': {}", node.id, Names.escape(reason));
        }
        welcomed = false;
        unanswered = 0;
        conversation++;
        if (nextHello != null) {
            nextHello.cancel(false);
        }
        nextHello = after(timing.refused, () -> hello(timing.refused));
    }

    private void beat() {
        if (welcomed && spool.lost()) {
            unwelcome();
            hello(timing.hello);
        } else if (welcomed) {
            send(List.of(new ToManager.Heartbeat(node.session)));
            resend(System.nanoTime() - timing.resend.toNanos());
        }
    }

    /** Sends again what was last sent before this time, piece by piece, as long as this conversation lasts. */
    private void resend(long before) {
        if (resending) {
            return;
        }
        var attempts = spool.sentBefore(before);
        if (!attempts.isEmpty()) {
            resending = true;
            resend(attempts.iterator(), new ArrayDeque<>(), conversation);
        }
    }

    /** Slows down while many pieces are not confirmed, so that what gathered in a long absence does not fill the memory. */
    private void resend(Iterator<AttemptId> attempts, ArrayDeque<AttemptId> underWay, int during) {
        if (during != conversation) {
            return;
        }
        underWay.removeIf(last -> !spool.holds(last));
        if (underWay.size() >= MOST_PIECES_UNDER_WAY) {
            underWay.remove();
            nextPiece = after(PIECE_PAUSE, () -> resend(attempts, underWay, during));
            return;
        }
        inFiles(() -> {
            var piece = spool.next(attempts, MESSAGE_BYTES);
            mailbox.execute(() -> {
                if (during != conversation) {
                    return;
                }
                if (piece.isEmpty()) {
                    resending = false;
                } else {
                    send(List.of(new ToManager.Finished(node.session, piece)));
                    underWay.add(piece.get(piece.size() - 1).attempt());
                    resend(attempts, underWay, during);
                }
            });
        });
    }

    /** Whom to answer at the port; of the mailbox's thread, read by any. */
    Grants grants() {
        return grants;
    }

    Node node() {
        return node;
    }

    /** The kinds of executors that it offers. */
    List<ExecutorView> executors() {
        return registry.views();
    }

    /** What is here and has not ended. */
    List<TaskAttempt> held() {
        return asked(() -> List.copyOf(held.values()));
    }

    /**
     * Part of what an attempt wrote, as the manager would have it.
     *
     * @throws MusterException NOT_FOUND if there is no more of it
     */
    byte[] log(AttemptId id, LogStream stream, long offset, int limit) {
        var attempt = asked(() -> Optional.ofNullable(held.get(id)));
        var answer = answer(new ToWorker.ReadLog(0, id, stream, offset, limit), attempt.orElse(null));
        if (!answer.error().isEmpty()) {
            throw MusterException.notFound(answer.error());
        }
        return answer.bytes();
    }

    private <T> T asked(Supplier<T> question) {
        var answer = new CompletableFuture<T>();
        mailbox.execute(() -> answer.complete(question.get()));
        try {
            return answer.get(ANSWER.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MusterException(ErrorCode.UNAVAILABLE, "worker '" + node.id + "' goes down", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "worker '" + node.id + "' is too busy to answer, or goes down; try again",
                    e);
        }
    }

    private void readLog(ToWorker.ReadLog request) {
        var attempt = held.get(request.attempt());
        inFiles(() -> {
            var answer = answer(request, attempt);
            mailbox.execute(() -> others.add(answer));
        });
    }

    /** @param attempt null if it is not held any more */
    private ToManager.Log answer(ToWorker.ReadLog request, @Nullable TaskAttempt attempt) {
        var stream = request.stream();
        try {
            if (attempt != null) {
                var log = attempt.showLog(stream);
                if (log != null && log.reader().run(() -> Files.isRegularFile(log.file()))) {
                    return log(request, Logs.read(log, request.offset(), request.limit(), false));
                }
            }
            // it may have ended since
            var result = spool.find(request.attempt());
            if (result.isPresent()) {
                var bytes = stream == LogStream.STDOUT
                        ? result.get().stdout()
                        : result.get().stderr();
                var inline = bytes == null ? NO_BYTES : bytes;
                var length = stream == LogStream.STDOUT
                        ? result.get().stdoutBytes()
                        : result.get().stderrBytes();
                if (inline.length == length) {
                    return log(request, part(inline, request.offset(), request.limit()));
                }
            }
            var kept = logs.find(request.attempt(), stream);
            if (kept.isPresent()) {
                return log(request, Logs.read(kept.get(), request.offset(), request.limit(), true));
            }
            if (attempt != null) {
                return log(request, new LogChunk(request.offset(), NO_BYTES, false));
            }
        } catch (IOException e) {
            LOG.warn("Cannot read the log of attempt {}: {}", request.attempt(), e.toString());
            return notThere(request, "worker '" + node.id + "' cannot read it: " + e);
        }
        return notThere(
                request,
                "worker '" + node.id + "' has no more of the log of attempt " + request.attempt()
                        + ": it was deleted, or the limit 'logs.limit' exceeded");
    }

    private static LogChunk part(byte[] bytes, long offset, int limit) {
        var from = (int) Math.min(offset, bytes.length);
        var to = (int) Math.min((long) from + limit, bytes.length);
        return new LogChunk(offset, Arrays.copyOfRange(bytes, from, to), to == bytes.length);
    }

    private static ToManager.Log log(ToWorker.ReadLog request, LogChunk chunk) {
        return new ToManager.Log(request.request(), chunk.offset(), chunk.bytes(), chunk.ended(), "");
    }

    private static ToManager.Log notThere(ToWorker.ReadLog request, String error) {
        return new ToManager.Log(request.request(), request.offset(), NO_BYTES, true, error);
    }

    // ---- sending

    private void afterMail() {
        startWhatFits();
        if (results.size() + started.size() + others.size() >= MOST_GATHERED) {
            flush();
        } else if (mailbox.isEmpty()) {
            // else more is there already that can go along
            flushUnlessMoreFollows();
        }
        if (stopping && held.isEmpty()) {
            idle.countDown();
        }
    }

    private void flushUnlessMoreFollows() {
        var onlyResults = started.isEmpty() && returned.isEmpty() && others.isEmpty() && !results.isEmpty();
        if (!onlyResults || waiting.isEmpty() || resultsDue || stopping) {
            flush();
        } else if (nextResults == null) {
            nextResults = after(RESULT_PAUSE, () -> {
                nextResults = null;
                resultsDue = true;
            });
        }
    }

    private void flush() {
        resultsDue = false;
        if (welcomed) {
            var messages = new ArrayList<ToManager>();
            addStarted(messages);
            addFinished(messages);
            returned.forEach((reason, attempts) ->
                    messages.add(new ToManager.Returned(node.session, List.copyOf(attempts), reason)));
            messages.addAll(others);
            if (!messages.isEmpty()) {
                send(messages);
            }
        }
        started.clear();
        results.clear();
        returned.clear();
        others.clear();
    }

    private void addStarted(List<ToManager> messages) {
        var starts = new ArrayList<ToManager.Start>(started.size());
        for (var attempt : started) {
            var at = attempt.startedAt;
            if (attempt.state() == TaskAttempt.State.RUNNING && at != null) {
                starts.add(new ToManager.Start(attempt.id(), at));
            }
        }
        if (!starts.isEmpty()) {
            messages.add(new ToManager.Started(node.session, starts));
        }
    }

    private void addFinished(List<ToManager> messages) {
        var from = 0;
        var bytes = 0L;
        for (var i = 0; i < results.size(); i++) {
            bytes += Spool.size(results.get(i));
            if (bytes >= MESSAGE_BYTES || i + 1 == results.size()) {
                messages.add(new ToManager.Finished(node.session, List.copyOf(results.subList(from, i + 1))));
                from = i + 1;
                bytes = 0;
            }
        }
    }

    private void send(List<ToManager> messages) {
        if (link == null) {
            return;
        }
        try {
            link.send(messages);
        } catch (RuntimeException e) {
            LOG.warn("Cannot send to the manager; what matters is sent again: {}", e.toString());
        }
    }

    // ---- threads

    private Future<?> after(Duration delay, Runnable task) {
        return timer.schedule(() -> mailbox.execute(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void inFiles(Runnable task) {
        in(files, task);
    }

    private static void in(ExecutorService threads, Runnable task) {
        try {
            threads.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    LOG.error("A defect in the worker; please report it", e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("The worker stops: {}", e.toString());
        }
    }

    private static Thread daemon(Runnable task, String name) {
        var thread = new Thread(task, "muster-worker-" + name);
        thread.setDaemon(true);
        return thread;
    }

    /** Puts job, task and attempt into the context of what is logged until it is closed. */
    private static Context about(AttemptId attempt) {
        MDC.put("job", attempt.task().job().toString());
        MDC.put("task", attempt.task().toString());
        MDC.put("attempt", Integer.toString(attempt.number()));
        return () -> {
            MDC.remove("job");
            MDC.remove("task");
            MDC.remove("attempt");
        };
    }

    private interface Context extends AutoCloseable {
        @Override
        void close();
    }
}
