package dev.tenon.api;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Frees at once, when closed, every tensor that was made on this thread while it was open and not kept:
///
/// ```java
/// try (var scope = Scope.open()) {
///     Tensor loss = model.forward(x).crossEntropy(y);
///     loss.backward();
///     return scope.keep(loss.detach());
/// }
/// ```
///
/// A result belongs to the innermost scope open when it is made, wherever its operands belong. Scopes are an
/// optimisation: memory of tensors made outside of one is freed once they are unreachable.
public final class Scope implements AutoCloseable {
    private final Context context;
    private final @Nullable Scope outer;
    private final List<Tensor> tensors = new ArrayList<>();
    private boolean closed;

    private Scope(Context context) {
        this.context = context;
        this.outer = context.scope;
    }

    /// Opens a scope on this thread.
    public static Scope open() {
        Context c = Context.current();
        Scope s = new Scope(c);
        c.scope = s;
        return s;
    }

    /// Computes a tensor in a scope of its own that keeps only the result.
    public static Tensor keeping(Supplier<Tensor> body) {
        try (Scope s = open()) {
            return s.keep(body.get());
        }
    }

    /// Lets the tensor live on in the scope around this one, or in none.
    ///
    /// @return the tensor
    public Tensor keep(Tensor tensor) {
        if (tensor.owner == this) {
            tensor.owner = outer;
            if (outer != null) {
                outer.tensors.add(tensor);
            }
        }
        return tensor;
    }

    /// Lets the tensors live on in the scope around this one, or in none.
    public void keep(Iterable<Tensor> kept) {
        kept.forEach(this::keep);
    }

    void add(Tensor tensor) {
        tensors.add(tensor);
        tensor.owner = this;
    }

    /// Closes this scope. Scopes close in the reverse order of being opened, on the thread that opened them.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (context != Context.current() || context.scope != this) {
            throw new IllegalStateException("scopes must be closed on their own thread in the reverse order of opening;"
                    + " use try-with-resources");
        }
        closed = true;
        context.scope = outer;
        for (int i = tensors.size() - 1; i >= 0; i--) {
            Tensor t = tensors.get(i);
            if (t.owner == this) {
                t.close();
            }
        }
        tensors.clear();
    }
}
