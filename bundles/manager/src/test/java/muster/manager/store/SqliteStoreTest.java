package muster.manager.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
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
    DataSource foreign() {
        var source = new SQLiteDataSource();
        source.setUrl("jdbc:sqlite:" + file());
        return source;
    }

    @Test
    void keepsASecondManagerOut() {
        assertThatThrownBy(this::database).isInstanceOf(MusterException.class).hasMessageContaining("is in use");
    }
}
