package muster.api;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a question about results came to.
 *
 * @param columns their names
 * @param rows a value for each column: null, a string, a {@link Long} or a finite {@link Double}
 * @param more whether rows were left out
 */
public record ResultTable(List<String> columns, List<List<@Nullable Object>> rows, boolean more) {
    public ResultTable {
        columns = List.copyOf(columns);
        var copies = new ArrayList<List<@Nullable Object>>(rows.size());
        for (var row : rows) {
            copies.add(Collections.unmodifiableList(new ArrayList<>(row)));
        }
        rows = Collections.unmodifiableList(copies);
    }
}
