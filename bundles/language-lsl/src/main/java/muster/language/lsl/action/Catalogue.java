package muster.language.lsl.action;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import muster.api.language.Place;

/** Files with a system in each row. */
final class Catalogue {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final int MAX_DIGITS = 400;
    private static final int MAX_LENGTH = 8 << 20;
    private static final int MAX_FIELDS = 1_000_000;

    private Catalogue() {}

    /** A list of objects. */
    static List<Map<String, Object>> json(String file, String text) {
        var start = new Place(file, 1, 1);
        requireLength(start, text);
        JsonNode list;
        try {
            list = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw (at == null ? start : new Place(file, Math.max(1, at.getLineNr()), Math.max(1, at.getColumnNr())))
                    .error(e.getOriginalMessage());
        }
        if (!list.isArray()) {
            throw start.error("a catalogue is a list of objects, such as [{\"id\": \"a\"}]");
        }
        var rows = new ArrayList<Map<String, Object>>();
        for (var item : list) {
            if (!item.isObject()) {
                throw start.error("item " + (rows.size() + 1) + " of the catalogue is no object");
            }
            rows.add(object(start, item));
        }
        return rows;
    }

    private static void requireLength(Place start, String text) {
        if (text.length() > MAX_LENGTH) {
            throw start.error("the catalogue has " + text.length() + " characters, but at most " + MAX_LENGTH
                    + " are read; leave out fields, or make several");
        }
    }

    private static Map<String, Object> object(Place start, JsonNode object) {
        var fields = new LinkedHashMap<String, Object>();
        object.properties().forEach(field -> {
            if (!field.getValue().isNull()) {
                fields.put(field.getKey(), value(start, field.getValue()));
            }
        });
        return fields;
    }

    private static Object value(Place start, JsonNode value) {
        if (value.isObject()) {
            return object(start, value);
        }
        if (value.isArray()) {
            var items = new ArrayList<Object>();
            value.forEach(item -> {
                if (!item.isNull()) {
                    items.add(value(start, item));
                }
            });
            return items;
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        if (value.isIntegralNumber() && value.canConvertToLong()) {
            return value.longValue();
        }
        if (value.isNumber()) {
            var number = value.decimalValue();
            if (number.precision() > MAX_DIGITS || Math.abs((long) number.scale()) > MAX_DIGITS) {
                throw start.error("a number of the catalogue has more than " + MAX_DIGITS + " digits");
            }
            return number;
        }
        return value.asText();
    }

    /** Rows below a header, as RFC 4180 has them; all fields are texts. */
    static List<Map<String, Object>> csv(String file, String text) {
        var lines = fields(file, text);
        if (lines.isEmpty()) {
            throw new Place(file, 1, 1).error("the catalogue is empty; its first line names the fields");
        }
        var header = lines.get(0).fields();
        var rows = new ArrayList<Map<String, Object>>();
        for (var line : lines.subList(1, lines.size())) {
            if (line.fields().size() != header.size()) {
                throw new Place(file, line.number(), 1)
                        .error("the row has " + line.fields().size() + " fields, but the header " + header.size());
            }
            var row = new LinkedHashMap<String, Object>();
            for (var i = 0; i < header.size(); i++) {
                row.put(header.get(i), line.fields().get(i));
            }
            rows.add(row);
        }
        return rows;
    }

    private record Line(int number, List<String> fields) {}

    private static List<Line> fields(String file, String text) {
        requireLength(new Place(file, 1, 1), text);
        var lines = new ArrayList<Line>();
        var fields = new ArrayList<String>();
        var field = new StringBuilder();
        var total = 0;
        var number = 1;
        var began = 1;
        for (var i = 0; i < text.length(); ) {
            var c = text.charAt(i);
            if (c == '"' && field.isEmpty()) {
                var end = i + 1;
                while (end < text.length() && (text.charAt(end) != '"' || next(text, end) == '"')) {
                    number += text.charAt(end) == '\n' ? 1 : 0;
                    field.append(text.charAt(end));
                    end += text.charAt(end) == '"' ? 2 : 1;
                }
                if (end >= text.length()) {
                    throw new Place(file, began, 1).error("a quote is not closed in the row that begins here");
                }
                i = end + 1;
            } else if (c == ',' || c == '\n') {
                fields.add(field.toString());
                field.setLength(0);
                if (++total > MAX_FIELDS) {
                    throw new Place(file, number, 1).error("the catalogue has more than " + MAX_FIELDS + " fields");
                }
                if (c == '\n') {
                    number++;
                    add(lines, began, fields);
                    began = number;
                }
                i++;
            } else {
                if (c != '\r' || next(text, i) != '\n') {
                    field.append(c);
                }
                i++;
            }
        }
        fields.add(field.toString());
        add(lines, began, fields);
        return lines;
    }

    /** Leaves out lines with nothing in them. */
    private static void add(List<Line> lines, int number, List<String> fields) {
        if (fields.size() > 1 || !fields.get(0).isEmpty()) {
            lines.add(new Line(number, List.copyOf(fields)));
        }
        fields.clear();
    }

    private static char next(String text, int index) {
        return index + 1 < text.length() ? text.charAt(index + 1) : '\0';
    }
}
