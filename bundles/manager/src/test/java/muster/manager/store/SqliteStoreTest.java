package muster.manager.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import javax.sql.DataSource;
import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteDataSource;

class SqliteStoreTest extends StoreContract {
    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("muster.db");
    }

    @Override
    Database database() {
        return new SqliteDatabase(file());
    }

    @Override
    Database foreign() {
        var source = new SQLiteDataSource();
        source.setUrl("jdbc:sqlite:" + file());
        return new Database() {
            @Override
            public DataSource source() {
                return source;
            }

            @Override
            public Map<String, String> words() {
                return Map.of();
            }

            @Override
            public void prepareWriter(Connection connection) {}

            @Override
            public void evictWriters(Connection connection) {}

            @Override
            public String remedy() {
                return "";
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void keepsASecondManagerOut() {
        assertThatThrownBy(this::database).isInstanceOf(MusterException.class).hasMessageContaining("is in use");
    }
}
