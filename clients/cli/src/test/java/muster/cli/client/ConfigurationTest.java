package muster.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
    @TempDir
    private Path home;

    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void setHome() {
        environment.put("HOME", home.toString());
    }

    @Test
    void flagsComeBeforeEverything() throws IOException {
        environment.put("MUSTER_URL", "https://environment:1");
        environment.put("MUSTER_TOKEN", token('e'));
        environment.put(
                "MUSTER_DIR", cluster("dir", "https://dir:1", token('d')).toString());

        assertThat(resolve("https://flag:1", token('f'))).isEqualTo(Connection.of("https://flag:1", token('f')));
    }

    @Test
    void environmentComesBeforeFiles() throws IOException {
        environment.put("MUSTER_URL", "https://environment:1");
        environment.put("MUSTER_TOKEN", token('e'));
        environment.put(
                "MUSTER_DIR", cluster("dir", "https://dir:1", token('d')).toString());

        assertThat(resolve(null, null)).isEqualTo(Connection.of("https://environment:1", token('e')));
    }

    @Test
    void namedDirectoryComesBeforePointer() throws IOException {
        point(cluster("newest", "https://newest:1", token('n')));
        environment.put(
                "MUSTER_DIR", cluster("dir", "https://dir:1", token('d')).toString());

        assertThat(resolve(null, null)).isEqualTo(Connection.of("https://dir:1", token('d')));
    }

    @Test
    void pointerComesLast() throws IOException {
        point(cluster("newest", "https://newest:1", token('n')));

        assertThat(resolve(null, null)).isEqualTo(Connection.of("https://newest:1", token('n')));
    }

    @Test
    void whatAFlagLeavesOutComesFromBelow() throws IOException {
        point(cluster("newest", "https://newest:1", token('n')));

        assertThat(resolve("https://flag:1", null)).isEqualTo(Connection.of("https://flag:1", token('n')));
    }

    @Test
    void aPasswordIsReadFromAFileAndTheAuthorityFromAnother() throws Exception {
        var cluster = new Certificates();
        var file = passwordFile("anna:pass: word \n", "rw-------");
        var connection =
                resolve(new Configuration.Flags("https://flag:1", null, file, pem("ca.pem", cluster.authority())));

        assertThat(connection.credentials().authorization()).isEqualTo("Basic YW5uYTpwYXNzOiB3b3JkIA==");
        assertThat(connection.credentials().authority().has(cluster.authority()))
                .isTrue();
        assertThat(connection.toString()).contains("anna").doesNotContain("pass: word");
        assertThatThrownBy(connection::token).hasMessageContaining("takes a token");

        environment.put("MUSTER_URL", "https://environment:1");
        environment.put("MUSTER_PASSWORD_FILE", file.toString());
        environment.put("MUSTER_CA", home.resolve("ca.pem").toString());
        assertThat(resolve(null, null))
                .isEqualTo(Connection.of("https://environment:1", connection.credentials()))
                .isNotEqualTo(connection);
    }

    @Test
    void thePasswordsAuthorityIsThatOfTheClusterOfThisMachineIfNoneIsNamed() throws IOException {
        point(cluster("newest", "https://newest:1", token('n')));
        var file = passwordFile("anna:secret", "rw-r-----");

        assertThat(resolve(new Configuration.Flags(null, null, file, null)))
                .isEqualTo(Connection.of(
                        "https://newest:1", new Password("anna", "secret", new Token(token('n')).authority(), file)));
        Files.delete(home.resolve(".config/muster/current"));
        assertThatThrownBy(() -> resolve(new Configuration.Flags("https://flag:1", null, file, null)))
                .hasMessageContaining("no --ca or MUSTER_CA with the certificate of the authority of https://flag:1");
    }

    @Test
    void aFlagForOneComesBeforeTheEnvironmentsOther() throws IOException {
        point(cluster("newest", "https://newest:1", token('n')));
        var file = passwordFile("anna:secret", "rw-------");
        environment.put("MUSTER_PASSWORD_FILE", file.toString());
        assertThat(resolve(null, token('f')).credentials()).isEqualTo(new Token(token('f')));
        assertThat(resolve(null, null).credentials()).isInstanceOf(Password.class);
        environment.put("MUSTER_TOKEN", token('e'));
        assertThat(resolve(new Configuration.Flags(null, null, file, null)).credentials())
                .isInstanceOf(Password.class);

        assertThatThrownBy(() -> resolve(null, null))
                .hasMessageContaining("MUSTER_TOKEN and MUSTER_PASSWORD_FILE are both set");
        assertThatThrownBy(() -> resolve(new Configuration.Flags(null, token('f'), file, null)))
                .hasMessageContaining("--token and --password-file are both given");
    }

    @ParameterizedTest
    @CsvSource({
        "anna:secret, rw-r--r--, chmod 600",
        "anna:secret, rw-----w-, chmod 600",
        "secret, rw-------, NAME:PASSWORD",
        ":secret, rw-------, NAME:PASSWORD",
        "anna:, rw-------, NAME:PASSWORD",
        "'', rw-------, NAME:PASSWORD",
        "'anna:secret\notto:more', rw-------, NAME:PASSWORD",
    })
    void refusesAPasswordFileThatOthersCanReadOrThatIsNone(String text, String permissions, String remedy)
            throws Exception {
        var file = passwordFile(text.replace("\\n", "\n"), permissions);
        var authority = pem("ca.pem", new Certificates().authority());

        assertThatThrownBy(() -> resolve(new Configuration.Flags("https://flag:1", null, file, authority)))
                .isInstanceOf(Failure.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(remedy)
                .hasMessageNotContaining("secret");
    }

    @Test
    void refusesWhatIsNoCertificateOfOneAuthority() throws Exception {
        var file = passwordFile("anna:secret", "rw-------");
        var authority = new Certificates().authority();
        for (var wrong : List.of(
                home.resolve("gone"),
                Files.writeString(home.resolve("text"), "no certificate"),
                pem("two", authority, authority))) {
            assertThatThrownBy(() -> resolve(new Configuration.Flags("https://flag:1", null, file, wrong)))
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining(wrong.toString());
        }
    }

    @Test
    void saysWhereItLookedWhenThereIsNothing() {
        assertThatThrownBy(() -> resolve(null, null))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("no --url or MUSTER_URL")
                .hasMessageContaining("MUSTER_DIR is not set")
                .hasMessageContaining(home + "/.config/muster/current is not there")
                .hasMessageContaining("./muster up");
    }

    @Test
    void saysThatTheClusterPointedToIsGone() throws IOException {
        point(home.resolve("gone"));

        assertThatThrownBy(() -> resolve(null, null)).hasMessageContaining(home + "/gone/client.json");
    }

    @Test
    void refusesDirectoryWithoutCluster() {
        environment.put("MUSTER_DIR", home.toString());

        assertThatThrownBy(() -> resolve(null, null)).hasMessageContaining("MUSTER_DIR is " + home);
    }

    @Test
    void refusesWhatIsNoAddressOrToken() {
        assertThatThrownBy(() -> resolve("http://plain:1", token('t'))).hasMessageContaining("'http://plain:1'");
        assertThatThrownBy(() -> resolve("https://host:1/path", token('t'))).hasMessageContaining("path");
        assertThatThrownBy(() -> resolve("https://a b", token('t'))).hasMessageContaining("'https://a b'");
        assertThatThrownBy(() -> resolve("https://host:1", "secret"))
                .hasMessageContaining("6 characters")
                .hasMessageNotContaining("secret");
    }

    @Test
    void takesBareHostAndPort() {
        assertThat(resolve("host:1", token('t')).url()).isEqualTo("https://host:1");
    }

    @Test
    void takesSeveralManagers() throws IOException {
        environment.put("MUSTER_URL", "https://one:1, two:2,");
        environment.put("MUSTER_TOKEN", token('e'));
        assertThat(resolve(null, null).urls())
                .containsExactly(URI.create("https://one:1"), URI.create("https://two:2"));
        environment.remove("MUSTER_URL");
        point(cluster("newest", resolve("one:1,two:2", null).url(), token('n')));
        assertThat(resolve(null, null).url()).isEqualTo("https://one:1,https://two:2");
        assertThatThrownBy(() -> resolve(",", token('t'))).hasMessageContaining("no manager's address is given");
        assertThatThrownBy(() -> resolve("one:1,http://two:2", token('t'))).hasMessageContaining("'http://two:2'");
    }

    private Connection resolve(String url, String token) {
        return resolve(new Configuration.Flags(url, token, null, null));
    }

    private Connection resolve(Configuration.Flags flags) {
        return new Configuration(environment).connection(flags);
    }

    private Path passwordFile(String text, String permissions) throws IOException {
        var file = Files.writeString(home.resolve("password"), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        return file;
    }

    /** The certificate as {@code openssl} writes it. */
    private Path pem(String name, X509Certificate... certificates) throws Exception {
        var text = new StringBuilder();
        for (var certificate : certificates) {
            text.append("-----BEGIN CERTIFICATE-----\n")
                    .append(Base64.getMimeEncoder().encodeToString(certificate.getEncoded()))
                    .append("\n-----END CERTIFICATE-----\n");
        }
        return Files.writeString(home.resolve(name), text);
    }

    private Path cluster(String name, String url, String token) throws IOException {
        var dir = Files.createDirectories(home.resolve(name));
        Files.writeString(dir.resolve("client.json"), "{\"url\":\"" + url + "\",\"token\":\"" + token + "\"}");
        return dir;
    }

    private void point(Path dir) throws IOException {
        Files.createDirectories(home.resolve(".config/muster"));
        Files.writeString(home.resolve(".config/muster/current"), dir + "\n");
    }

    private static String token(char c) {
        return "muster-" + "a".repeat(43) + "." + String.valueOf(c).repeat(43);
    }
}
