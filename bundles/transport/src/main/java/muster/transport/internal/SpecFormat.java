package muster.transport.internal;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import muster.api.IndexSet;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.Output;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.Secret;
import muster.api.SessionId;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.Work;
import org.jspecify.annotations.Nullable;

/** Specifications of jobs and tasks, on the wire and in the manager's store. */
public final class SpecFormat {
    private SpecFormat() {}

    public static void writeJob(CBORGenerator out, JobSpec spec) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "name", spec.name());
        Cbor.writeTexts(out, "tags", spec.tags());
        Cbor.writeNumber(out, "priority", spec.priority());
        Cbor.writeList(out, "after", spec.after(), SpecFormat::writeDependency);
        if (spec.maxFails() != null) {
            out.writeNumberField("maxFails", spec.maxFails());
        }
        out.writeFieldName("work");
        writeWork(out, spec.work());
        Cbor.writeList(out, "secrets", spec.secrets(), (each, secret) -> writeSecret(each, secret.named()));
        out.writeEndObject();
    }

    /** With its value, if it has one. */
    static void writeSecret(CBORGenerator out, Secret secret) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "name", secret.name());
        Cbor.writeFlag(out, "file", secret.place() == Secret.Place.FILE);
        if (secret.value() != null) {
            out.writeBinaryField("value", secret.requireValue());
        }
        out.writeEndObject();
    }

    static Secret readSecret(CBORParser in) throws IOException {
        var name = "";
        var place = Secret.Place.ENVIRONMENT;
        byte @Nullable [] value = null;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "name" -> name = Cbor.readText(in);
                case "file" -> place = in.getBooleanValue() ? Secret.Place.FILE : Secret.Place.ENVIRONMENT;
                case "value" -> value = in.getBinaryValue();
                default -> in.skipChildren();
            }
        }
        return new Secret(name, place, value);
    }

    public static void writeSecrets(CBORGenerator out, List<Secret> secrets) throws IOException {
        out.writeStartObject();
        Cbor.writeList(out, "secrets", secrets, SpecFormat::writeSecret);
        out.writeEndObject();
    }

    public static List<Secret> readSecrets(CBORParser in) throws IOException {
        List<Secret> secrets = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "secrets" -> secrets = Cbor.readList(in, SpecFormat::readSecret);
                default -> in.skipChildren();
            }
        }
        return secrets;
    }

    private static void writeDependency(CBORGenerator out, JobSpec.Dependency dependency) throws IOException {
        out.writeStartObject();
        out.writeNumberField("job", dependency.job().value());
        Cbor.writeFlag(out, "anyEnd", dependency.anyEnd());
        out.writeEndObject();
    }

    public static void writeWork(CBORGenerator out, Work work) throws IOException {
        out.writeStartObject();
        if (work instanceof Work.Single single) {
            out.writeFieldName("single");
            writeTask(out, single.task());
        } else if (work instanceof Work.Array array) {
            out.writeObjectFieldStart("array");
            out.writeFieldName("task");
            writeTask(out, array.task());
            Cbor.writeText(out, "indices", array.indices().toString());
            if (array.items() != null) {
                Cbor.writeTexts(out, "items", array.items());
            }
            Cbor.writeNumber(out, "throttle", array.throttle());
            out.writeEndObject();
        } else if (work instanceof Work.Graph graph) {
            Cbor.writeList(out, "graph", graph.tasks(), SpecFormat::writeTask);
        } else {
            throw new IllegalStateException("no format for " + work.getClass());
        }
        out.writeEndObject();
    }

    public static void writeTask(CBORGenerator out, TaskSpec spec) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "name", spec.name());
        Cbor.writeText(out, "executor", spec.executor());
        Cbor.writeTexts(out, "command", spec.command());
        Cbor.writeMap(out, "parameters", spec.parameters().values(), SpecFormat::writeParameter);
        Cbor.writeMap(out, "environment", spec.environment(), CBORGenerator::writeString);
        Cbor.writeText(out, "workingDirectory", spec.workingDirectory());
        Cbor.writeText(out, "stdin", spec.stdin());
        Cbor.writeText(out, "stdout", spec.stdout());
        Cbor.writeText(out, "stderr", spec.stderr());
        if (!spec.resources().equals(Resources.DEFAULT)) {
            out.writeFieldName("resources");
            writeResources(out, spec.resources());
        }
        Cbor.writeDuration(out, "timeLimit", spec.timeLimit());
        Cbor.writeNumber(out, "retries", spec.retries());
        Cbor.writeFlag(out, "mayFail", spec.mayFail());
        Cbor.writeTexts(out, "needs", spec.needs());
        Cbor.writeList(out, "inputs", spec.inputs(), SpecFormat::writeInput);
        Cbor.writeList(out, "outputs", spec.outputs(), SpecFormat::writeOutput);
        Cbor.writeText(out, "category", spec.category());
        if (spec.session() != null) {
            out.writeFieldName("session");
            writeSession(out, spec.session());
        }
        out.writeEndObject();
    }

    private static void writeSession(CBORGenerator out, SessionSpec session) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "name", session.name());
        Cbor.writeNumber(out, "memoryBytes", session.memoryBytes());
        Cbor.writeTexts(out, "makes", session.makes());
        Cbor.writeTexts(out, "takes", session.takes());
        out.writeEndObject();
    }

    private static void writeInput(CBORGenerator out, Input input) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "name", input.name());
        Cbor.writeText(out, "source", input.source());
        Cbor.writeFlag(out, "executable", input.executable());
        out.writeEndObject();
    }

    private static void writeOutput(CBORGenerator out, Output output) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "path", output.path());
        Cbor.writeFlag(out, "optional", output.optional());
        if (output.keep() != null) {
            out.writeBooleanField("keep", output.keep());
        }
        out.writeEndObject();
    }

    private static void writeResources(CBORGenerator out, Resources resources) throws IOException {
        out.writeStartObject();
        out.writeNumberField("cores", resources.cores());
        Cbor.writeNumber(out, "memoryBytes", resources.memoryBytes());
        Cbor.writeNumber(out, "diskBytes", resources.diskBytes());
        Cbor.writeNumber(out, "gpus", resources.gpus());
        Cbor.writeMap(out, "custom", resources.custom(), CBORGenerator::writeNumber);
        Cbor.writeTexts(out, "labels", resources.labels());
        out.writeEndObject();
    }

    private static void writeParameter(CBORGenerator out, Object value) throws IOException {
        if (value instanceof String text) {
            out.writeString(text);
        } else if (value instanceof Long number) {
            out.writeNumber(number);
        } else if (value instanceof Double number) {
            out.writeNumber(number);
        } else if (value instanceof Boolean flag) {
            out.writeBoolean(flag);
        } else if (value instanceof List<?> list) {
            out.writeStartArray(list, list.size());
            for (var element : list) {
                writeParameter(out, element);
            }
            out.writeEndArray();
        } else if (value instanceof Map<?, ?> map) {
            out.writeStartObject(map, map.size());
            for (var entry : map.entrySet()) {
                out.writeFieldName((String) entry.getKey());
                writeParameter(out, entry.getValue());
            }
            out.writeEndObject();
        } else {
            throw new IllegalStateException("no format for " + value.getClass());
        }
    }

    public static JobSpec readJob(CBORParser in) throws IOException {
        var name = "";
        List<String> tags = List.of();
        var priority = 0;
        List<JobSpec.Dependency> after = List.of();
        @Nullable Integer maxFails = null;
        @Nullable Work work = null;
        List<Secret> secrets = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "name" -> name = Cbor.readText(in);
                case "tags" -> tags = Cbor.readTexts(in);
                case "priority" -> priority = Cbor.readInt(in);
                case "after" -> after = Cbor.readList(in, SpecFormat::readDependency);
                case "maxFails" -> maxFails = Cbor.readInt(in);
                case "work" -> work = readWork(in);
                case "secrets" -> secrets = Cbor.readList(in, SpecFormat::readSecret);
                default -> in.skipChildren();
            }
        }
        return new JobSpec(name, tags, priority, after, maxFails, Cbor.present(in, work, "work"), secrets);
    }

    private static JobSpec.Dependency readDependency(CBORParser in) throws IOException {
        var job = 0L;
        var anyEnd = false;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "job" -> job = Cbor.readLong(in);
                case "anyEnd" -> anyEnd = in.getBooleanValue();
                default -> in.skipChildren();
            }
        }
        return new JobSpec.Dependency(new JobId(job), anyEnd);
    }

    public static Work readWork(CBORParser in) throws IOException {
        @Nullable Work work = null;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "single" -> work = new Work.Single(readTask(in));
                case "array" -> work = readArray(in);
                case "graph" -> work = new Work.Graph(Cbor.readList(in, SpecFormat::readTask));
                default -> throw new JsonParseException(in, "work of kind '" + field + "' is not known");
            }
        }
        return Cbor.present(in, work, "single, array or graph");
    }

    private static Work readArray(CBORParser in) throws IOException {
        @Nullable TaskSpec task = null;
        @Nullable IndexSet indices = null;
        @Nullable List<String> items = null;
        var throttle = 0;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "task" -> task = readTask(in);
                case "indices" -> indices = IndexSet.parse(Cbor.readText(in));
                case "items" -> items = Cbor.readTexts(in);
                case "throttle" -> throttle = Cbor.readInt(in);
                default -> in.skipChildren();
            }
        }
        return new Work.Array(Cbor.present(in, task, "task"), Cbor.present(in, indices, "indices"), items, throttle);
    }

    public static TaskSpec readTask(CBORParser in) throws IOException {
        var name = "";
        var executor = TaskSpec.DEFAULT_EXECUTOR;
        List<String> command = List.of();
        var parameters = Parameters.NONE;
        Map<String, String> environment = Map.of();
        @Nullable String workingDirectory = null;
        @Nullable String stdin = null;
        @Nullable String stdout = null;
        @Nullable String stderr = null;
        var resources = Resources.DEFAULT;
        @Nullable Duration timeLimit = null;
        var retries = 0;
        var mayFail = false;
        List<String> needs = List.of();
        List<Input> inputs = List.of();
        List<Output> outputs = List.of();
        var category = "";
        @Nullable SessionSpec session = null;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "name" -> name = Cbor.readText(in);
                case "executor" -> executor = Cbor.readText(in);
                case "command" -> command = Cbor.readTexts(in);
                case "parameters" -> parameters = new Parameters(Cbor.readMap(in, SpecFormat::readParameter));
                case "environment" -> environment = Cbor.readMap(in, Cbor::readText);
                case "workingDirectory" -> workingDirectory = Cbor.readText(in);
                case "stdin" -> stdin = Cbor.readText(in);
                case "stdout" -> stdout = Cbor.readText(in);
                case "stderr" -> stderr = Cbor.readText(in);
                case "resources" -> resources = readResources(in);
                case "timeLimit" -> timeLimit = Cbor.readDuration(in);
                case "retries" -> retries = Cbor.readInt(in);
                case "mayFail" -> mayFail = in.getBooleanValue();
                case "needs" -> needs = Cbor.readTexts(in);
                case "inputs" -> inputs = Cbor.readList(in, SpecFormat::readInput);
                case "outputs" -> outputs = Cbor.readList(in, SpecFormat::readOutput);
                case "category" -> category = Cbor.readText(in);
                case "session" -> session = readSession(in);
                default -> in.skipChildren();
            }
        }
        return TaskSpec.builder()
                .name(name)
                .executor(executor)
                .command(command)
                .parameters(parameters)
                .environment(environment)
                .workingDirectory(workingDirectory)
                .stdin(stdin)
                .stdout(stdout)
                .stderr(stderr)
                .resources(resources)
                .timeLimit(timeLimit)
                .retries(retries)
                .mayFail(mayFail)
                .needs(needs)
                .inputs(inputs)
                .outputs(outputs)
                .category(category)
                .session(session)
                .build();
    }

    static void writeSessions(CBORGenerator out, List<SessionId> sessions) throws IOException {
        Cbor.writeList(out, "sessions", sessions, (each, session) -> {
            each.writeStartObject();
            each.writeNumberField("job", session.job().value());
            Cbor.writeText(each, "executor", session.executor());
            Cbor.writeText(each, "name", session.name());
            each.writeEndObject();
        });
    }

    static List<SessionId> readSessions(CBORParser in) throws IOException {
        return Cbor.readList(in, each -> {
            var job = 0L;
            var executor = "";
            var name = "";
            for (var field = Cbor.firstField(each); field != null; field = Cbor.nextField(each)) {
                switch (field) {
                    case "job" -> job = Cbor.readLong(each);
                    case "executor" -> executor = Cbor.readText(each);
                    case "name" -> name = Cbor.readText(each);
                    default -> each.skipChildren();
                }
            }
            return new SessionId(new JobId(job), executor, name);
        });
    }

    private static SessionSpec readSession(CBORParser in) throws IOException {
        var name = "";
        var memoryBytes = 0L;
        List<String> makes = List.of();
        List<String> takes = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "name" -> name = Cbor.readText(in);
                case "memoryBytes" -> memoryBytes = Cbor.readLong(in);
                case "makes" -> makes = Cbor.readTexts(in);
                case "takes" -> takes = Cbor.readTexts(in);
                default -> in.skipChildren();
            }
        }
        return new SessionSpec(name, memoryBytes, makes, takes);
    }

    private static Input readInput(CBORParser in) throws IOException {
        var name = "";
        var source = "";
        var executable = false;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "name" -> name = Cbor.readText(in);
                case "source" -> source = Cbor.readText(in);
                case "executable" -> executable = in.getBooleanValue();
                default -> in.skipChildren();
            }
        }
        return new Input(name, source, executable);
    }

    private static Output readOutput(CBORParser in) throws IOException {
        var path = "";
        var optional = false;
        @Nullable Boolean keep = null;
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "path" -> path = Cbor.readText(in);
                case "optional" -> optional = in.getBooleanValue();
                case "keep" -> keep = in.getBooleanValue();
                default -> in.skipChildren();
            }
        }
        return new Output(path, optional, keep);
    }

    private static Resources readResources(CBORParser in) throws IOException {
        var cores = 1.0;
        var memoryBytes = 0L;
        var diskBytes = 0L;
        var gpus = 0;
        Map<String, Long> custom = Map.of();
        List<String> labels = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "cores" -> cores = in.getDoubleValue();
                case "memoryBytes" -> memoryBytes = Cbor.readLong(in);
                case "diskBytes" -> diskBytes = Cbor.readLong(in);
                case "gpus" -> gpus = Cbor.readInt(in);
                case "custom" -> custom = Cbor.readMap(in, Cbor::readLong);
                case "labels" -> labels = Cbor.readTexts(in);
                default -> in.skipChildren();
            }
        }
        return new Resources(cores, memoryBytes, diskBytes, gpus, custom, labels);
    }

    private static Object readParameter(CBORParser in) throws IOException {
        return switch (in.currentToken()) {
            case VALUE_STRING -> in.getText();
            case VALUE_NUMBER_INT -> in.getLongValue();
            case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case START_ARRAY -> Cbor.readList(in, SpecFormat::readParameter);
            case START_OBJECT -> Cbor.readMap(in, SpecFormat::readParameter);
            default ->
                throw new JsonParseException(in, "found " + in.currentToken() + " where a parameter is expected");
        };
    }
}
