package muster.s3;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import muster.data.Buckets;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.Constants;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;
import org.jclouds.filesystem.reference.FilesystemConstants;
import org.jspecify.annotations.Nullable;

/** A server of S3 that keeps its buckets in a folder. */
final class S3Server implements AutoCloseable {
    static final String BUCKET = "muster-test";
    static final String KEY = "AKTEST";
    static final String SECRET = "SKTEST";

    private final BlobStoreContext context;
    private S3Proxy proxy;
    private final int port;
    private final Path secret;

    S3Server(Path folder) throws Exception {
        var properties = new Properties();
        properties.setProperty(
                FilesystemConstants.PROPERTY_BASEDIR,
                Files.createDirectories(folder.resolve("s3")).toString());
        properties.setProperty(Constants.PROPERTY_STRIP_EXPECT_HEADER, "true");
        context = ContextBuilder.newBuilder("filesystem")
                .credentials("x", "x")
                .overrides(properties)
                .buildView(BlobStoreContext.class);
        blobs().createContainerInLocation(null, BUCKET);
        proxy = proxy(0);
        proxy.start();
        port = proxy.getPort();
        secret = Files.writeString(folder.resolve("secret"), SECRET + "\n");
    }

    /** A process that serves until it is killed; the port is in the file {@code port} of the folder that is named. */
    public static void main(String[] folder) throws Exception {
        var place = Path.of(folder[0]);
        var server = new S3Server(place);
        var port = Files.writeString(place.resolve("port.new"), Integer.toString(server.port));
        Files.move(port, place.resolve("port"));
    }

    BlobStore blobs() {
        return context.getBlobStore();
    }

    private S3Proxy proxy(int at) {
        return S3Proxy.builder()
                .blobStore(blobs())
                .endpoint(URI.create("http://127.0.0.1:" + at))
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, KEY, SECRET)
                .build();
    }

    void goAway() throws Exception {
        proxy.stop();
    }

    void comeBack() throws Exception {
        proxy = proxy(port);
        proxy.start();
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Where a bucket is; null for the right secret. */
    Buckets.Place place(String bucket, @Nullable String otherSecret) {
        try {
            var file = otherSecret == null
                    ? secret
                    : Files.writeString(secret.resolveSibling("other-secret"), otherSecret);
            return new Buckets.Place(URI.create("s3://" + bucket), endpoint(), "", KEY, file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws Exception {
        proxy.stop();
        context.close();
    }
}
