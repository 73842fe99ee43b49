package muster.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.data.Bucket;
import muster.data.Buckets;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** A bucket of S3, or a part of one. */
final class S3Bucket implements Bucket {
    /** How often a request is made that fails for a reason that may pass: for half a minute or so. */
    static final int ATTEMPTS = 10;

    /** Larger files are sent in parts of this size. */
    static final int PART_BYTES = 64 << 20;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final int MOST_PARTS = 10_000;
    private static final int BUFFER_BYTES = 256 << 10;
    private static final int MOVED = 301;
    private static final int NOT_FOUND = 404;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    private final S3Client client;
    private final Buckets.Place place;
    private final String bucket;
    private final String prefix;
    private final int attempts;
    private final int partBytes;

    private S3Bucket(S3Client client, Buckets.Place place, int attempts, int partBytes) {
        this.client = client;
        this.place = place;
        this.attempts = attempts;
        this.partBytes = partBytes;
        bucket = name(place);
        var path = place.bucket().getPath().replaceAll("^/+|/+$", "");
        prefix = path.isEmpty() ? "" : path + "/";
    }

    /** No name of a host: with an endpoint it may have '_'. */
    private static String name(Buckets.Place place) {
        var name = place.bucket().getRawAuthority();
        return name == null ? "" : name;
    }

