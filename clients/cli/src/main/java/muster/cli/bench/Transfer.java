package muster.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;

/**
 * A fresh random file from the manager's disk to a worker's and back, hashed at both, beside a bare program that copies as
 * much between two processes of this machine by the same OpenSSL and hashes nothing: half of its rounds before and half
 * after, so that a change of the machine's load meets both. Medians; what comes first of each only warms up.
 */
public final class Transfer {
    private static final String PROGRAM = "muster.data.internal.PlainCopy";

    private final Client client;
    private final long bytes;
    private final int rounds;
    private final Path bundle;

    /** @param bundle the jar of the data plane, for the bare program */
    public Transfer(Client client, long bytes, int rounds, Path bundle) {
        this.client = client;
        this.bytes = bytes;
        this.rounds = rounds;
        this.bundle = bundle;
    }

    public ObjectNode run() {
        var bare = new ArrayList<>(bare());
        var times = new ArrayList<Long>();
        var worker = "";
        for (var round = 0; round <= rounds; round++) {
            var answer = client.post("/objects/transfers?bytes=" + bytes + "&worker=" + Client.escape(worker));
            worker = answer.path("worker").asText();
            if (round > 0) {
                times.add(answer.path("toWorkerNanos").asLong()
                        + answer.path("backNanos").asLong());
            }
        }
        bare.addAll(bare());
        return Json.object()
                .put("name", "transfer")
                .put("worker", worker)
                .put("bytes", bytes)
                .put("rounds", rounds)
                .put("seconds", median(times) / 1e9)
                .put("mb_per_second", rate(times))
                .put("baseline_mb_per_second", rate(bare));
    }

    private double rate(List<Long> nanos) {
        return Math.round(2 * bytes / 1e6 / (median(nanos) / 1e9) * 10) / 10.0;
    }

    private static long median(List<Long> nanos) {
        return nanos.stream().sorted().skip(nanos.size() / 2).findFirst().orElseThrow();
    }

    /** What each round of the bare program took, in nanoseconds. */
    private List<Long> bare() {
        try {
            var folder = Files.createTempDirectory("muster-bench");
            try {
                var process = new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-cp",
                                classPath(folder),
                                PROGRAM,
                                Long.toString(bytes),
                                Integer.toString((rounds + 1) / 2 + 1))
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                if (process.waitFor() != 0) {
                    throw new Failure(
                            ExitCode.INTERNAL, "the bare program of the baseline failed: " + out, List.of(), null);
                }
                return Arrays.stream(out.trim().split("\\s+"))
                        .skip(1)
                        .map(Long::valueOf)
                        .toList();
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw Failure.external("cannot start the bare program of the baseline: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }

    /** The bundle, and the libraries that it embeds. */
    private String classPath(Path folder) throws IOException {
        var path = new ArrayList<String>();
        path.add(bundle.toString());
        try (var jar = new JarFile(bundle.toFile())) {
            for (var entry : jar.stream()
                    .filter(e -> e.getName().matches("lib/[^/]+\\.jar"))
                    .toList()) {
                var library = folder.resolve(entry.getName().substring("lib/".length()));
                try (var in = jar.getInputStream(entry)) {
                    Files.copy(in, library);
                }
                path.add(library.toString());
            }
        }
        return String.join(File.pathSeparator, path);
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
