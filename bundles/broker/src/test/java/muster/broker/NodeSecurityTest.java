package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.activemq.artemis.spi.core.security.jaas.UserPrincipal;
import org.junit.jupiter.api.Test;

final class NodeSecurityTest {
    private static final String CLAIM = "muster://manager/m1";

    @Test
    void believesNoNameThatNoCertificateHas() {
        assertThat(new NodeSecurity(new FakeRevocations(), deed -> {}).authenticate(CLAIM, null, null, null))
                .isNull();
    }

    @Test
    void believesNamesOfNodesWhereADeveloperTurnedCertificatesOff() {
        var security = new NodeSecurity(new FakeRevocations(), deed -> {}, true);
        assertThat(security.authenticate(CLAIM, null, null, null).getPrincipals(UserPrincipal.class))
                .containsExactly(new UserPrincipal("m1"));
        for (var name : new String[] {null, "", "m1", "muster://admin/m1", "muster://manager/m1/x"}) {
            assertThat(security.authenticate(name, null, null, null)).as(name).isNull();
        }
    }
}
