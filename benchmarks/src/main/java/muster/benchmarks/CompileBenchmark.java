package muster.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import muster.api.Input;
import muster.api.language.Plan;
import muster.api.language.Script;
import muster.api.language.Sources;
import muster.language.makeflow.MakeflowLanguage;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** How long a workflow takes to become a graph in a JVM of 1 GiB that has compiled none before. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 5, jvmArgsAppend = "-Xmx1g")
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class CompileBenchmark {
    private static final String CONTENT = "sha256:" + "0".repeat(64);

    /** {@code wide}: a binary tree; {@code deep}: each takes the one before. */
    @Param({"wide 2700", "wide 100000", "deep 1000", "deep 100000", "jx 100000"})
    String shape = "";

    private Script script = new Script("", "", Map.of(), Map.of(), new Uploaded());

    /** Every input was uploaded; the user's environment is empty. */
    private static final class Uploaded implements Sources {
        @Override
        public String file(String path) {
            throw new UnsupportedOperationException(path);
        }

        @Override
        public @Nullable String variable(String name) {
            return null;
        }

        @Override
        public List<Input> inputs(String path, String name) {
            return List.of(new Input(name, CONTENT, false));
        }
    }

    @Setup
    public void write() {
        var words = shape.split(" ");
        var rules = Integer.parseInt(words[1]);
        script = words[0].equals("jx")
                ? new Script("w.jx", jx(rules), Map.of(), Map.of(), new Uploaded())
                : new Script("w.makeflow", classic(rules, words[0].equals("deep")), Map.of(), Map.of(), new Uploaded());
    }

    private static String classic(int rules, boolean deep) {
        var text = new StringBuilder("SIMULATE=./simulate.sh\nCATEGORY=simulation\nCORES=1\nMEMORY=500\n");
        text.append("out/0: simulate.sh in/0\n\t$(SIMULATE) in/0 > out/0\n");
        for (var i = 1; i < rules; i++) {
            var before = deep ? i - 1 : i / 2;
            text.append("out/" + i + ": simulate.sh in/" + i + " out/" + before + "\n\t$(SIMULATE) in/" + i + " out/"
                    + before + " > out/" + i + "\n");
        }
        return text.toString();
    }

    private static String jx(int rules) {
        return "{\"rules\": [{\"command\": \"./simulate.sh in/\" + i + \" > out/\" + i,"
                + " \"inputs\": [\"simulate.sh\", \"in/\" + i], \"outputs\": [\"out/\" + i]} for i in range("
                + rules + ")]}";
    }

    @Benchmark
    public Plan compile() {
        return new MakeflowLanguage().compile(script);
    }
}
