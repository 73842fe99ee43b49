package muster.manager.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import muster.api.AccessService;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Role;
import muster.api.TokenRequest;
import muster.manager.store.PostgresqlDatabase;
import muster.manager.store.PostgresqlServer;
import muster.manager.store.SqlStore;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Managers that have nothing in common but a database and a key. */
final class StoredSecretsTest {
    private static PostgresqlServer server;

    @TempDir
    private Path folder;

    private final Moment moment = new Moment();
    private final List<SqlStore> stores = new ArrayList<>();
    private String url = "";

    @BeforeAll
    static void start() throws Exception {
        server = new PostgresqlServer();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void database() throws Exception {
        url = server.database();
    }

    @AfterEach
    void close() {
        stores.forEach(SqlStore::close);
    }

    private SqlStore store() {
        var store = new SqlStore(new PostgresqlDatabase(url, "", ""));
        stores.add(store);
        return store;
    }

    private final class Candidate implements ManagerSecurity.Lead {
        final Path files;
        final ManagerSecurity security;
        final AccessService access;
        private boolean leads;

        Candidate(String name) throws IOException {
            this(name, 1);
        }

        Candidate(String name, int key) throws IOException {
            files = folder.resolve(name);
            var file = SecurityKeyTest.write(folder.resolve(name + ".key"), key);
            try (var store = new SqlStore(new PostgresqlDatabase(url, "", ""))) {
                security = new ManagerSecurity(files, name, List.of(), moment, SecurityKey.read(file), store);
            }
            access = security.access(() -> "tcp://broker:7071", worker -> false, Passwords.NONE, this);
        }

        /** As one does that takes over. */
        Candidate lead() {
            var store = store();
            assertThat(store.take(store.lease(), "m", "")).isTrue();
            security.lead(store);
            leads = true;
            return this;
        }

        /** As one does that has noticed that another took over. */
        void standBy() {
            leads = false;
            security.standBy();
        }

        String token(String name) throws IOException {
            return Files.readString(files.resolve(name)).strip();
        }

        X509Certificate join(String worker) throws Exception {
            var enrolment =
                    access.enrol(token("join.token"), worker, key().getPublic().getEncoded());
            return CertificateAuthority.certificate(enrolment.certificate());
        }

        @Override
        public boolean held() {
            return leads;
        }

        @Override
        public String why() {
            return "manager 'm9' leads";
        }
    }

    private static KeyPair key() throws Exception {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static TokenRequest user() {
        return new TokenRequest("anna", Role.USER, Duration.ofDays(1), null);
    }

    private static void assertStandsBy(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
                .hasMessageContaining(message);
    }

    @Test
    void whoTakesOverHasTheAuthorityTheTokensAndTheRegister() throws Exception {
        var first = new Candidate("m1").lead();
        var kept = first.join("w1");
        var removed = first.join("w2");
        var token = first.access.create(user());
        var revoked = first.access.create(user());
        first.access.revoke(revoked.view().id());
        assertThat(first.security.revoke("w2", true)).isTrue();

        var second = new Candidate("m2").lead();

        kept.verify(authority(second));
        assertThat(second.token("admin.token")).isEqualTo(first.token("admin.token"));
        assertThat(second.token("join.token")).isEqualTo(first.token("join.token"));
        assertThat(second.access.authenticate(token.text()).orElseThrow().name())
                .isEqualTo("anna");
        assertThat(second.access.authenticate(revoked.text())).isEmpty();
        assertThat(second.security.revocations().revoked(kept)).isFalse();
        assertThat(second.security.revocations().revoked(removed)).isTrue();
        assertThat(second.security.turnedAway("w2")).isTrue();
    }

    private static PublicKey authority(Candidate candidate) throws Exception {
        var enrolment = candidate.access.enrol(
                candidate.token("join.token"), "w4", key().getPublic().getEncoded());
        return CertificateAuthority.certificate(enrolment.authority()).getPublicKey();
    }

    @Test
    void oneThatStandsByLearnsWhatChangedMeanwhileWhenItTakesOver() throws Exception {
        var first = new Candidate("m1").lead();
        var second = new Candidate("m2");
        var made = first.access.create(user());
        first.access.revoke(first.access
                .authenticate(first.token("admin.token"))
                .orElseThrow()
                .token());

        second.lead();

        assertThat(second.access.authenticate(made.text())).isPresent();
        assertThat(second.token("admin.token")).isEqualTo(first.token("admin.token"));
        assertThat(second.access
                        .authenticate(second.token("admin.token"))
                        .orElseThrow()
                        .role())
                .isEqualTo(Role.ADMIN);
    }

    @Test
    void oneThatStandsByChangesNothingAndNamesTheOtherToThoseItKnows() throws Exception {
        var first = new Candidate("m1").lead();
        var known = first.access.create(user());
        var second = new Candidate("m2");
        var unknown = first.access.create(user());

        assertThat(second.access.authenticate(known.text())).isPresent();
        assertStandsBy(() -> second.access.authenticate(unknown.text()), "this manager stands by");
        assertStandsBy(() -> second.access.create(user()), "'m9' leads");
        assertStandsBy(second.access::tokens, "'m9' leads");
        assertStandsBy(() -> second.access.revoke(known.view().id()), "'m9' leads");
        assertStandsBy(() -> second.join("w1"), "this manager stands by");
        assertStandsBy(() -> second.security.revoke("w1", true), "another manager leads");
    }

    @Test
    void oneThatWasPausedWhileAnotherTookOverChangesNothing() throws Exception {
        var first = new Candidate("m1").lead();
        var second = new Candidate("m2").lead();

        assertStandsBy(() -> first.access.create(user()), "cannot be written to the store");
        assertStandsBy(() -> first.join("w1"), "cannot be written to the store");
        assertThat(second.access.tokens()).hasSize(2);
        first.standBy();
        assertStandsBy(() -> first.access.create(user()), "'m9' leads");
    }

    @Test
    void ofTwoThatBeginAClusterOneDoes() throws Exception {
        var candidates = Stream.of("m1", "m2", "m3")
                .map(name -> CompletableFuture.supplyAsync(() -> {
                    try {
                        return new Candidate(name);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }))
                .toList();
        for (var candidate : candidates) {
            candidate.get();
        }
        assertThat(candidates.stream()
                        .map(candidate -> candidate.join().lead())
                        .map(candidate -> {
                            try {
                                return authority(candidate);
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        })
                        .distinct())
                .hasSize(1);
    }

    @Test
    void takesOverWhatLayInFilesBefore() throws Exception {
        var lead = new Candidate("other").lead();
        url = server.database();
        var before = new ManagerSecurity(folder.resolve("m1"), "m1", List.of(), moment)
                .access(() -> "tcp://broker:7071", worker -> false, Passwords.NONE, lead);
        var token = before.create(user());

        var first = new Candidate("m1").lead();
        var second = new Candidate("m2").lead();

        assertThat(second.access.authenticate(token.text())).isPresent();
        assertThat(second.token("join.token")).isEqualTo(first.token("join.token"));
        assertThat(authority(second))
                .isEqualTo(CertificateAuthority.certificate(before.enrol(
                                        first.token("join.token"),
                                        "w1",
                                        key().getPublic().getEncoded())
                                .authority())
                        .getPublicKey());
    }

    @Test
    void anotherKeyOpensNothing() throws Exception {
        new Candidate("m1");
        assertThatThrownBy(() -> new Candidate("m2", 2))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("was not encrypted by " + folder.resolve("m2.key"));
    }

    @Test
    void nothingSecretLiesInTheDatabaseInClear() throws Exception {
        var first = new Candidate("m1").lead();
        var admin = first.token("admin.token");
        for (var name : List.of("ca.p12", "keystore.password", "admin.token", "join.token", "tokens")) {
            var content = store().secret(name).orElseThrow();
            assertThat(new String(content, StandardCharsets.ISO_8859_1))
                    .as(name)
                    .doesNotContain(admin.substring(admin.indexOf('.')))
                    .doesNotContain("muster")
                    .doesNotContain("admin");
        }
        try (var files = Files.list(first.files)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "admin.token", "join.token", "manager.p12", "trial.p12", "trust.p12", "broker");
        }
    }
}
