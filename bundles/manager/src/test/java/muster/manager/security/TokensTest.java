package muster.manager.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import muster.api.Caller;
import muster.api.MusterException;
import muster.api.Role;
import muster.api.TokenRequest;
import muster.api.TokenView;
import muster.transport.ToWorker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokensTest {
    @TempDir
    private Path folder;

    private final Moment moment = new Moment();

    private Tokens open() {
        var tokens = new Tokens(new SecretFiles(folder), "f".repeat(43), moment);
        tokens.keepInFile("admin.token", Role.ADMIN, "admin");
        return tokens;
    }

    private static Map.Entry<String, TokenView> user(Tokens tokens, Duration life) {
        return tokens.create(new TokenRequest("anna", Role.USER, life, null));
    }

    @Test
    void tokensOutliveARestart() throws IOException {
        var made = user(open(), Duration.ofDays(1));
        assertThat(open().caller(made.getKey()))
                .contains(new Caller("anna", Role.USER, made.getValue().id()));
        assertThat(made.getKey()).matches("muster-f{43}\\.[A-Za-z0-9_-]{43}");
    }

    @Test
    void secretsAreWrittenNowhere() throws IOException {
        var made = user(open(), Duration.ofDays(1));
        var secret = made.getKey().substring(made.getKey().indexOf('.') + 1);
        assertThat(Files.readString(folder.resolve("tokens"))).contains("anna").doesNotContain(secret);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("tokens"))))
                .isEqualTo("rw-------");
    }

    @Test
    void expiredTokensOpenNothingAndAreForgottenLater() throws IOException {
        var tokens = open();
        var made = user(tokens, Duration.ofDays(1));
        moment.pass(Duration.ofDays(1).minusMillis(1));
        assertThat(tokens.caller(made.getKey())).isPresent();
        moment.pass(Duration.ofMillis(1));
        assertThat(tokens.caller(made.getKey())).isEmpty();
        assertThat(tokens.views())
                .extracting(TokenView::id)
                .contains(made.getValue().id());
        moment.pass(Duration.ofDays(8));
        user(tokens, Duration.ofDays(1));
        assertThat(tokens.views())
                .extracting(TokenView::id)
                .doesNotContain(made.getValue().id());
    }

    @Test
    void workersHearOfTokensByKeysThatAreGoodAtNoOther() {
        var tokens = open();
        var told = new AtomicInteger();
        tokens.whenChanged(told::incrementAndGet);
        var made = user(tokens, Duration.ofDays(1));
        tokens.keepInFile("join.token", Role.WORKER, "admin");
        var grants = tokens.grants("w1");
        assertThat(grants).extracting(ToWorker.Grant::owner).containsExactly("admin", "anna");
        assertThat(grants.get(1).expiresAt()).isEqualTo(made.getValue().expiresAt());
        assertThat(tokens.grants("w2")).doesNotContainAnyElementsOf(grants);
        tokens.revoke(made.getValue().id());
        assertThat(tokens.grants("w1")).containsExactly(grants.get(0));
        assertThat(told).hasValue(3);
        moment.pass(Duration.ofDays(2));
        assertThat(tokens.grants("w1")).hasSize(1);
    }

    /** As clients make it; the value was computed by OpenSSL. */
    @Test
    void theKeyForAWorkerFollowsFromTheTokenAndItsId() {
        assertThat(Tokens.key(Tokens.hash("muster-x.y"), "w1"))
                .isEqualTo("4dedc6fc65018a135210162d9733a05e248a2306f7a83bef5f423abd5ac1b65b");
    }

    @Test
    void revokedTokensOpenNothingAtOnce() throws IOException {
        var tokens = open();
        var made = user(tokens, Duration.ofDays(1));
        tokens.revoke(made.getValue().id());
        assertThat(tokens.caller(made.getKey())).isEmpty();
        assertThat(open().caller(made.getKey())).isEmpty();
        assertThatThrownBy(() -> tokens.revoke(made.getValue().id()))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void tokenOfAFileIsReplacedThereWhenRevoked() throws IOException {
        var tokens = open();
        var before = Files.readString(folder.resolve("admin.token")).strip();
        tokens.revoke(tokens.caller(before).orElseThrow().token());
        var after = Files.readString(folder.resolve("admin.token")).strip();
        assertThat(tokens.caller(before)).isEmpty();
        assertThat(tokens.caller(after).orElseThrow().role()).isEqualTo(Role.ADMIN);
    }

    @Test
    void fileThatIsThereIsKeptAndOneThatIsReplacedCounts() throws IOException {
        Files.writeString(folder.resolve("admin.token"), "muster-of-old.token\n");
        assertThat(open().caller("muster-of-old.token").orElseThrow().role()).isEqualTo(Role.ADMIN);
        Files.writeString(folder.resolve("admin.token"), "another\n");
        var tokens = open();
        assertThat(tokens.caller("muster-of-old.token")).isEmpty();
        assertThat(tokens.caller("another")).isPresent();
    }

    @Test
    void lastUseIsTold() throws IOException {
        var tokens = open();
        var made = user(tokens, Duration.ofDays(1));
        assertThat(made.getValue().lastUsedAt()).isNull();
        moment.pass(Duration.ofHours(1));
        tokens.caller(made.getKey());
        assertThat(open().views())
                .filteredOn(view -> view.id().equals(made.getValue().id()))
                .extracting(TokenView::lastUsedAt)
                .containsExactly(moment.instant());
    }

    @Test
    void joinTokensAreUsedUp() throws IOException {
        var tokens = open();
        var text = tokens.create(new TokenRequest("admin", Role.WORKER, Duration.ofHours(1), 2))
                .getKey();
        tokens.join(text);
        var again = open();
        again.join(text);
        assertThatThrownBy(() -> again.join(text)).hasMessageContaining("was used up");
    }

    @Test
    void tokensOfUseJoinNobody() throws IOException {
        var tokens = open();
        var made = user(tokens, Duration.ofDays(1));
        assertThatThrownBy(() -> tokens.join(made.getKey())).hasMessageContaining("has the role user");
        assertThatThrownBy(() -> tokens.join("x")).hasMessageContaining("unknown, expired or revoked");
    }

    @Test
    void damagedFileIsToldNotGuessed() throws IOException {
        open();
        Files.writeString(folder.resolve("tokens"), "nonsense\n");
        assertThatThrownBy(this::open).isInstanceOf(MusterException.class).hasMessageContaining("tokens is damaged");
    }
}
