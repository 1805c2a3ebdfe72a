package dev.tenon.api.internal;

import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The prepared kernels of a device, keyed by op and types. Bounded: entries live in two generations; when the
/// young one
/// is full it becomes the old one and the old one is dropped, while every hit in the old one moves its entry back.
public final class KernelCache {
    private static final int GENERATION = 4096;

    /// What is known of an op for operands of certain types: the types of its results, and the kernel, if there is one.
    public record Prepared(List<TensorType> outputs, @Nullable Kernel kernel) {}

    private static final class Key {
        private final Op op;
        private final TensorType[] types;
        private final int hash;

        Key(Op op, TensorType[] types) {
            this.op = op;
            this.types = types;
            int h = op.hashCode();
            for (TensorType t : types) {
                h = h * 31 + t.hashCode();
            }
            this.hash = h;
        }

        @Override
        public boolean equals(Object o) {
            if (!(o instanceof Key k) || hash != k.hash || types.length != k.types.length) {
                return false;
            }
            for (int i = 0; i < types.length; i++) {
                if (!types[i].equals(k.types[i])) {
                    return false;
                }
            }
            return op.equals(k.op);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private volatile ConcurrentHashMap<Key, Prepared> young = new ConcurrentHashMap<>();
    private volatile ConcurrentHashMap<Key, Prepared> old = new ConcurrentHashMap<>();

    /// What is known of the op for the types of its inputs, followed by those of given outputs if it writes into some.
    public Prepared get(Op op, TensorType[] types, Supplier<Prepared> prepare) {
        Key key = new Key(op, types);
        Prepared p = young.get(key);
        if (p == null) {
            p = old.get(key);
            if (p == null) {
                p = prepare.get();
            }
            put(key, p);
        }
        return p;
    }

    private void put(Key key, Prepared p) {
        young.put(key, p);
        if (young.size() > GENERATION) {
            synchronized (this) {
                if (young.size() > GENERATION) {
                    old = young;
                    young = new ConcurrentHashMap<>();
                }
            }
        }
    }

    /// The number of entries.
    public int size() {
        return young.size() + old.size();
    }
}
