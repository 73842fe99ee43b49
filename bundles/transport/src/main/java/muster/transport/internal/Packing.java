package muster.transport.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Packs what has gathered for one destination into pieces of bounded size. */
final class Packing {
    static final int MAX_RECORDS = 256;
    static final int TARGET_BYTES = 1 << 20;

    private Packing() {}

    /**
     * Encodes messages in order. A piece has at most {@link #MAX_RECORDS} records, unless one message alone has more, and
     * at most {@link #TARGET_BYTES}, unless one message alone, halved as far as it goes, is larger.
     */
    static <M> void pack(End<M> end, long epoch, List<M> messages, Consumer<byte[]> pieces) {
        var piece = new ArrayList<M>();
        var records = 0;
        for (var message : messages) {
            var more = end.records(message);
            if (records > 0 && records + more > MAX_RECORDS) {
                encode(end, epoch, piece, pieces);
                piece.clear();
                records = 0;
            }
            piece.add(message);
            records += more;
        }
        if (!piece.isEmpty()) {
            encode(end, epoch, piece, pieces);
        }
    }

    private static <M> void encode(End<M> end, long epoch, List<M> piece, Consumer<byte[]> pieces) {
        var bytes = end.encode(epoch, piece);
        var parts = bytes.length <= TARGET_BYTES ? List.of(piece) : halves(end, piece);
        if (parts.size() == 1) {
            pieces.accept(bytes);
        } else {
            parts.forEach(part -> encode(end, epoch, part, pieces));
        }
    }

    private static <M> List<List<M>> halves(End<M> end, List<M> piece) {
        if (piece.size() > 1) {
            var middle = piece.size() / 2;
            return List.of(piece.subList(0, middle), piece.subList(middle, piece.size()));
        }
        return end.halves(piece.get(0)).stream().map(List::of).toList();
    }
}
