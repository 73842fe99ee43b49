package muster.itests.hot;

import java.util.List;
import java.util.Map;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.Driver;
import muster.api.language.DynamicLanguage;
import muster.api.language.Plan;
import muster.api.language.Requests;
import muster.api.language.Result;
import muster.api.language.Script;

/**
 * Finds the smallest number for which a command writes {@code yes}: the script's first line has the bounds, all else is the
 * command, which gets the number as {@code $1}.
 */
public final class BisectionLanguage implements DynamicLanguage {
    @Override
    public List<String> suffixes() {
        return List.of(".bisect");
    }

    @Override
    public Plan compile(Script script) {
        var search = new Search(script.text());
        return new Plan(new Work.Graph(List.of(search.probe())), List.of(), List.of(), Map.of());
    }

    @Override
    public Driver start(Script script) {
        return new Search(script.text());
    }

    private static final class Search implements Driver {
        private final String command;
        private long low;
        private long high;

        /** The answer is above {@code low}, and {@code high} at most. */
        Search(String text) {
            var lines = text.split("\n", 2);
            var bounds = lines[0].strip().split(" ");
            low = Long.parseLong(bounds[0]);
            high = Long.parseLong(bounds[1]);
            command = lines[1];
        }

        private long middle() {
            return low + (high - low) / 2;
        }

        TaskSpec probe() {
            return task("probe-" + middle(), List.of("sh", "-c", command, "probe", Long.toString(middle())));
        }

        private static TaskSpec task(String name, List<String> command) {
            return TaskSpec.builder().name(name).command(command).build();
        }

        @Override
        public void onStart(Requests requests) {
            requests.task(probe());
        }

        @Override
        public void onResult(Result result, Requests requests) {
            if (!result.task().startsWith("probe-") || !result.succeeded()) {
                return;
            }
            if (result.text().equals("yes")) {
                high = middle();
            } else {
                low = middle();
            }
            requests.task(high - low > 1 ? probe() : task("answer", List.of("echo", Long.toString(high))));
        }
    }
}
