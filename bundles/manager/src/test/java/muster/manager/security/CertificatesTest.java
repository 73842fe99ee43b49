package muster.manager.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import muster.api.AccessService;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Role;
import muster.api.TokenRequest;
import muster.transport.CertificateRegister;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CertificatesTest {
    @TempDir
    private Path folder;

    private static final ManagerSecurity.Lead LEADS = new ManagerSecurity.Lead() {
        @Override
        public boolean held() {
            return true;
        }

        @Override
        public String why() {
            return "";
        }
    };

    private final Moment moment = new Moment();
    private final Set<String> online = new HashSet<>();
    private ManagerSecurity security;
    private AccessService access;

    private AccessService open() {
        security = new ManagerSecurity(folder.resolve("security"), "manager", List.of(), moment);
        access = security.access(() -> "tcp://127.0.0.1:7071", online::contains, Passwords.NONE, LEADS);
        return access;
    }

    private String token() {
        return access.create(new TokenRequest("admin", Role.WORKER, Duration.ofDays(1000), null))
                .text();
    }

    private X509Certificate join(String worker, KeyPair key) {
        return CertificateAuthority.certificate(
                access.enrol(token(), worker, key.getPublic().getEncoded()).certificate());
    }

    private static KeyPair key() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private X509Certificate renew(X509Certificate old, KeyPair oldKey, KeyPair newKey) throws GeneralSecurityException {
        var signer = Signature.getInstance("SHA256withECDSA");
        signer.initSign(oldKey.getPrivate());
        signer.update(newKey.getPublic().getEncoded());
        return CertificateAuthority.certificate(
                access.renew(old.getEncoded(), newKey.getPublic().getEncoded(), signer.sign())
                        .certificate());
    }

    private static void assertRefused(ErrorCode code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(MusterException.class, e -> assertThat(e.code())
                .as(e.getMessage())
                .isEqualTo(code));
    }

    @Test
    void revokedWorkersAreTurnedAwayAtOnceAndAfterARestart() throws Exception {
        open();
        var told = new ArrayList<String>();
        var listening = security.revocations().onRevoked(told::add);
        var key = key();
        var certificate = join("w1", key);
        var other = join("w2", key());
        assertThat(security.revocations().revoked(certificate)).isFalse();
        assertThat(security.turnedAway("w1")).isFalse();

        assertThat(security.revoke("w1", false)).isTrue();

        assertThat(told).containsExactly("w1");
        listening.close();
        assertThat(security.turnedAway("w1")).isTrue();
        assertThat(security.revocations().revoked(certificate)).isTrue();
        assertThat(security.revocations().revoked(other)).isFalse();
        assertRefused(ErrorCode.UNAUTHENTICATED, () -> renew(certificate, key, key()));
        open();
        assertThat(security.revocations().revoked(certificate)).isTrue();
        assertThat(security.revocations().revoked(other)).isFalse();
    }

    @Test
    void removedWorkerMayJoinAnewAndItsOldCertificateStaysRevoked() throws Exception {
        open();
        var before = join("w1", key());
        security.revoke("w1", true);
        var after = join("w1", key());
        assertThat(security.turnedAway("w1")).isFalse();
        assertThat(security.revocations().revoked(before)).isTrue();
        assertThat(security.revocations().revoked(after)).isFalse();
    }

    @Test
    void whoTurnsAwayByWhatIsToldDoesAsTheRegister() throws Exception {
        open();
        var told = new ArrayList<CertificateRegister>();
        security.whenRevoked(told::add);
        var other = join("w2", key());
        var before = join("w1", key());
        assertThat(told).as("nothing is revoked yet").containsExactly(CertificateRegister.EMPTY);
        security.revoke("w1", true);
        security.revoke("w3", true);
        var after = join("w1", key());
        assertThat(told).hasSize(4);
        join("w4", key());
        assertThat(told).as("nothing changed for who is revoked").hasSize(4);
        var last = CertificateRegister.parse(told.get(3).text());
        assertThat(last).isEqualTo(told.get(3));
        for (var certificate : List.of(other, before, after)) {
            assertThat(last.revoked(certificate))
                    .isEqualTo(security.revocations().revoked(certificate));
        }
        assertThat(last.revoked(before)).isTrue();
        assertThat(last.revoked(after)).isFalse();
        assertThat(last.revokedSince(told.get(1))).containsExactly("w3");
    }

    @Test
    void nobodyJoinsByTheIdOfAWorkerThatIsOnline() throws Exception {
        open();
        var first = join("w1", key());
        online.add("w1");
        assertRefused(ErrorCode.CONFLICT, () -> join("w1", key()));
        assertThat(security.revocations().revoked(first)).isFalse();
        online.clear();
        join("w1", key());
        assertThat(security.revocations().revoked(first)).isTrue();
    }

    @Test
    void workersThatTheRegisterNeverSawAreTrustedUntilTheyAreRemoved() throws Exception {
        open();
        var certificate = join("w1", key());
        Files.delete(folder.resolve("security/certificates"));
        open();
        assertThat(security.revocations().revoked(certificate)).isFalse();
        assertThat(security.revoke("w1", false)).isFalse();
        assertThat(security.revoke("w1", true)).isTrue();
        assertThat(security.revocations().revoked(certificate)).isTrue();
    }

    @Test
    void certificatesAreRenewedByTheirHolderAlone() throws Exception {
        open();
        var key = key();
        var newKey = key();
        var old = join("w1", key);
        moment.pass(Duration.ofDays(300));
        var renewed = renew(old, key, newKey);
        assertThat(renewed.getNotAfter().toInstant()).isAfter(old.getNotAfter().toInstant());
        assertThat(renewed.getPublicKey()).isEqualTo(newKey.getPublic());
        assertThat(security.revocations().revoked(old)).isFalse();
        assertThat(security.revocations().revoked(renewed)).isFalse();
        assertRefused(ErrorCode.UNAUTHENTICATED, () -> renew(old, newKey, newKey));
    }

    @Test
    void expiredAndForeignCertificatesAreNotRenewed() throws Exception {
        open();
        var key = key();
        var old = join("w1", key);
        var manager = folder.resolve("elsewhere");
        var foreign = new ManagerSecurity(manager, "manager", List.of(), moment)
                .access(() -> "tcp://127.0.0.1:7071", online::contains, Passwords.NONE, LEADS);
        var theirs = CertificateAuthority.certificate(foreign.enrol(
                        foreign.create(new TokenRequest("admin", Role.WORKER, null, null))
                                .text(),
                        "w1",
                        key.getPublic().getEncoded())
                .certificate());
        assertRefused(ErrorCode.UNAUTHENTICATED, () -> renew(theirs, key, key()));
        moment.pass(Duration.ofDays(398));
        assertRefused(ErrorCode.UNAUTHENTICATED, () -> renew(old, key, key()));
    }

    @Test
    void certificateOfTheManagerMakesNoWorkers() throws Exception {
        open();
        var password = Files.readString(folder.resolve("security/keystore.password"))
                .strip()
                .toCharArray();
        var store = java.security.KeyStore.getInstance(
                folder.resolve("security/manager.p12").toFile(), password);
        var certificate = (X509Certificate) store.getCertificate("node");
        var key = new KeyPair(certificate.getPublicKey(), (java.security.PrivateKey) store.getKey("node", password));
        assertRefused(ErrorCode.UNAUTHENTICATED, () -> renew(certificate, key, key()));
        assertThat(security.revocations().revoked(certificate)).isFalse();
    }

    @Test
    void joiningTakesAGoodTokenBeforeAnythingIsLookedAt() {
        open();
        assertRefused(ErrorCode.UNAUTHENTICATED, () -> access.enrol("nonsense", "../w", new byte[0]));
        var text = access.create(new TokenRequest("admin", Role.WORKER, Duration.ofHours(1), 1))
                .text();
        assertRefused(ErrorCode.INVALID, () -> access.enrol(text, "../w", new byte[0]));
        assertRefused(ErrorCode.INVALID, () -> access.enrol(text, "w1", new byte[] {1}));
        assertThat(access.tokens())
                .filteredOn(view -> text.contains(view.id()) || view.usesLeft() != null)
                .allMatch(view -> view.usesLeft() == 1);
    }
}
