package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparesTest {
    private static final BooleanSupplier UNSEEN = () -> false;
    private static final Set<String> INSIDE = Set.of("a", "b");

    @TempDir
    Path root;

    private Spares spares;
    private Path folder;
    private Path file;

    @BeforeEach
    void open() throws IOException {
        spares = new Spares(make("spares"));
        folder = make("folder");
        make("folder/a");
        make("folder/b");
        file = Files.createFile(
                root.resolve("file"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    private Path make(String name) throws IOException {
        return Files.createDirectory(
                root.resolve(name), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    @Test
    void givesAnEmptyFolderUnderAnotherName() throws IOException {
        var number = Files.getAttribute(folder, "unix:ino");

        assertThat(spares.keepFolder(folder, INSIDE, UNSEEN)).isTrue();
        assertThat(folder).doesNotExist();

        var other = root.resolve("other");
        assertThat(spares.takeFolder(other)).isTrue();
        assertThat(Files.getAttribute(other, "unix:ino")).isEqualTo(number);
        assertThat(other.resolve("a")).isEmptyDirectory();
        assertThat(spares.takeFolder(root.resolve("third"))).isFalse();
    }

    @Test
    void givesAFileWithoutWhatWasInIt() throws IOException {
        Files.writeString(file, "what one task wrote");
        var number = Files.getAttribute(file, "unix:ino");

        assertThat(spares.keepFile(file, UNSEEN)).isTrue();

        var other = root.resolve("other");
        assertThat(spares.takeFile(other)).isTrue();
        assertThat(Files.getAttribute(other, "unix:ino")).isEqualTo(number);
        assertThat(other).isEmptyFile();
        assertThat(spares.takeFile(root.resolve("third"))).isFalse();
    }

    @Test
    void leavesAFolderWithSomethingInIt() throws IOException {
        Files.createFile(folder.resolve("b/left"));
        assertThat(spares.keepFolder(folder, INSIDE, UNSEEN)).isFalse();

        Files.delete(folder.resolve("b/left"));
        Files.createFile(folder.resolve("left"));
        assertThat(spares.keepFolder(folder, INSIDE, UNSEEN)).isFalse();

        assertThat(folder.resolve("left")).exists();
        assertThat(spares.takeFolder(root.resolve("other"))).isFalse();
    }

    @Test
    void leavesAFolderThatIsNotAsItWasMade() throws IOException {
        Files.setPosixFilePermissions(folder.resolve("a"), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(spares.keepFolder(folder, INSIDE, UNSEEN)).isFalse();

        Files.delete(folder.resolve("a"));
        Files.createSymbolicLink(folder.resolve("a"), make("elsewhere"));
        assertThat(spares.keepFolder(folder, INSIDE, UNSEEN)).isFalse();
    }

    @Test
    void leavesAFileThatIsNotAsItWasMade() throws IOException {
        var second = Files.createLink(root.resolve("second"), file);
        assertThat(spares.keepFile(file, UNSEEN)).isFalse();

        Files.delete(second);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(spares.keepFile(file, UNSEEN)).isFalse();

        Files.delete(file);
        Files.createSymbolicLink(file, Files.createFile(root.resolve("elsewhere")));
        assertThat(spares.keepFile(file, UNSEEN)).isFalse();
    }

    @Test
    void removesWhatSomebodyMayStillHaveOpen() {
        BooleanSupplier asked = () -> {
            assertThat(folder).as("found no more").doesNotExist();
            return true;
        };
        assertThat(spares.keepFolder(folder, INSIDE, asked)).isTrue();
        assertThat(spares.keepFile(file, () -> true)).isTrue();

        assertThat(file).doesNotExist();
        assertThat(root.resolve("spares")).isEmptyDirectory();
        assertThat(spares.takeFolder(root.resolve("other"))).isFalse();
        assertThat(spares.takeFile(root.resolve("other"))).isFalse();
    }

    @Test
    void keepsWhatItCannotGive() throws IOException {
        spares.keepFile(file, UNSEEN);

        assertThat(spares.takeFile(root.resolve("missing/file"))).isFalse();
        assertThat(spares.takeFile(root.resolve("file"))).isTrue();
    }
}
