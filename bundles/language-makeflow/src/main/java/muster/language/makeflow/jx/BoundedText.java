package muster.language.makeflow.jx;

/** A text for a matcher, which may look at its characters only so often: patterns can take exponential time. */
final class BoundedText implements CharSequence {
    private static final int LOOKS = 1_000_000;

    private final String text;
    private int left = LOOKS;

    /** Thrown into the matcher. */
    static final class Exhausted extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    BoundedText(String text) {
        this.text = text;
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        if (--left < 0) {
            throw new Exhausted();
        }
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.substring(start, end);
    }

    @Override
    public String toString() {
        return text;
    }
}
