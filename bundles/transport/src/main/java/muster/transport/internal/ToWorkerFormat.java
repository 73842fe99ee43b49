package muster.transport.internal;

import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.Role;
import muster.api.Secret;
import muster.api.SessionId;
import muster.api.TaskSpec;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;

/** {@link ToWorker} on the wire: a map of one field, named as the message, whose value holds the message's fields. */
public final class ToWorkerFormat {
    /** By the name of the message. */
    public static final Map<String, Cbor.ValueReader<ToWorker>> READERS = Map.ofEntries(
            Map.entry("welcome", ToWorkerFormat::readWelcome),
            Map.entry("refused", ToWorkerFormat::readRefused),
            Map.entry("reintroduce", ToWorkerFormat::readReintroduce),
            Map.entry("run", ToWorkerFormat::readRun),
            Map.entry("cancel", in -> new ToWorker.Cancel(readAttempts(in))),
            Map.entry("confirm", in -> new ToWorker.Confirm(readAttempts(in))),
            Map.entry("readLog", ToWorkerFormat::readReadLog),
            Map.entry("forget", in -> new ToWorker.Forget(readJobs(in))),
            Map.entry("release", in -> new ToWorker.Release(readJobs(in))),
            Map.entry("close", ToWorkerFormat::readClose),
            Map.entry("deploy", ToWorkerFormat::readDeploy),
            Map.entry("grants", ToWorkerFormat::readGrants));

    private ToWorkerFormat() {}

    public static void write(CBORGenerator out, ToWorker message) throws IOException {
        out.writeStartObject();
        if (message instanceof ToWorker.Welcome welcome) {
            out.writeObjectFieldStart("welcome");
            Cbor.writeText(out, "session", welcome.session());
            Cbor.writeDuration(out, "lease", welcome.lease());
            Cbor.writeDuration(out, "heartbeat", welcome.heartbeat());
            Cbor.writeNumber(out, "prefetch", welcome.prefetch());
            Cbor.writeText(out, "dataHost", welcome.dataHost());
            Cbor.writeNumber(out, "dataPort", welcome.dataPort());
        } else if (message instanceof ToWorker.Refused refused) {
            out.writeObjectFieldStart("refused");
            Cbor.writeText(out, "session", refused.session());
            Cbor.writeText(out, "reason", refused.reason());
        } else if (message instanceof ToWorker.Reintroduce) {
            out.writeObjectFieldStart("reintroduce");
        } else if (message instanceof ToWorker.Run run) {
            out.writeObjectFieldStart("run");
            Cbor.writeList(out, "batches", run.batches(), ToWorkerFormat::writeBatch);
        } else if (message instanceof ToWorker.Close close) {
            out.writeObjectFieldStart("close");
            SpecFormat.writeSessions(out, close.sessions());
        } else if (message instanceof ToWorker.Cancel cancel) {
            out.writeObjectFieldStart("cancel");
            Cbor.writeAttempts(out, "attempts", cancel.attempts());
        } else if (message instanceof ToWorker.Confirm confirm) {
            out.writeObjectFieldStart("confirm");
            Cbor.writeAttempts(out, "attempts", confirm.attempts());
        } else if (message instanceof ToWorker.ReadLog readLog) {
            out.writeObjectFieldStart("readLog");
            Cbor.writeNumber(out, "request", readLog.request());
            Cbor.writeAttempt(out, "attempt", readLog.attempt());
            Cbor.writeText(out, "stream", readLog.stream().name().toLowerCase(Locale.ROOT));
            Cbor.writeNumber(out, "offset", readLog.offset());
            Cbor.writeNumber(out, "limit", readLog.limit());
        } else if (message instanceof ToWorker.Forget forget) {
            out.writeObjectFieldStart("forget");
            Cbor.writeJobs(out, "jobs", forget.jobs());
        } else if (message instanceof ToWorker.Release release) {
            out.writeObjectFieldStart("release");
            Cbor.writeJobs(out, "jobs", release.jobs());
        } else if (message instanceof ToWorker.Deploy deploy) {
            out.writeObjectFieldStart("deploy");
            Cbor.writeNumber(out, "request", deploy.request());
            Cbor.writeText(out, "file", deploy.file());
            Cbor.writeText(out, "object", deploy.object());
        } else if (message instanceof ToWorker.Grants grants) {
            out.writeObjectFieldStart("grants");
            Cbor.writeList(out, "grants", grants.grants(), ToWorkerFormat::writeGrant);
        } else {
            throw new IllegalStateException("no format for " + message.getClass());
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void writeGrant(CBORGenerator out, ToWorker.Grant grant) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "key", grant.key());
        Cbor.writeText(out, "owner", grant.owner());
        Cbor.writeText(out, "role", grant.role().name().toLowerCase(Locale.ROOT));
        if (grant.expiresAt() != null) {
            Cbor.writeInstant(out, "expiresAt", grant.expiresAt());
        }
        out.writeEndObject();
    }

    private static void writeBatch(CBORGenerator out, ToWorker.Batch batch) throws IOException {
        out.writeStartObject();
        out.writeNumberField("job", batch.job().value());
        Cbor.writeText(out, "owner", batch.owner());
        out.writeFieldName("spec");
        SpecFormat.writeTask(out, batch.spec());
        Cbor.writeInts(out, "indices", batch.indices());
        Cbor.writeInts(out, "attempts", batch.attempts());
        if (batch.items() != null) {
            Cbor.writeTexts(out, "items", batch.items());
        }
        Cbor.writeList(out, "secrets", batch.secrets(), SpecFormat::writeSecret);
        out.writeEndObject();
    }

