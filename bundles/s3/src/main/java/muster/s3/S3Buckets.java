package muster.s3;

import muster.data.Bucket;
import muster.data.Buckets;
import org.osgi.service.component.annotations.Component;

/** Opens buckets of S3. */
@Component
public final class S3Buckets implements Buckets {
    @Override
    public Bucket open(Place place) {
        return S3Bucket.open(place, S3Bucket.ATTEMPTS, S3Bucket.PART_BYTES);
    }
}
