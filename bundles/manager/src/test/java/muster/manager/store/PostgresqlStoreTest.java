package muster.manager.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostgresqlStoreTest extends StoreContract {
    private static PostgresqlServer server;

    private String url = "";

    @BeforeAll
    static void start() throws Exception {
        server = new PostgresqlServer();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Override
    @BeforeEach
    void open() throws Exception {
        if (url.isEmpty()) {
            url = server.database();
        }
        super.open();
    }

    @Override
    Database database() {
        return new PostgresqlDatabase(url, "", "");
    }

    @Override
    DataSource foreign() {
        return database().source();
    }

    private void evict() throws Exception {
        try (var connection = database().source().getConnection()) {
            database().evictWriters(connection);
        }
    }

    @Test
    void goesOnWhenTheServerIsThereAgain() throws Exception {
        write(new Write.Submitted(job(1)));
        server.stop();
        var kept = new CompletableFuture<Boolean>();
        var told = new CompletableFuture<Exception>();
        store.write(new Write.Ended(List.of(success(id(1, 0, 1)))), () -> kept.complete(true), e -> {});
        store.write(new Write.Submitted(job(2)), () -> {}, told::complete);
        told.get(60, TimeUnit.SECONDS);
        assertThat(store.fault()).contains("cannot be written");
        server.start();
        kept.get(60, TimeUnit.SECONDS);
        assertThat(attempts(1)).hasSize(1);
        assertThat(jobs()).hasSize(1);
        assertThat(store.fault()).isEmpty();
    }

    @Test
    void whatIsWrittenWhileConnectionsBreakIsWrittenOnce() throws Exception {
        for (var i = 0; i < 20; i++) {
            for (var k = 0; k < 50; k++) {
                store.write(
                        new Write.Dispatched(
                                new StoredDispatch(new JobId(1), "w1", NOW, new int[] {50 * i + k}, new int[] {1})),
                        () -> {},
                        e -> {});
            }
            evict();
        }
        write();
        assertThat(store.dispatches(new JobId(1)))
                .extracting(dispatch -> dispatch.indices()[0])
                .doesNotHaveDuplicates()
                .hasSize(1000);
    }

    @Test
    void aManagerWhoseLeaseWasTakenChangesNothing() throws Exception {
        write(new Write.Submitted(job(1)));
        var lost = new CompletableFuture<Boolean>();
        store.whenLost(() -> lost.complete(true));
        var second = newStore();
        assertThat(store.leads()).isTrue();
        assertThat(second.leads()).isFalse();
        assertThat(second.take(second.lease(), "m2", "https://m2:7070")).isTrue();

        assertThat(store.leads()).isFalse();
        assertThat(second.leads()).isTrue();
        assertThatThrownBy(() -> write(new Write.Ended(List.of(success(id(1, 0, 1))))))
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("another manager has taken");
        assertThat(lost.get(60, TimeUnit.SECONDS)).isTrue();
        assertThat(attempts(1)).isEmpty();
        assertThat(store.fault()).contains("another manager");
        assertThat(store.lease().holder()).isEqualTo("m2");
        write(second, new Write.Ended(List.of(success(id(1, 0, 1)))));
        assertThat(attempts(1)).hasSize(1);
    }

    @Test
    void aLeaseThatMovedOnIsNotTaken() throws Exception {
        var seen = store.lease();
        write(new Write.Submitted(job(1)));
        var second = newStore();
        assertThat(second.take(seen, "m2", "")).isFalse();
        write(new Write.Submitted(job(2)));
        assertThat(jobs()).hasSize(2);
    }

    @Test
    void namesADatabaseThatIsNotThere() {
        assertThatThrownBy(() -> new SqlStore(new PostgresqlDatabase("jdbc:postgresql://127.0.0.1:1/x", "u", "secret")))
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
                .hasMessageContaining("postgresql://127.0.0.1:1/x")
                .hasMessageNotContaining("secret");
    }
}
