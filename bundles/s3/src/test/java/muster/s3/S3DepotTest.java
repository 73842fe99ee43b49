package muster.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import muster.data.BucketDepot;
import muster.data.Depot;
import muster.data.DepotContract;
import muster.data.ObjectStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each node that opens a depot has an empty cache. */
final class S3DepotTest extends DepotContract {
    @TempDir
    private static Path serverFolder;

    private static S3Server server;

    @BeforeAll
    static void start() throws Exception {
        server = new S3Server(serverFolder);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Override
    protected Depot open(String name) throws IOException {
        return open(name, Long.MAX_VALUE);
    }

    private Depot open(String name, long cacheBytes) throws IOException {
        return new BucketDepot(
                new ObjectStore(Files.createTempDirectory(folder, "cache"), cacheBytes, false),
                S3Bucket.open(server.place(S3Server.BUCKET + "/" + name, null), 2, S3Bucket.PART_BYTES));
    }

    @Test
    void doesNotListWhatIsNoObject() throws IOException {
        var object = keep(open("foreign"), "an object");
        var notes = Files.writeString(folder.resolve("notes"), "of the operator");
        try (var bucket = S3Bucket.open(server.place(S3Server.BUCKET + "/foreign", null), 2, S3Bucket.PART_BYTES)) {
            bucket.put("sha256/ab/notes", notes);
        }
        var found = new HashSet<String>();
        open("foreign").list((name, since) -> found.add(name));
        assertThat(found).containsExactly(object);
    }

    @Test
    void bringsBackWhatWasThrownOutOfItsFolder() throws IOException {
        var depot = open("small", 10);
        var first = keep(depot, "12345678");
        var second = keep(depot, "abcdefgh");
        assertThat(depot.find(first))
                .hasValueSatisfying(file -> assertThat(file).hasContent("12345678"));
        assertThat(depot.find(second))
                .hasValueSatisfying(file -> assertThat(file).hasContent("abcdefgh"));
    }
}
