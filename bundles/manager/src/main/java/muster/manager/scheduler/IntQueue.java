package muster.manager.scheduler;

import java.util.Arrays;
import java.util.function.IntPredicate;

/** A first-in, first-out queue of numbers in one array. */
final class IntQueue {
    private int[] ring = new int[0];
    private int head;
    private int size;

    int size() {
        return size;
    }

    void add(int value) {
        if (size == ring.length) {
            var larger = new int[Math.max(8, 2 * size)];
            for (var i = 0; i < size; i++) {
                larger[i] = get(i);
            }
            ring = larger;
            head = 0;
        }
        ring[(head + size) % ring.length] = value;
        size++;
    }

    /** The queue must not be empty. */
    int poll() {
        var value = ring[head];
        head = (head + 1) % ring.length;
        size--;
        return value;
    }

    /** Takes out one that is not far from the head; the others stay in order. */
    int take(int index) {
        var value = get(index);
        for (var i = index; i > 0; i--) {
            ring[(head + i) % ring.length] = get(i - 1);
        }
        poll();
        return value;
    }

    int get(int i) {
        return ring[(head + i) % ring.length];
    }

    /** How many are before this one; -1 if it is not here. */
    int indexOf(int value) {
        for (var i = 0; i < size; i++) {
            if (get(i) == value) {
                return i;
            }
        }
        return -1;
    }

    /** Takes out all others; these stay in order. */
    void keep(IntPredicate kept) {
        for (var left = size; left > 0; left--) {
            var each = poll();
            if (kept.test(each)) {
                add(each);
            }
        }
    }

    void clear() {
        ring = new int[0];
        head = 0;
        size = 0;
    }

    @Override
    public String toString() {
        var values = new int[size];
        Arrays.setAll(values, this::get);
        return Arrays.toString(values);
    }
}
