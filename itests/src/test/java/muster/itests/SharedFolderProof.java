package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two managers that keep files in one folder, as on storage that both reach. */
@Tag("proof")
class SharedFolderProof {
    @TempDir
    private Path dir;

    @TempDir
    private Path shared;

    @Test
    void whatOneHasTakenTheOtherHas() throws Exception {
        var input = Files.writeString(shared.resolve("input"), "what is taken\n");
        var open = shared.resolve("open");
        var data = Map.of("MUSTER_MANAGER_DATA", shared.resolve("data").toString());
        try (var managers = new TwoManagers(dir, shared, data)) {
            managers.start();
            var made = managers.submit("kept", input, "cat in > kept");
            managers.assertSucceeds("m1", made);
            var job = managers.submit("kept", input, "until [ -e " + open + " ]; do sleep 0.1; done; cat in in > kept");

            managers.nodes.kill("m1");
            managers.awaitReady("m2");
            Files.createFile(open);
            managers.assertSucceeds("m2", job);
            var next = managers.submit("kept", input, "cat in in in > kept");
            managers.assertSucceeds("m2", next);

            for (var each : Map.of(made, 1, job, 2, next, 3).entrySet()) {
                assertThat(managers.download(each.getKey(), "kept"))
                        .hasContent("what is taken\n".repeat(each.getValue()));
            }
        }
    }
}
