package muster.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import muster.api.MusterException;
import muster.data.TransferException.Failure;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ObjectStoreTest {
    @TempDir
    private Path folder;

    private ObjectStore store;

    @BeforeEach
    void open() throws IOException {
        store = new ObjectStore(folder.resolve("store"), 100, false);
    }

    private String adopt(String content) throws IOException {
        var file = Files.createTempFile(folder, "file", "");
        return store.adopt(Files.writeString(file, content));
    }

    @Test
    void namesContentByItsDigest() throws IOException {
        assertThat(adopt("hello\n"))
                .isEqualTo("sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    }

    @Test
    void refusesWhatIsNoName() {
        assertThatThrownBy(() -> store.find("sha256:../../etc/passwd")).isInstanceOf(MusterException.class);
    }

    @Test
    void findsAgainWhatWasThereBefore() throws IOException {
        var object = adopt("hello");
        assertThat(new ObjectStore(folder.resolve("store"), 100, false).find(object))
                .isPresent();
    }

    @Test
    void throwsOutWhatWasLongestNotAskedFor() throws IOException {
        var first = adopt("1".repeat(40));
        var second = adopt("2".repeat(40));
        assertThat(store.find(first)).isPresent();
        var third = adopt("3".repeat(40));
        assertThat(store.find(second)).isEmpty();
        assertThat(store.find(first)).isPresent();
        assertThat(store.find(third)).isPresent();
        assertThat(store.bytes()).isEqualTo(80);
    }

    @Test
    void keepsWhatIsPinned() throws IOException {
        var first = adopt("1".repeat(60));
        store.pin(first);
        var second = adopt("2".repeat(60));
        assertThat(store.find(first)).isPresent();
        store.unpin(first);
        assertThat(store.find(second)).isPresent();
        adopt("3");
        assertThat(store.find(first)).isEmpty();
        assertThat(store.find(second)).isPresent();
    }

    @Test
    void throwsAwayWhatWasChanged() throws IOException {
        var object = adopt("hello");
        var file = store.find(object).orElseThrow();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(file, "other words");
        assertThat(store.find(object)).isEmpty();
        assertThat(file).doesNotExist();
    }

    @Test
    void keepsWhatAnotherNodeHasBroughtOnceMore() throws IOException {
        var object = adopt("hello");
        var before = store.find(object).orElseThrow();
        var other = new ObjectStore(folder.resolve("store"), 100, false);
        Files.setLastModifiedTime(before, FileTime.fromMillis(0));
        var again = other.receive(object);
        again.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.US_ASCII)));
        again.complete();
        assertThat(store.find(object))
                .hasValueSatisfying(file -> assertThat(file).hasContent("hello"));
        assertThat(other.find(object)).isPresent();
    }

    @Test
    void twoUploadsOfTheSameDoNotTouchEachOther() throws IOException {
        var object = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        var one = store.resume(object, 0);
        one.write(ByteBuffer.wrap("hel".getBytes(StandardCharsets.US_ASCII)));
        assertThat(store.uploaded(object)).as("for others").isZero();
        var other = store.resume(object, 0);
        other.write(ByteBuffer.wrap("wrong".getBytes(StandardCharsets.US_ASCII)));
        one.write(ByteBuffer.wrap("lo".getBytes(StandardCharsets.US_ASCII)));
        one.complete();
        assertThatThrownBy(other::complete).isInstanceOf(TransferException.class);
        other.abort();
        one.abort();
        assertThat(store.find(object))
                .hasValueSatisfying(file -> assertThat(file).hasContent("hello"));
        assertThat(folder.resolve("store/partial")).isEmptyDirectory();
        store.resume(object, 0).abort();
    }

    @Test
    void placesAReadOnlyLinkOrAnExecutableCopy() throws IOException {
        var object = adopt("#!/bin/sh\n");
        store.place(object, folder.resolve("data"), false);
        store.place(object, folder.resolve("tool"), true);
        assertThat(Files.isSameFile(store.find(object).orElseThrow(), folder.resolve("data")))
                .isTrue();
        assertThat(Files.isExecutable(folder.resolve("tool"))).isTrue();
        assertThat(Files.getPosixFilePermissions(folder.resolve("data")))
                .isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
    }

    @Test
    void goesOnWithAnUploadWhereItBrokeOff() throws IOException {
        var object = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        var begun = store.resume(object, 0);
        begun.write(ByteBuffer.wrap("hel".getBytes(StandardCharsets.US_ASCII)));
        begun.abort();
        assertThat(store.uploaded(object)).isEqualTo(3);
        assertThatThrownBy(() -> store.resume(object, 2)).hasMessageContaining("stands at byte 3, not at 2");
        var rest = store.resume(object, 3);
        rest.write(ByteBuffer.wrap("lo".getBytes(StandardCharsets.US_ASCII)));
        rest.complete();
        assertThat(store.find(object).orElseThrow()).hasContent("hello");
        assertThat(store.uploaded(object)).isZero();
    }

    @Test
    void refusesOtherContentThanThatOfTheName() throws IOException {
        var object = "sha256:" + "0".repeat(64);
        var incoming = store.receive(object);
        incoming.write(ByteBuffer.wrap(new byte[3]));
        assertThatThrownBy(incoming::complete)
                .isInstanceOfSatisfying(
                        TransferException.class, e -> assertThat(e.failure()).isEqualTo(Failure.HASH_MISMATCH));
        assertThat(store.find(object)).isEmpty();
        assertThat(folder.resolve("store/partial")).isEmptyDirectory();
    }

    @Test
    void takesPiecesInAnyOrderBehindABeginning() throws IOException {
        var incoming = store.receive("sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
        incoming.further().write(ByteBuffer.wrap("he".getBytes(StandardCharsets.US_ASCII)));
        incoming.piece(4).write(ByteBuffer.wrap("o\n".getBytes(StandardCharsets.US_ASCII)));
        incoming.piece(2).write(ByteBuffer.wrap("ll".getBytes(StandardCharsets.US_ASCII)));
        incoming.complete();
        assertThat(adopt("hello\n"))
                .satisfies(
                        object -> assertThat(store.find(object).orElseThrow()).hasContent("hello\n"));
    }
}
