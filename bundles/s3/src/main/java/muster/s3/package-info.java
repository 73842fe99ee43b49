/** Files in S3. */
@NullMarked
package muster.s3;

import org.jspecify.annotations.NullMarked;
