package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import muster.api.Input;
import muster.api.JobSpec;
import muster.api.Output;
import muster.api.Quantity;
import muster.api.Resources;
import muster.api.Secret;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.Work;
import org.jspecify.annotations.Nullable;

/**
 * Writes a job as {@link JobSpecReader} reads it, without what is at its default. Of secrets it never writes more than the
 * names, so that who submits it again has to add their values.
 */
public final class JobSpecWriter {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JobSpecWriter() {}

    public static ObjectNode write(JobSpec job) {
        var out = NODES.objectNode();
        putText(out, "name", job.name());
        putTexts(out, "tags", job.tags());
        putNumber(out, "priority", job.priority(), 0);
        if (!job.after().isEmpty()) {
            var after = out.putArray("after");
            job.after().forEach(dependency -> after.addObject()
                    .put("job", dependency.job().toString())
                    .put("on", dependency.anyEnd() ? "end" : "success"));
        }
        if (job.maxFails() != null) {
            out.put("maxFails", job.maxFails());
        }
        if (job.work() instanceof Work.Single single) {
            out.set("task", task(single.task()));
        } else if (job.work() instanceof Work.Array array) {
            out.set("array", array(array));
        } else if (job.work() instanceof Work.Graph graph) {
            var tasks = out.putObject("graph").putArray("tasks");
            graph.tasks().forEach(task -> tasks.add(task(task)));
        }
        if (!job.secrets().isEmpty()) {
            var secrets = out.putArray("secrets");
            job.secrets().forEach(secret -> secrets.add(secret(secret)));
        }
        return out;
    }

    private static ObjectNode secret(Secret secret) {
        var out = NODES.objectNode().put("name", secret.name());
        if (secret.place() == Secret.Place.FILE) {
            out.put("as", "file");
        }
        return out;
    }

    private static ObjectNode array(Work.Array array) {
        var out = NODES.objectNode();
        out.set("task", task(array.task()));
        var items = array.items();
        if (items == null) {
            out.put("indices", array.indices().toString());
        } else {
            putTexts(out, "items", items);
        }
        putNumber(out, "throttle", array.throttle(), 0);
        return out;
    }

    private static ObjectNode task(TaskSpec task) {
        var out = NODES.objectNode();
        putText(out, "name", task.name());
        putText(out, "category", task.category());
        out.put("executor", task.executor());
        putTexts(out, "command", task.command());
        if (!task.parameters().values().isEmpty()) {
            out.set("parameters", tree(task.parameters().values()));
        }
        if (!task.environment().isEmpty()) {
            out.set("environment", tree(task.environment()));
        }
        putText(out, "workingDirectory", task.workingDirectory());
        putText(out, "stdin", task.stdin());
        putText(out, "stdout", task.stdout());
        putText(out, "stderr", task.stderr());
        if (!task.resources().equals(Resources.DEFAULT)) {
            out.set("resources", resources(task.resources()));
        }
        if (task.timeLimit() != null) {
            out.put("timeLimit", Quantity.formatDuration(task.timeLimit()));
        }
        putNumber(out, "retries", task.retries(), 0);
        if (task.mayFail()) {
            out.put("mayFail", true);
        }
        putTexts(out, "needs", task.needs());
        if (!task.inputs().isEmpty()) {
            var inputs = out.putArray("inputs");
            task.inputs().forEach(input -> inputs.add(input(input)));
        }
        if (!task.outputs().isEmpty()) {
            var outputs = out.putArray("outputs");
            task.outputs().forEach(output -> outputs.add(output(output)));
        }
        if (task.session() != null) {
            out.set("session", session(task.session()));
        }
        return out;
    }

    private static ObjectNode session(SessionSpec session) {
        var out = NODES.objectNode();
        putText(out, "name", session.name());
        if (session.memoryBytes() != 0) {
            out.put("memory", Quantity.formatBytes(session.memoryBytes()));
        }
        putTexts(out, "makes", session.makes());
        putTexts(out, "takes", session.takes());
        return out;
    }

    private static ObjectNode input(Input input) {
        var out = NODES.objectNode().put("name", input.name()).put("from", input.source());
        if (input.executable()) {
            out.put("executable", true);
        }
        return out;
    }

    private static JsonNode output(Output output) {
        if (!output.optional() && output.keep() == null) {
            return NODES.textNode(output.path());
        }
        var out = NODES.objectNode().put("path", output.path());
        if (output.optional()) {
            out.put("optional", true);
        }
        if (output.keep() != null) {
            out.put("keep", output.keep());
        }
        return out;
    }

    private static ObjectNode resources(Resources resources) {
        var out = NODES.objectNode();
        out.put("cores", resources.cores());
        if (resources.memoryBytes() != 0) {
            out.put("memory", Quantity.formatBytes(resources.memoryBytes()));
        }
        if (resources.diskBytes() != 0) {
            out.put("disk", Quantity.formatBytes(resources.diskBytes()));
        }
        putNumber(out, "gpus", resources.gpus(), 0);
        if (!resources.custom().isEmpty()) {
            out.set("custom", tree(resources.custom()));
        }
        putTexts(out, "labels", resources.labels());
        return out;
    }

    /** The values of {@link muster.api.Parameters}, nothing else. */
    private static JsonNode tree(Object value) {
        if (value instanceof Map<?, ?> map) {
            var out = NODES.objectNode();
            map.forEach((key, element) -> out.set(String.valueOf(key), tree(element)));
            return out;
        }
        if (value instanceof Collection<?> list) {
            var out = NODES.arrayNode();
            list.forEach(element -> out.add(tree(element)));
            return out;
        }
        if (value instanceof Long number) {
            return NODES.numberNode(number);
        }
        if (value instanceof Double number) {
            return NODES.numberNode(number);
        }
        if (value instanceof Boolean bool) {
            return NODES.booleanNode(bool);
        }
        return NODES.textNode(String.valueOf(value));
    }

    private static void putText(ObjectNode out, String name, @Nullable String text) {
        if (text != null && !text.isEmpty()) {
            out.put(name, text);
        }
    }

    private static void putTexts(ObjectNode out, String name, List<String> texts) {
        if (!texts.isEmpty()) {
            var array = out.putArray(name);
            texts.forEach(array::add);
        }
    }

    private static void putNumber(ObjectNode out, String name, int number, int byDefault) {
        if (number != byDefault) {
            out.put(name, number);
        }
    }
}