    private static ToWorker readWelcome(CBORParser in) throws IOException {
        var session = "";
        var lease = Duration.ZERO;
        var heartbeat = Duration.ZERO;
        var prefetch = 0;
        var dataHost = "";
        var dataPort = 0;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                case "lease" -> lease = Cbor.readDuration(in);
                case "heartbeat" -> heartbeat = Cbor.readDuration(in);
                case "prefetch" -> prefetch = Cbor.readInt(in);
                case "dataHost" -> dataHost = Cbor.readText(in);
                case "dataPort" -> dataPort = Cbor.readInt(in);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.Welcome(session, lease, heartbeat, prefetch, dataHost, dataPort);
    }

    private static ToWorker readRefused(CBORParser in) throws IOException {
        var session = "";
        var reason = "";
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                case "reason" -> reason = Cbor.readText(in);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.Refused(session, reason);
    }

    private static ToWorker readRun(CBORParser in) throws IOException {
        List<ToWorker.Batch> batches = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "batches" -> batches = Cbor.readList(in, ToWorkerFormat::readBatch);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.Run(batches);
    }

    private static ToWorker readGrants(CBORParser in) throws IOException {
        List<ToWorker.Grant> grants = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "grants" -> grants = Cbor.readList(in, ToWorkerFormat::readGrant);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.Grants(grants);
    }

    private static ToWorker.Grant readGrant(CBORParser in) throws IOException {
        var key = "";
        var owner = "";
        var role = Role.WORKER;
        @Nullable Instant expiresAt = null;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "key" -> key = Cbor.readText(in);
                case "owner" -> owner = Cbor.readText(in);
                case "role" -> role = Role.valueOf(Cbor.readText(in).toUpperCase(Locale.ROOT));
                case "expiresAt" -> expiresAt = Cbor.readInstant(in);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.Grant(key, owner, role, expiresAt);
    }

    private static ToWorker.Batch readBatch(CBORParser in) throws IOException {
        var job = 0L;
        var owner = "";
        @Nullable TaskSpec spec = null;
        var indices = new int[0];
        var attempts = new int[0];
        @Nullable List<String> items = null;
        List<Secret> secrets = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "job" -> job = Cbor.readLong(in);
                case "owner" -> owner = Cbor.readText(in);
                case "spec" -> spec = SpecFormat.readTask(in);
                case "indices" -> indices = Cbor.readInts(in);
                case "attempts" -> attempts = Cbor.readInts(in);
                case "items" -> items = Cbor.readTexts(in);
                case "secrets" -> secrets = Cbor.readList(in, SpecFormat::readSecret);
                default -> in.skipChildren();
            }
        }
        if (attempts.length != indices.length || (items != null && items.size() != indices.length)) {
            throw new IllegalArgumentException("a batch of job " + job + " has " + indices.length + " indices and "
                    + attempts.length + " attempts" + (items == null ? "" : " and " + items.size() + " items"));
        }
        return new ToWorker.Batch(
                new JobId(job), owner, Cbor.present(in, spec, "spec"), indices, attempts, items, secrets);
    }

    private static List<AttemptId> readAttempts(CBORParser in) throws IOException {
        List<AttemptId> attempts = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "attempts" -> attempts = Cbor.readAttempts(in);
                default -> in.skipChildren();
            }
        }
        return attempts;
    }

    private static ToWorker readReintroduce(CBORParser in) throws IOException {
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            in.skipChildren();
        }
        return new ToWorker.Reintroduce();
    }

    private static ToWorker readClose(CBORParser in) throws IOException {
        List<SessionId> sessions = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "sessions" -> sessions = SpecFormat.readSessions(in);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.Close(sessions);
    }

    private static ToWorker readDeploy(CBORParser in) throws IOException {
        var request = 0L;
        var file = "";
        var object = "";
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "request" -> request = Cbor.readLong(in);
                case "file" -> file = Cbor.readText(in);
                case "object" -> object = Cbor.readText(in);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.Deploy(request, file, object);
    }

    private static ToWorker readReadLog(CBORParser in) throws IOException {
        var request = 0L;
        @Nullable AttemptId attempt = null;
        var stream = LogStream.STDOUT;
        var offset = 0L;
        var limit = 0;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "request" -> request = Cbor.readLong(in);
                case "attempt" -> attempt = Cbor.readAttempt(in);
                case "stream" -> stream = LogStream.valueOf(Cbor.readText(in).toUpperCase(Locale.ROOT));
                case "offset" -> offset = Cbor.readLong(in);
                case "limit" -> limit = Cbor.readInt(in);
                default -> in.skipChildren();
            }
        }
        return new ToWorker.ReadLog(request, Cbor.present(in, attempt, "attempt"), stream, offset, limit);
    }

    private static List<JobId> readJobs(CBORParser in) throws IOException {
        List<JobId> jobs = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "jobs" -> jobs = Cbor.readJobs(in);
                default -> in.skipChildren();
            }
        }
        return jobs;
    }
}
