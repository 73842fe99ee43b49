/** Tables as files of Parquet. */
@NullMarked
package muster.cli.parquet;

import org.jspecify.annotations.NullMarked;
