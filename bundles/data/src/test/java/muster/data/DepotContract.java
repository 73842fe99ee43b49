package muster.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.data.TransferException.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every depot does. */
public abstract class DepotContract {
    @TempDir
    protected Path folder;

    /** Opens what is kept under a name, as a node does that starts. */
    protected abstract Depot open(String name) throws IOException;

    /** The name of a text as an object. */
    protected static String name(String text) {
        var digest = ObjectStore.digest();
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return ObjectStore.name(digest);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Brings a text into a depot. */
    protected static String keep(Depot depot, String text) throws IOException {
        var sink = depot.receive(name(text));
        sink.write(bytes(text));
        sink.complete();
        return name(text);
    }

    private static Optional<String> read(Depot depot, String object) throws IOException {
        var file = depot.find(object);
        return file.isPresent() ? Optional.of(Files.readString(file.get())) : Optional.empty();
    }

    @Test
    void givesBackWhatItTookInAlsoAfterAStart() throws IOException {
        var object = keep(open("a"), "hello");
        var again = open("a");
        assertThat(again.size(object)).hasValue(5);
        assertThat(read(again, object)).contains("hello");
    }

    @Test
    void keepsAnEmptyFile() throws IOException {
        var object = keep(open("b"), "");
        assertThat(open("b").size(object)).hasValue(0);
        assertThat(read(open("b"), object)).contains("");
    }

    @Test
    void hasNothingElse() throws IOException {
        var depot = open("c");
        assertThat(depot.find(name("nothing"))).isEmpty();
        assertThat(depot.size(name("nothing"))).isEmpty();
    }

    @Test
    void refusesBytesThatAreNotThoseOfTheName() throws IOException {
        var depot = open("d");
        var sink = depot.receive(name("right"));
        sink.write(bytes("wrong"));
        assertThatThrownBy(sink::complete).isInstanceOfSatisfying(TransferException.class, e -> assertThat(e.failure())
                .isEqualTo(Failure.HASH_MISMATCH));
        assertThat(depot.find(name("right"))).isEmpty();
        assertThat(open("d").find(name("right"))).isEmpty();
    }

    @Test
    void goesOnWithAnUploadThatBrokeOff() throws IOException {
        var depot = open("e");
        var object = name("hello world");
        var first = depot.resume(object, 0);
        first.write(bytes("hello "));
        first.abort();
        assertThat(depot.uploaded(object)).isEqualTo(6);
        assertThatThrownBy(() -> depot.resume(object, 3))
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
        var second = depot.resume(object, 6);
        second.write(bytes("world"));
        second.complete();
        assertThat(depot.uploaded(object)).isZero();
        assertThat(read(open("e"), object)).contains("hello world");
    }

    @Test
    void takesTheSameFromSeveralAtOnce() throws IOException {
        var depot = open("f");
        var object = name("twice");
        var one = depot.receive(object);
        var other = depot.receive(object);
        one.write(bytes("tw"));
        other.write(bytes("twice"));
        other.complete();
        one.write(bytes("ice"));
        one.complete();
        assertThat(read(depot, object)).contains("twice");
    }

    @Test
    void isReadBySeveralAtOnce() throws IOException {
        var object = keep(open("g"), "popular");
        var again = open("g");
        var readers = new ArrayList<CompletableFuture<Optional<String>>>();
        for (var i = 0; i < 8; i++) {
            readers.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return read(again, object);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        assertThat(readers).allSatisfy(reader -> assertThat(reader.join()).contains("popular"));
    }

    @Test
    void saysWhatItKeepsAndSinceWhen() throws IOException {
        var before = Instant.now().minusSeconds(5);
        var depot = open("i");
        var object = keep(depot, "one");
        var other = keep(depot, "other");
        var found = new HashMap<String, Instant>();
        open("i").list(found::put);
        assertThat(found).containsOnlyKeys(object, other);
        assertThat(found.values()).allSatisfy(since -> assertThat(since)
                .isBetween(before, Instant.now().plusSeconds(5)));
    }

    @Test
    void throwsAwayUploadsThatNobodyGoesOnWith() throws IOException {
        var depot = open("j");
        var sink = depot.resume(name("half"), 0);
        sink.write(bytes("ha"));
        sink.abort();
        depot.removePartial(Instant.now().minusSeconds(60));
        assertThat(depot.uploaded(name("half"))).isEqualTo(2);
        depot.removePartial(Instant.now().plusSeconds(60));
        assertThat(depot.uploaded(name("half"))).isZero();
    }

    @Test
    void forgetsWhatIsRemoved() throws IOException {
        var depot = open("h");
        var object = keep(depot, "gone");
        depot.remove(object);
        depot.remove(object);
        assertThat(depot.find(object)).isEmpty();
        assertThat(open("h").find(object)).isEmpty();
    }
}
