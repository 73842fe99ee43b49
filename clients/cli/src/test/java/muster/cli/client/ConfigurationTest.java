package muster.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        return new Configuration(environment).connection(url, token);
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
