package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnrolmentTest {
    private static final Duration SOON = Duration.ofMillis(20);

    @TempDir
    Path root;

    private Path security;
    private FakeManager manager;

    @BeforeEach
    void start() throws Exception {
        security = root.resolve("security");
        manager = new FakeManager();
    }

    @AfterEach
    void stop() {
        manager.close();
    }

    @Test
    void keepsItsKeyAndCertificateForItsUserAlone() throws Exception {
        var credentials = credentials(Map.of("token", manager.token()));

        assertThat(credentials.identity().id()).isEqualTo("w1");
        assertThat(credentials.broker()).hasToString("tcp://127.0.0.1:7071");
        assertThat(credentials.manager()).isEqualTo("m1");
        assertThat(permissions(security)).isEqualTo("rwx------");
        try (var files = Files.list(security)) {
            assertThat(files).hasSize(3).allSatisfy(file -> assertThat(permissions(file))
                    .isEqualTo("rw-------"));
        }
        var password = credentials.identity().password().toCharArray();
        var keys = KeyStore.getInstance(credentials.identity().keyStore().toFile(), password);
        var chain = keys.getCertificateChain("worker");
        assertThat(chain).hasSize(2);
        assertThat(PinnedTrust.name((X509Certificate) chain[0])).hasValue("muster://worker/w1");
        assertThat(chain[1]).isEqualTo(manager.authority.certificate);
        assertThat(keys.getKey("worker", password).getAlgorithm()).isEqualTo("EC");
        var trust = KeyStore.getInstance(credentials.identity().trustStore().toFile(), password);
        assertThat(trust.getCertificate("authority")).isEqualTo(manager.authority.certificate);
    }

    @Test
    void enrolsOnce() throws Exception {
        var first = credentials(Map.of("token", manager.token()));
        manager.close();

        var second = credentials(Map.of());

        assertThat(second).isEqualTo(first);
        assertThat(manager.requests).hasSize(1);
        assertThat(manager.requests.get(0)).startsWith("Bearer " + manager.token());
    }

    @Test
    void renewsItsCertificateWhenTwoThirdsOfItsLifeAreOver() throws Exception {
        var credentials = credentials(Map.of("token", manager.token()));
        var old = (X509Certificate) credentials.entry().getCertificate();
        var due = Renewal.due(old);
        var life = Duration.between(
                old.getNotBefore().toInstant(), old.getNotAfter().toInstant());
        assertThat(Duration.between(old.getNotBefore().toInstant(), due))
                .isEqualTo(life.multipliedBy(2).dividedBy(3));

        assertThat(renewal(credentials, due.minusMillis(1)).renewIfDue()).isFalse();
        assertThat(manager.requests).hasSize(1);
        assertThat(renewal(credentials, due).renewIfDue()).isTrue();

        var renewed = credentials(Map.of());
        assertThat(renewed).isEqualTo(credentials);
        var entry = renewed.entry();
        var certificate = (X509Certificate) entry.getCertificate();
        assertThat(PinnedTrust.name(certificate)).hasValue("muster://worker/w1");
        assertThat(certificate.getNotAfter()).isAfter(old.getNotAfter());
        assertThat(certificate.getPublicKey()).isNotEqualTo(old.getPublicKey());
        assertThat(entry.getCertificateChain()).hasSize(2);
        assertThat(permissions(credentials.identity().keyStore())).isEqualTo("rw-------");
        assertThat(manager.requests.get(1)).startsWith("null ");
    }

    @Test
    void keepsItsCertificateWhenTheManagerDoesNotRenewIt() throws Exception {
        var credentials = credentials(Map.of("token", manager.token()));
        var old = (X509Certificate) credentials.entry().getCertificate();
        manager.status = 401;
        manager.answer = "{\"detail\":\"it was revoked\"}";

        assertThat(renewal(credentials, Renewal.due(old)).renewIfDue()).isFalse();

        assertThat(credentials.entry().getCertificate()).isEqualTo(old);
    }

    private Renewal renewal(Credentials credentials, Instant now) {
        return new Renewal(credentials, List.of(manager.url()), Clock.fixed(now, ZoneOffset.UTC));
    }

    @Test
    void keepsTheIdItEnrolledWithUnlessAnotherIsGiven() throws Exception {
        credentials(Map.of("token", manager.token()));

        assertThat(credentials(Map.of("id", "")).identity().id()).isEqualTo("w1");
        assertThatThrownBy(() -> credentials(Map.of("id", "w2")))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("'w1'")
                .hasMessageContaining("'w2'");
    }

    @Test
    void enrolsAnewWhenTheKeyStoreWasNotWritten() throws Exception {
        credentials(Map.of("token", manager.token()));
        Files.delete(security.resolve("worker.p12"));

        credentials(Map.of("token", manager.token()));

        assertThat(manager.requests).hasSize(2);
    }

    @Test
    void waitsForTheTokenFile() throws Exception {
        var file = root.resolve("join.token");
        var credentials = CompletableFuture.supplyAsync(() -> credentials(Map.of("token.file", file.toString())));

        assertThat(credentials).isNotDone();
        Files.writeString(root.resolve("new"), manager.token() + "\n");
        Files.move(root.resolve("new"), file);

        assertThat(credentials.get(30, TimeUnit.SECONDS).identity().id()).isEqualTo("w1");
    }

    @Test
    void waitsForTheManager() throws Exception {
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var authority = manager.authority;
        var credentials = CompletableFuture.supplyAsync(() -> {
            try {
                return credentials(Map.of("token", manager.token(), "manager", "https://127.0.0.1:" + port));
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        });

        try (var late = new FakeManager(authority, authority, "muster://manager/m2", Duration.ofDays(1), port)) {
            assertThat(credentials.get(30, TimeUnit.SECONDS).manager()).isEqualTo("m2");
            assertThat(late.requests).hasSize(1);
        }
    }

    @Test
    void waitsWhileTheManagerIsNotReady() throws Exception {
        manager.status = 503;
        manager.answer = "{\"detail\":\"the store is being opened\"}";
        var token = manager.token();
        var credentials = CompletableFuture.supplyAsync(() -> credentials(Map.of("token", token)));
        eventually("it asks again", () -> manager.requests.size() > 2);

        manager.answer = null;
        manager.status = 200;

        assertThat(credentials.get(30, TimeUnit.SECONDS).manager()).isEqualTo("m1");
    }

    @Test
    void joinsAndRenewsAtTheOneThatLeads() throws Exception {
        manager.status = 503;
        manager.answer = "{\"detail\":\"this manager stands by\"}";
        try (var leads =
                new FakeManager(manager.authority, manager.authority, "muster://manager/m2", Duration.ofDays(1), 0)) {
            var both = manager.url() + "," + leads.url();
            var credentials = credentials(Map.of("token", manager.token(), "manager", both));
            assertThat(credentials.manager()).isEqualTo("m2");

            var due = Renewal.due((X509Certificate) credentials.entry().getCertificate());
            var renewal =
                    new Renewal(credentials, List.of(manager.url(), leads.url()), Clock.fixed(due, ZoneOffset.UTC));
            assertThat(renewal.renewIfDue()).isTrue();
            assertThat(leads.requests).hasSize(2);
            assertThat(manager.requests).hasSize(2);
        }
    }

    @Test
    void tellsOfEachManagerWhyItIsOfNoUse() throws Exception {
        manager.status = 503;
        manager.answer = "{\"detail\":\"this manager stands by\"}";
        var token = JoinToken.parse(manager.token(), "test");
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var nobody = URI.create("https://127.0.0.1:" + port);

        var failure = catchThrowableOfType(
                MusterException.class, () -> Enrolment.request(List.of(nobody, manager.url()), token, "w1"));

        assertThat(failure.code()).isEqualTo(ErrorCode.UNAVAILABLE);
        assertThat(failure)
                .hasMessageContaining("manager " + nobody + " cannot be reached")
                .hasMessageContaining("this manager stands by");
    }

    @ParameterizedTest
    @CsvSource({
        "400, INVALID, the id is taken",
        "409, INVALID, the id is taken",
        "401, UNAUTHENTICATED, security/join.token",
        "403, UNAUTHENTICATED, security/join.token",
        "500, UNAVAILABLE, the id is taken",
        "404, UNAVAILABLE, the id is taken",
    })
    void saysWhyItWasRefused(int status, ErrorCode code, String part) throws Exception {
        manager.status = status;
        manager.answer = "{\"status\":" + status + ",\"detail\":\"the id is taken\"}";

        var failure = refusal(manager);

        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure)
                .hasMessageContaining(part)
                .hasMessageContaining(manager.url().toString());
        assertThat(failure.getMessage()).doesNotContain(FakeManager.SECRET);
    }

    @Test
    void refusesTheManagerOfAnotherCluster() throws Exception {
        try (var other = new FakeManager()) {
            var token = JoinToken.parse(manager.token(), "test");

            var failure = catchThrowableOfType(
                    MusterException.class, () -> Enrolment.request(List.of(other.url()), token, "w1"));

            assertThat(failure.code()).isEqualTo(ErrorCode.FORBIDDEN);
            assertThat(failure).hasMessageContaining("another cluster").hasMessageContaining(token.fingerprint());
            assertThat(other.requests).isEmpty();
        }
    }

    @Test
    void refusesACertificateThatTheAuthorityDidNotSign() throws Exception {
        var forger = new FakeManager.Authority();
        try (var forged = new FakeManager(forger, manager.authority, "muster://manager/m1", Duration.ofDays(1), 0)) {
            assertThat(refusal(forged)).hasMessageContaining("not signed");
            assertThat(forged.requests).isEmpty();
        }
    }

    @Test
    void refusesANodeThatIsNoManager() throws Exception {
        try (var worker = new FakeManager(manager.authority, "muster://worker/w9", Duration.ofDays(1))) {
            assertThat(refusal(worker)).hasMessageContaining("muster://worker/w9");
            assertThat(worker.requests).isEmpty();
        }
    }

    @Test
    void refusesACertificateThatHasExpired() throws Exception {
        try (var old = new FakeManager(manager.authority, "muster://manager/m1", Duration.ofHours(-1))) {
            assertThat(refusal(old).code()).isEqualTo(ErrorCode.FORBIDDEN);
            assertThat(old.requests).isEmpty();
        }
    }

    @Test
    void refusesACertificateForAnotherKey() throws Exception {
        manager.answer = manager.answer(
                manager.authority.sign(FakeManager.newKey().getPublic(), "muster://worker/w1", Duration.ofDays(1)));

        assertThat(refusal(manager)).hasMessageContaining("another key");
    }

    @Test
    void refusesAnAnswerThatLacksSomething() throws Exception {
        manager.answer = "{\"certificate\":\"AAAA\"}";

        assertThat(refusal(manager)).hasMessageContaining("cannot be used");
    }

    @ParameterizedTest
    @CsvSource({"''", "muster-abc.def", "other"})
    void refusesAMalformedToken(String text) {
        assertThatThrownBy(() -> JoinToken.parse(text, "'file'"))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("'file'")
                .hasMessageContaining("join.token");
    }

    @Test
    void keepsTheTokenOutOfText() throws Exception {
        assertThat(JoinToken.parse(manager.token(), "test").toString()).doesNotContain(FakeManager.SECRET);
    }

    private MusterException refusal(FakeManager by) throws Exception {
        var token = JoinToken.parse(manager.token(), "test");
        return catchThrowableOfType(MusterException.class, () -> Enrolment.request(List.of(by.url()), token, "w1"));
    }

    private Credentials credentials(Map<String, String> values) {
        var all = new HashMap<>(Map.of(
                "id", "w1",
                "manager", manager.url().toString(),
                "security", security.toString(),
                "work", root.toString()));
        all.putAll(values);
        try {
            return WorkerIdentity.credentials(Settings.of(Configuration.of(all), key -> null), SOON, SOON);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String permissions(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
