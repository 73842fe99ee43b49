package muster.data;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/** Opens buckets. An OSGi service. */
@ConsumerType
public interface Buckets {
    /** A bucket, which is asked nothing yet. INVALID if its place cannot be meant. */
    Bucket open(Place place);

    /**
     * Where a bucket is, and who asks.
     *
     * @param bucket such as {@code s3://bucket/prefix}
     * @param endpoint URL of the server; null for Amazon's
     * @param region empty for what environment or profile say, and {@code us-east-1} with an endpoint
     * @param key id of the access key; empty for what environment, profile or machine have
     * @param secretFile with the secret of that key
     */
    record Place(
            URI bucket,
            @Nullable URI endpoint,
            String region,
            String key,
            @Nullable Path secretFile) {}
}
