package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import muster.api.AttemptId;
import muster.transport.ToManager.Result;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
    private static final long SEGMENT_BYTES = 10_000;
    private static final long SEED = 20_260_504;

    @TempDir
    Path folder;

    @Test
    void givesBackAfterARestartWhatWasNotConfirmed() {
        try (var spool = open()) {
            spool.add(Tasks.result(attempt(1), 0));
            spool.add(Tasks.result(attempt(2), 10));
            spool.add(Tasks.result(attempt(3), 0));
            spool.confirm(List.of(attempt(1)));
        }

        try (var spool = open()) {
            assertThat(spool.unconfirmed()).contains(attempt(2), attempt(3));
            assertThat(spool.find(attempt(2)))
                    .hasValueSatisfying(result ->
                            assertThat(result).usingRecursiveComparison().isEqualTo(Tasks.result(attempt(2), 10)));
        }
    }

    @Test
    void leavesNoFileOnceAllIsConfirmed() throws Exception {
        try (var spool = open()) {
            for (var i = 0; i < 1000; i++) {
                spool.add(Tasks.result(attempt(i), 100));
                if (i % 100 == 0) {
                    spool.sync();
                }
            }
            spool.sync();
            assertThat(segments()).hasSizeGreaterThan(5);

            spool.confirm(spool.unconfirmed());

            assertThat(segments()).hasSizeLessThanOrEqualTo(1);
        }
        assertThat(segments()).isEmpty();
    }

    @Test
    void doesNotWriteWhatWasConfirmedBefore() {
        try (var spool = open()) {
            for (var i = 0; i < 10_000; i++) {
                spool.add(Tasks.result(attempt(i), 0));
                spool.confirm(List.of(attempt(i)));
            }
        }

        assertThat(segments()).isEmpty();
    }

    @Test
    void givesEachResultOnceToSend() throws Exception {
        try (var spool = open()) {
            for (var i = 0; i < 100; i++) {
                spool.add(Tasks.result(attempt(i), 1000));
            }
            spool.sync();
            spool.confirm(List.of(attempt(50)));

            var attempts = spool.sentBefore(System.nanoTime()).iterator();
            var sent = new ArrayList<AttemptId>();
            for (var piece = spool.next(attempts, 5000); !piece.isEmpty(); piece = spool.next(attempts, 5000)) {
                assertThat(piece).hasSizeLessThanOrEqualTo(5);
                piece.stream().map(Result::attempt).forEach(sent::add);
            }

            assertThat(sent).hasSize(99).doesNotHaveDuplicates().doesNotContain(attempt(50));
        }
    }

    @Test
    void remembersWhenAResultWasSent() {
        try (var spool = open()) {
            spool.add(Tasks.result(attempt(1), 0));
            var first = System.nanoTime();
            assertThat(spool.sentBefore(first)).containsExactly(attempt(1));

            spool.next(List.of(attempt(1)).iterator(), 1000);

            assertThat(spool.sentBefore(first)).isEmpty();
            assertThat(spool.sentBefore(System.nanoTime())).containsExactly(attempt(1));
        }
    }

    @Test
    void cutsOffARecordThatWasNotWrittenWhole() throws Exception {
        fill(10);
        var segment = segments().get(0);
        var bytes = Files.readAllBytes(segment);

        for (var length = bytes.length - 1; length > bytes.length - 20; length--) {
            Files.write(segment, Arrays.copyOf(bytes, length));
            try (var spool = open()) {
                assertThat(spool.unconfirmed()).hasSize(9).doesNotContain(attempt(9));
                assertThat(spool.find(attempt(8))).isPresent();
            }
        }
    }

    @Test
    void keepsWhatPrecedesAFlippedBit() throws Exception {
        fill(10);
        var segment = segments().get(0);
        var bytes = Files.readAllBytes(segment);
        var recordBytes = bytes.length / 10;

        for (var position = 0; position < bytes.length; position += 7) {
            var damaged = bytes.clone();
            damaged[position] ^= (byte) (1 << (position % 8));
            Files.write(segment, damaged);
            try (var spool = open()) {
                assertThat(spool.unconfirmed())
                        .as("bit flipped at %d", position)
                        .containsExactlyElementsOf(IntStream.range(0, position / recordBytes)
                                .mapToObj(SpoolTest::attempt)
                                .toList());
            }
        }
    }

    /** Flipped bits and truncations, of any of several segments, at places from a seed. */
    @Test
    @Tag("proof")
    void givesBackOnlyResultsThatWereWrittenWhateverIsDamaged() throws Exception {
        var random = new Random(SEED);
        for (var trial = 0; trial < 20; trial++) {
            fill(300);
            var segments = segments();
            assertThat(segments).hasSizeGreaterThan(1);
            var segment = segments.get(random.nextInt(segments.size()));
            var bytes = Files.readAllBytes(segment);
            if (trial % 2 == 0) {
                var bit = random.nextInt(8 * bytes.length);
                bytes[bit / 8] ^= (byte) (1 << (bit % 8));
            } else {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            }
            Files.write(segment, bytes);
            try (var spool = open()) {
                var kept = spool.unconfirmed();
                assertThat(kept).as("trial %d of seed %d", trial, SEED).hasSizeBetween(1, 299);
                for (var attempt : kept) {
                    assertThat(spool.find(attempt))
                            .as("%s in trial %d of seed %d", attempt, trial, SEED)
                            .hasValueSatisfying(result -> assertThat(result)
                                    .usingRecursiveComparison()
                                    .isEqualTo(Tasks.result(attempt, 50)));
                }
                spool.confirm(kept);
            }
            assertThat(segments()).isEmpty();
        }
    }

    @Test
    void sendsNoResultWhoseBitsChangedOnDisk() throws Exception {
        for (var position = 4; position < 200; position += 7) {
            try (var spool = open()) {
                spool.add(Tasks.result(attempt(1), 200));
                spool.sync();
                var segment = segments().get(0);
                var damaged = Files.readAllBytes(segment);
                damaged[position] ^= (byte) (1 << (position % 8));
                Files.write(segment, damaged);

                assertThat(spool.find(attempt(1)))
                        .as("bit flipped at %d", position)
                        .isEmpty();
                assertThat(spool.holds(attempt(1))).isFalse();
            }
        }
    }

    @Test
    void keepsLaterSegmentsWhenAnEarlierIsDamaged() throws Exception {
        fill(500);
        var segments = segments();
        assertThat(segments).hasSizeGreaterThan(2);
        Files.write(segments.get(0), new byte[] {1, 2, 3}, StandardOpenOption.TRUNCATE_EXISTING);

        try (var spool = open()) {
            assertThat(spool.unconfirmed()).contains(attempt(499)).doesNotContain(attempt(0));
        }
    }

    @Test
    void ignoresAnEmptyFileAndOneOfNoise() throws Exception {
        Files.createFile(folder.resolve("0000000000000001.spool"));
        Files.writeString(folder.resolve("0000000000000002.spool"), "no record at all, but longer than a header");

        try (var spool = open()) {
            assertThat(spool.unconfirmed()).isEmpty();
            spool.add(Tasks.result(attempt(1), 0));
        }

        try (var spool = open()) {
            assertThat(spool.unconfirmed()).containsExactly(attempt(1));
        }
    }

    @Test
    void keepsResultsInMemoryWhenTheFolderIsGone() throws Exception {
        var gone = Files.createDirectory(folder.resolve("gone"));
        try (var spool = Spool.open(gone, SEGMENT_BYTES)) {
            Files.delete(gone);

            spool.add(Tasks.result(attempt(1), 10));
            spool.sync();

            assertThat(spool.find(attempt(1))).isPresent();
        }
    }

    @Test
    void servesManyThreadsAtOnce() throws Exception {
        try (var spool = open()) {
            var threads = IntStream.range(0, 4)
                    .mapToObj(t -> new Thread(() -> {
                        for (var i = 0; i < 5_000; i++) {
                            var attempt = Tasks.attempt(t + 1, i, 1);
                            spool.add(Tasks.result(attempt, i % 50));
                            if (i % 2 == 0) {
                                spool.confirm(List.of(attempt));
                            }
                        }
                    }))
                    .toList();
            threads.forEach(Thread::start);
            for (var thread : threads) {
                thread.join(30_000);
            }
            spool.sync();

            assertThat(spool.unconfirmed()).hasSize(10_000);
            for (var attempt : spool.unconfirmed()) {
                assertThat(spool.find(attempt)).isPresent();
            }
            spool.confirm(spool.unconfirmed());
        }
        eventually("all files are gone", () -> segments().isEmpty());
    }

    private void fill(int count) throws InterruptedException {
        try (var spool = open()) {
            for (var i = 0; i < count; i++) {
                spool.add(Tasks.result(attempt(i), 50));
                if (i % 40 == 0) {
                    spool.sync();
                }
            }
        }
    }

    private Spool open() {
        return Spool.open(folder, SEGMENT_BYTES);
    }

    private List<Path> segments() {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".spool"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static AttemptId attempt(int index) {
        return Tasks.attempt(17, index, 1);
    }
}