    static S3Bucket open(Buckets.Place place, int attempts, int partBytes) {
        if (!"s3".equals(place.bucket().getScheme())
                || !NAME.matcher(name(place)).matches()) {
            throw MusterException.invalid("data.store is '" + place.bucket()
                    + "'; write s3://BUCKET or s3://BUCKET/PREFIX, or leave it empty");
        }
        var builder = S3Client.builder()
                .httpClientBuilder(ApacheHttpClient.builder())
                .credentialsProvider(credentials(place))
                // content is verified by its own name; other servers than Amazon's do not know checksums in trailers
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .overrideConfiguration(
                        override -> override.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .maxAttempts(attempts)
                                .build()));
        var endpoint = place.endpoint();
        if (endpoint != null) {
            builder.endpointOverride(endpoint).forcePathStyle(true);
        }
        if (!place.region().isEmpty() || endpoint != null) {
            builder.region(Region.of(place.region().isEmpty() ? "us-east-1" : place.region()));
        }
        try {
            return new S3Bucket(builder.build(), place, attempts, partBytes);
        } catch (SdkException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "data.store cannot be opened: " + e.getMessage() + "; set data.store.region", e);
        }
    }

    private static AwsCredentialsProvider credentials(Buckets.Place place) {
        var file = place.secretFile();
        if (place.key().isEmpty()) {
            return DefaultCredentialsProvider.builder().build();
        }
        if (file == null) {
            throw MusterException.invalid(
                    "data.store.key is given without its secret; name a file with it in data.store.secret.file");
        }
        try {
            return StaticCredentialsProvider.create(AwsBasicCredentials.create(
                    place.key(), Files.readString(file).strip()));
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "data.store.secret.file " + file + " cannot be read: " + e.getMessage()
                            + "; make it readable for the manager's user",
                    e);
        }
    }

    private interface Call<T> {
        T call() throws IOException;
    }

    private <T> T ask(Call<T> call) throws IOException {
        try {
            return call.call();
        } catch (SdkException e) {
            throw told(e);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private TransferException told(SdkException e) {
        var where = "the store s3://" + bucket + (place.endpoint() == null ? "" : " at " + place.endpoint());
        if (e instanceof S3Exception answer) {
            var status = answer.statusCode();
            if (code(answer).equals("NoSuchBucket")) {
                return away(where + " is not there; make the bucket, or correct data.store", e);
            }
            if (status == UNAUTHORIZED || status == FORBIDDEN) {
                return away(
                        where + " does not let the manager in (" + code(answer)
                                + "); correct data.store.key and its secret, and what that key may do in the bucket",
                        e);
            }
            if (status == NOT_FOUND) {
                return new TransferException(Failure.SOURCE_GONE, "it is not in " + where + " any more", e);
            }
            if (status == MOVED || code(answer).equals("AuthorizationHeaderMalformed")) {
                return away(where + " is in another region; correct data.store.region", e);
            }
            return away(where + " answers with status " + status + " (" + code(answer) + ")", e);
        }
        if (String.valueOf(e.getMessage()).contains("Unable to load credentials")) {
            return away(
                    where
                            + " is asked without a key, since none was found; set data.store.key and data.store.secret.file,"
                            + " or what Amazon's tools take one from",
                    e);
        }
        return away(
                where + " does not answer, asked " + attempts + " times: " + e.getMessage()
                        + "; see to its network and data.store.endpoint",
                e);
    }

    private static String code(S3Exception e) {
        var details = e.awsErrorDetails();
        var code = details == null ? null : details.errorCode();
        return code == null ? "status " + e.statusCode() : code;
    }

    private static TransferException away(String message, Exception e) {
        return new TransferException(Failure.STORE_AWAY, message, e);
    }

    @Override
    public void check() throws IOException {
        // unlike a question for the bucket itself, it is answered by what is wrong
        ask(() -> client.listObjectsV2(
                request -> request.bucket(bucket).prefix(prefix).maxKeys(1)));
    }

    @Override
    public void put(String name, Path file) throws IOException {
        var size = Files.size(file);
        ask(() -> {
            if (size <= partBytes) {
                return client.putObject(
                        request -> request.bucket(bucket).key(prefix + name), RequestBody.fromFile(file));
            }
            return putParts(prefix + name, file, size);
        });
    }

    private Object putParts(String key, Path file, long size) {
        var length = Math.max(partBytes, size / MOST_PARTS + 1);
        var upload = client.createMultipartUpload(
                        request -> request.bucket(bucket).key(key))
                .uploadId();
        try {
            var parts = new ArrayList<CompletedPart>();
            for (var offset = 0L; offset < size; offset += length) {
                var number = parts.size() + 1;
                var part = client.uploadPart(
                        request ->
                                request.bucket(bucket).key(key).uploadId(upload).partNumber(number),
                        part(file, offset, Math.min(length, size - offset)));
                parts.add(CompletedPart.builder()
                        .partNumber(number)
                        .eTag(part.eTag())
                        .build());
            }
            return client.completeMultipartUpload(request ->
                    request.bucket(bucket).key(key).uploadId(upload).multipartUpload(all -> all.parts(parts)));
        } catch (RuntimeException e) {
            try {
                abort(key, upload);
            } catch (SdkException alsoFails) {
                e.addSuppressed(alsoFails);
            }
            throw e;
        }
    }

    private void abort(String key, String upload) {
        client.abortMultipartUpload(request -> request.bucket(bucket).key(key).uploadId(upload));
    }

    /** Parts of which nobody knows any more whose they are: their manager died before all had come. */
    @Override
    public void removePartial(Instant before) throws IOException {
        ask(() -> {
            client.listMultipartUploadsPaginator(
                            request -> request.bucket(bucket).prefix(prefix))
                    .uploads()
                    .forEach(upload -> {
                        if (upload.initiated().isBefore(before)) {
                            try {
                                abort(upload.key(), upload.uploadId());
                            } catch (NoSuchUploadException e) {
                                // it has ended meanwhile
                                return;
                            }
                        }
                    });
            return before;
        });
    }

    /** A stretch of a file, which is read anew at each attempt. */
    private static RequestBody part(Path file, long offset, long length) {
        return RequestBody.fromContentProvider(
                () -> {
                    try {
                        var channel = FileChannel.open(file);
                        channel.position(offset);
                        return new Stretch(Channels.newInputStream(channel), length);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                length,
                "application/octet-stream");
    }

    /** The first bytes of a stream. */
    private static final class Stretch extends InputStream {
        private final InputStream in;
        private long left;

        Stretch(InputStream in, long bytes) {
            this.in = in;
            left = bytes;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            var read = in.read(into, offset, (int) Math.min(length, left));
            left -= Math.max(read, 0);
            return read;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    @Override
    public void get(String name, Sink sink) throws IOException {
        try {
            var position = 0L;
            for (var attempt = 1; ; attempt++) {
                var from = position;
                try (var in = ask(() -> client.getObject(request -> {
                    request.bucket(bucket).key(prefix + name);
                    if (from > 0) {
                        request.range("bytes=" + from + "-");
                    }
                }))) {
                    try {
                        var buffer = new byte[BUFFER_BYTES];
                        for (var read = read(in, buffer); read >= 0; read = read(in, buffer)) {
                            sink.write(ByteBuffer.wrap(buffer, 0, read));
                            position += read;
                        }
                        break;
                    } catch (IOException e) {
                        // or else all that is left is read before it is closed
                        in.abort();
                        throw e;
                    }
                } catch (BrokenOffException e) {
                    if (attempt == attempts) {
                        throw away("the store s3://" + bucket + " broke off " + attempts + " times", e);
                    }
                }
            }
            sink.complete();
        } catch (IOException | RuntimeException e) {
            sink.abort();
            throw e;
        }
    }

    /** The store went away in the middle of an answer. */
    private static final class BrokenOffException extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenOffException(Exception cause) {
            super(cause);
        }
    }

    private static int read(InputStream in, byte[] buffer) throws BrokenOffException {
        try {
            return in.read(buffer);
        } catch (IOException | SdkException e) {
            throw new BrokenOffException(e);
        }
    }

    @Override
    public OptionalLong size(String name) throws IOException {
        try {
            return OptionalLong.of(ask(() ->
                            client.headObject(request -> request.bucket(bucket).key(prefix + name)))
                    .contentLength());
        } catch (TransferException e) {
            if (e.failure() == Failure.SOURCE_GONE) {
                // the same is answered where there is no bucket
                check();
                return OptionalLong.empty();
            }
            throw e;
        }
    }

    @Override
    public void list(String begin, String after, BiConsumer<String, Instant> names) throws IOException {
        ask(() -> {
            client.listObjectsV2Paginator(request -> {
                        request.bucket(bucket).prefix(prefix + begin);
                        if (!after.isEmpty()) {
                            request.startAfter(prefix + after);
                        }
                    })
                    .contents()
                    .forEach(item -> {
                        // some tools and servers keep folders as names that end so
                        if (!item.key().endsWith("/")) {
                            names.accept(item.key().substring(prefix.length()), item.lastModified());
                        }
                    });
            return names;
        });
    }

    @Override
    public void remove(String name) throws IOException {
        ask(() -> client.deleteObject(request -> request.bucket(bucket).key(prefix + name)));
    }

    @Override
    public void close() {
        client.close();
    }

    @Override
    public String toString() {
        return URI.create("s3://" + bucket + "/" + prefix).toString();
    }
}
