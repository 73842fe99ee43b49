package muster.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import muster.cli.client.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManagerStoreTest {
    @TempDir
    Path folder;

    private void settings(String base, String text) throws Exception {
        var etc = Files.createDirectories(folder.resolve(base).resolve("etc"));
        Files.writeString(etc.resolve("muster.manager.cfg"), text);
    }

    private Path file(Map<String, String> environment) {
        return ManagerStore.of(folder, environment).sqlite("verify", "");
    }

    @Test
    void liesInTheDataOfAClustersManager() throws Exception {
        settings("manager", "# data\ndata =\nstore =\n");
        assertThat(file(Map.of())).isEqualTo(folder.resolve("manager/data/muster/muster.db"));
    }

    @Test
    void liesInTheDataOfAManagerOfItsOwn() throws Exception {
        settings("", "");
        assertThat(file(Map.of())).isEqualTo(folder.resolve("data/muster/muster.db"));
    }

    @Test
    void liesWhereTheSettingsSayTheEnvironmentFirst() throws Exception {
        settings("", "data = /var/lib/a\n");
        assertThat(file(Map.of())).isEqualTo(Path.of("/var/lib/a/muster.db"));
        assertThat(file(Map.of("MUSTER_MANAGER_DATA", "/var/lib/b"))).isEqualTo(Path.of("/var/lib/b/muster.db"));
    }

    @Test
    void liesInTheDataOfTheNodeAsTheDistributionSays() throws Exception {
        settings("manager", "data = ${karaf.data}/muster\n");
        assertThat(file(Map.of())).isEqualTo(folder.resolve("manager/data/muster/muster.db"));
        assertThat(file(Map.of("KARAF_DATA", "/srv/data"))).isEqualTo(Path.of("/srv/data/muster/muster.db"));
    }

    @Test
    void ofPostgresqlSaysWhichProgramsDoIt() throws Exception {
        settings("", "store = jdbc:postgresql://db:5432/muster?password=secret\n");
        var store = ManagerStore.of(folder, Map.of());
        assertThatThrownBy(() -> store.sqlite("backup", "b.dump"))
                .isInstanceOf(Failure.class)
                .hasMessageEndingWith(
                        "use: pg_dump --format=custom --file=b.dump --dbname=postgresql://db:5432/muster");
        assertThatThrownBy(() -> store.sqlite("restore", "b.dump"))
                .hasMessageEndingWith("--dbname=postgresql://db:5432/muster b.dump");
        assertThatThrownBy(() -> store.sqlite("verify", "")).hasMessageContaining("pg_amcheck");
    }

    @Test
    void isMissedWhereThereIsNoManager() {
        assertThatThrownBy(() -> ManagerStore.of(folder, Map.of()))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("there is no manager in " + folder);
    }
}
