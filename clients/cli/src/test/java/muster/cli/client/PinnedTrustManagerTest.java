package muster.cli.client;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PinnedTrustManagerTest {
    private static final String MANAGER = "muster://manager/manager";

    private final Certificates cluster = new Certificates();
    private final PinnedTrustManager trust = PinnedTrustManager.ofManagers(new Token(cluster.token()).authority());

    @Test
    void trustsManagerOfTheTokensCluster() {
        assertThatCode(() -> check(cluster.node(MANAGER), cluster.authority())).doesNotThrowAnyException();
    }

    @Test
    void refusesManagerOfAnotherCluster() {
        var other = new Certificates();

        assertThatThrownBy(() -> check(other.node(MANAGER), other.authority()))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining("not the one that the token names");
    }

    @Test
    void refusesCertificateThatTheNamedAuthorityDidNotSign() {
        assertThatThrownBy(() -> check(new Certificates().node(MANAGER), cluster.authority()))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining("not signed by");
    }

    @Test
    void refusesWorkerOfTheCluster() {
        assertThatThrownBy(() -> check(cluster.node("muster://worker/w1"), cluster.authority()))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining("not a manager's");
    }

    @Test
    void trustsOneWorkerAndNoOther() throws Exception {
        var ofWorker = PinnedTrustManager.ofWorker(new Token(cluster.token()).authority(), "w1");
        ofWorker.checkServerTrusted(
                new X509Certificate[] {cluster.node("muster://worker/w1"), cluster.authority()}, "ECDHE_ECDSA");
        for (var other : new String[] {"muster://worker/w11", "muster://manager/w1"}) {
            assertThatThrownBy(() -> ofWorker.checkServerTrusted(
                            new X509Certificate[] {cluster.node(other), cluster.authority()}, "ECDHE_ECDSA"))
                    .isInstanceOf(CertificateException.class)
                    .hasMessageContaining("is not that of worker 'w1'");
        }
    }

    @Test
    void refusesExpiredCertificate() {
        assertThatThrownBy(() -> check(cluster.node(MANAGER, Duration.ofHours(3)), cluster.authority()))
                .isInstanceOf(CertificateException.class);
    }

    @Test
    void refusesChainWithoutAuthority() {
        assertThatThrownBy(() -> check(cluster.node(MANAGER))).isInstanceOf(CertificateException.class);
        assertThatThrownBy(() -> check(cluster.authority())).isInstanceOf(CertificateException.class);
    }

    @Test
    void refusesAuthorityInPlaceOfManager() {
        assertThatThrownBy(() -> check(cluster.authority(), cluster.authority()))
                .isInstanceOf(CertificateException.class);
    }

    private void check(X509Certificate... chain) throws CertificateException {
        trust.checkServerTrusted(chain, "ECDHE_ECDSA");
    }
}
