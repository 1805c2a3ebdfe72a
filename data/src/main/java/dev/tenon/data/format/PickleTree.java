package dev.tenon.data.format;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Turns what a pickle holds into a tree of unmodifiable maps, lists and leaves. A pickle may refer to a list from many
/// places and even from inside itself; a tree that someone walks, prints or compares must neither be endless nor
/// unfold to more than the file could hold.
final class PickleTree {
    private static final int MAX_DEPTH = 128;
    private static final long MAX_UNFOLDED = 4_000_000;

    private record Node(@Nullable Object value, long unfolded) {}

    private static final Node OPEN = new Node(null, 0);

    private final Origin origin;
    private final Map<Object, Node> done = new IdentityHashMap<>();

    private PickleTree(Origin origin) {
        this.origin = origin;
    }

    /// @throws DatasetFormatException if it contains itself, is nested too deeply, or unfolds to too much
    static @Nullable Object of(Origin origin, @Nullable Object root) throws DatasetFormatException {
        return new PickleTree(origin).node(root, 0).value;
    }

    private Node node(@Nullable Object o, int depth) throws DatasetFormatException {
        return switch (o) {
            case null -> new Node(null, 1);
            case String _, Long _, Double _, Boolean _, BigInteger _, StoredTensor _ -> new Node(o, 1);
            case byte[] b -> new Node(b, 1);
            case PyTorchGlobals.NamedDType d -> new Node(d.dtype() != null ? d.dtype() : d.name(), 1);
            case PickleReader.Global g -> new Node(g.name(), 1);
            case ArrayList<?> list -> shared(o, PickleReader.asList(list), depth);
            case PickleReader.Tuple t -> shared(o, t.items(), depth);
            case PickleReader.PySet s -> shared(o, s.items(), depth);
            case LinkedHashMap<?, ?> _ -> shared(o, null, depth);
            default -> throw origin.error("holds " + PickleReader.describe(o) + " where plain data was expected");
        };
    }

    private Node shared(Object container, @Nullable List<@Nullable Object> items, int depth)
            throws DatasetFormatException {
        Node before = done.get(container);
        if (before == OPEN) {
            throw origin.error("holds a list or dictionary that contains itself");
        }
        if (before != null) {
            return before;
        }
        if (depth == MAX_DEPTH) {
            throw origin.error("holds lists and dictionaries nested more than " + MAX_DEPTH + " levels deep");
        }
        done.put(container, OPEN);
        Node result = items != null ? list(items, depth)
                : map(PickleReader.asMap((LinkedHashMap<?, ?>) container), depth);
        if (result.unfolded > MAX_UNFOLDED) {
            throw origin.error("unfolds to more than " + MAX_UNFOLDED + " values by referring to the same ones again"
                    + " and again");
        }
        done.put(container, result);
        return result;
    }

    private Node list(List<@Nullable Object> items, int depth) throws DatasetFormatException {
        List<@Nullable Object> out = new ArrayList<>(items.size());
        long unfolded = 1;
        for (Object item : items) {
            Node n = node(item, depth + 1);
            out.add(n.value);
            unfolded += n.unfolded;
        }
        return new Node(Collections.unmodifiableList(out), unfolded);
    }

    private Node map(Map<@Nullable Object, @Nullable Object> map, int depth) throws DatasetFormatException {
        Map<@Nullable Object, @Nullable Object> out = new LinkedHashMap<>();
        long unfolded = 1;
        for (var e : map.entrySet()) {
            Node n = node(e.getValue(), depth + 1);
            out.put(e.getKey(), n.value);
            unfolded += n.unfolded + 1;
        }
        return new Node(Collections.unmodifiableMap(out), unfolded);
    }
}
