package muster.manager.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Role;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordsTest {
    /** As {@code htpasswd -nbB anna secret} prints it; by the C library's {@code crypt}. */
    private static final String OF_HTPASSWD = "anna:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

    @TempDir
    private Path folder;

    private final Moment moment = new Moment();
    private Path file;
    private Passwords passwords;

    @BeforeEach
    void begin() {
        file = folder.resolve("users");
        passwords = new Passwords(file, null, moment);
    }

    @Test
    void knowsWhoHasAPasswordByHtpasswd() throws IOException {
        Files.writeString(file, "# people\n\n" + OF_HTPASSWD + "\n");

        assertThat(passwords.caller("anna", "secret")).hasValue(new Caller("anna", Role.USER, "password"));
        assertThat(passwords.caller("anna", "secret")).isPresent();
        assertThat(passwords.caller("anna", "Secret")).isEmpty();
        assertThat(passwords.caller("anna", "")).isEmpty();
        assertThat(passwords.caller("otto", "secret")).isEmpty();
    }

    @Test
    void givesTheRoleOfTheLine() throws IOException {
        Files.writeString(file, line("anna", "a") + ":admin\n" + line("vera", "v") + ":viewer\n");

        assertThat(passwords.caller("anna", "a").orElseThrow().role()).isEqualTo(Role.ADMIN);
        assertThat(passwords.caller("vera", "v").orElseThrow().role()).isEqualTo(Role.VIEWER);
    }

    @Test
    void heedsAChangeOfTheFileAtOnce() throws IOException {
        Files.writeString(file, line("anna", "old") + "\n");
        assertThat(passwords.caller("anna", "old")).isPresent();

        Files.writeString(file, line("anna", "new") + "\n" + line("otto", "o") + "\n");
        assertThat(passwords.caller("anna", "old")).isEmpty();
        assertThat(passwords.caller("anna", "new")).isPresent();

        Files.delete(file);
        assertThat(passwords.caller("anna", "new")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "anna:secret",
                "anna:$apr1$abcdefgh$abcdefghijklmnopqrstuv",
                "anna",
                "anna:HASH:worker",
                "anna:HASH:chief",
                "anna:HASH:user:x",
                "a nna:HASH",
                ":HASH",
            })
    void leavesLinesOutThatSayNothingGood(String bad) throws IOException {
        Files.writeString(file, bad.replace("HASH", hash("secret")) + "\n" + line("otto", "o") + "\n");

        assertThat(passwords.caller("anna", "secret")).isEmpty();
        assertThat(passwords.caller("otto", "o")).isPresent();
    }

    @Test
    void hearsNoMoreOfANameAfterTenWrongPasswordsForAMinute() throws IOException {
        Files.writeString(file, line("anna", "a") + "\n" + line("otto", "o") + "\n");
        assertThat(passwords.caller("otto", "o")).isPresent();
        for (var i = 0; i < 10; i++) {
            assertThat(passwords.caller("anna", "b" + i)).isEmpty();
            assertThat(passwords.caller("otto", "b" + i)).isEmpty();
            assertThat(passwords.caller("nobody", "b" + i)).isEmpty();
        }

        for (var name : new String[] {"anna", "nobody"}) {
            assertThatThrownBy(() -> passwords.caller(name, "a"))
                    .isInstanceOfSatisfying(
                            MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY));
        }
        // who has been in stays in
        assertThat(passwords.caller("otto", "o")).isPresent();

        moment.pass(Duration.ofMinutes(1));
        assertThat(passwords.caller("anna", "a")).isPresent();
    }

    @Test
    void takesNobodyWithoutAFile() {
        assertThat(Passwords.NONE.caller("anna", "secret")).isEmpty();
        assertThat(passwords.caller("anna", "secret")).isEmpty();
    }

    private static String line(String name, String password) {
        return name + ":" + hash(password);
    }

    private static String hash(String password) {
        return OpenBSDBCrypt.generate("2y", password.getBytes(StandardCharsets.UTF_8), new byte[16], 4);
    }
}
