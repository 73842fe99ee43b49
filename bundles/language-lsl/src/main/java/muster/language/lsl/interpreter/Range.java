package muster.language.lsl.interpreter;

import java.util.AbstractList;

/** Whole numbers in a row, up or down; takes the same memory whatever its size. */
final class Range extends AbstractList<Object> {
    private final long from;
    private final int size;
    private final int step;

    Range(long from, int size, int step) {
        this.from = from;
        this.size = size;
        this.step = step;
    }

    @Override
    public Object get(int index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        return from + (long) index * step;
    }

    @Override
    public int size() {
        return size;
    }
}
