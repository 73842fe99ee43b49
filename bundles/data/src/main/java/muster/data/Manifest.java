package muster.data;

import java.util.List;
import java.util.stream.Collectors;
import muster.api.MusterException;
import muster.api.Names;

/**
 * What one attempt left: a line for each file, {@code sha256:… BYTES x|- k|- NAME}, where {@code x} may be run and
 * {@code k} is at the manager.
 */
public record Manifest(List<Item> items) {
    private static final int FIELDS = 5;

    public Manifest {
        items = List.copyOf(items);
    }

    /**
     * One file.
     *
     * @param name relative to the workspace
     */
    public record Item(String object, long bytes, boolean executable, boolean kept, String name) {
        public Item {
            ObjectStore.requireName(object);
            Names.requirePath("output", name);
        }

        private String line() {
            return object + " " + bytes + " " + (executable ? "x" : "-") + " " + (kept ? "k" : "-") + " " + name + "\n";
        }
    }

    /** The file at a path, or all below a folder; a path that ends with {@code /} can be no file. */
    public List<Item> under(String path) {
        var folder = path.endsWith("/") ? path : path + "/";
        return items.stream()
                .filter(item -> item.name().equals(path) || item.name().startsWith(folder))
                .toList();
    }

    public String text() {
        return items.stream().map(Item::line).collect(Collectors.joining());
    }

    /** Reads what {@link #text} wrote. */
    public static Manifest parse(String text) {
        try {
            return new Manifest(text.lines()
                    .map(line -> line.split(" ", FIELDS))
                    .map(part -> new Item(
                            part[0], Long.parseLong(part[1]), part[2].equals("x"), part[3].equals("k"), part[4]))
                    .toList());
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw MusterException.invalid("a list of outputs is malformed: " + e.getMessage());
        }
    }
}
