package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import muster.api.ErrorCode;
import muster.api.MusterException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryComponentTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ldaps://ldap.example.org",
                "ldaps://one.example.org:1636  ldaps://two.example.org/",
                "ldap://localhost:1389",
                "ldap://127.0.0.1",
                "ldap://[::1]:389",
            })
    void takesServersThatPasswordsGetToEncryptedOrOnThisMachine(String urls) {
        assertThat(DirectoryComponent.requireSafe(" " + urls + " ")).isEqualTo(urls);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ldap://ldap.example.org",
                "ldaps://one.example.org ldap://two.example.org",
                "ldap://localhost.example.org",
                "http://localhost",
                "ldap.example.org",
                "ldaps:///",
                "ldaps://a|b",
            })
    void refusesOthers(String urls) {
        assertThatThrownBy(() -> DirectoryComponent.requireSafe(urls))
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID))
                .hasMessageContaining("write such as ldaps://ldap.example.org");
    }
}
