package muster.manager.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SecurityKeyTest {
    private static final byte[] SECRET = "the CA's key".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path folder;

    /** A file with a key of this byte alone. */
    static Path write(Path file, int filler) throws IOException {
        var key = new byte[32];
        Arrays.fill(key, (byte) filler);
        return write(file, Base64.getEncoder().encodeToString(key));
    }

    private static Path write(Path file, String text) throws IOException {
        Files.writeString(file, text + "\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private SecurityKey key(int filler) throws IOException {
        return SecurityKey.read(write(folder.resolve("key" + filler), filler));
    }

    @Test
    void opensWhatItSealedAndShowsNothingOfIt() throws IOException {
        var once = key(1).seal("ca", SECRET);
        assertThat(key(1).open("ca", once)).isEqualTo(SECRET);
        assertThat(new String(once, StandardCharsets.ISO_8859_1)).doesNotContain("key");
        assertThat(key(1).seal("ca", SECRET)).isNotEqualTo(once);
        assertThat(key(1).open("none", key(1).seal("none", new byte[0]))).isEmpty();
    }

    @Test
    void refusesWhatAnotherKeySealedOrForAnotherNameOrThatWasChanged() throws IOException {
        var key = key(1);
        var made = key.seal("ca", SECRET);
        assertRefused(() -> key(2).open("ca", made));
        assertRefused(() -> key.open("tokens", made));
        assertRefused(() -> key.open("ca", new byte[0]));
        for (var i = 0; i < made.length; i++) {
            var changed = made.clone();
            changed[i] ^= 1;
            assertRefused(() -> key.open("ca", changed));
            var cut = Arrays.copyOf(made, i);
            assertRefused(() -> key.open("ca", cut));
        }
    }

    private static void assertRefused(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
                .hasMessageContaining("the key by which it was");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "secret", "AAAA", "!"})
    void saysHowToMakeAKeyWhereThereIsNone(String text) throws IOException {
        var file = write(folder.resolve("key"), text);
        assertThatThrownBy(() -> SecurityKey.read(file))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("openssl rand -base64 32");
    }

    @Test
    void refusesAKeyThatEveryUserCanRead() throws IOException {
        var file = write(folder.resolve("key"), 1);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> SecurityKey.read(file)).hasMessageContaining("chmod 600 " + file);
        assertThatThrownBy(() -> SecurityKey.read(folder.resolve("gone"))).hasMessageContaining("cannot be read");
    }

    @Test
    void keepsTheKeyToItself() throws IOException {
        assertThat(key(0)).hasToString("SecurityKey[" + folder.resolve("key0") + "]");
    }
}
