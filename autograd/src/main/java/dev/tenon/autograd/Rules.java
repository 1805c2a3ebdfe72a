package dev.tenon.autograd;

import dev.tenon.api.op.Cat;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Pad;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.ViewScatter;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The table of gradient rules.
final class Rules {
    private static final Map<Class<?>, Rule<?>> TABLE = new IdentityHashMap<>();

    static {
        put(MapOp.class, new MapRule());
        put(ReduceOp.class, new ReduceRule());
        put(MatMulOp.class, new MatMulRule());
        put(CopyOp.class, ViewRules::copy);
        put(ViewOp.Reshape.class, ViewRules::reshape);
        put(ViewOp.Permute.class, ViewRules::permute);
        put(ViewOp.Slice.class, ViewRules::slice);
        put(ViewOp.Expand.class, ViewRules::expand);
        put(ViewOp.Diagonal.class, ViewRules::placed);
        put(ViewOp.Window.class, ViewRules::window);
        put(ViewScatter.class, ViewRules::viewScatter);
        put(Cat.class, ViewRules::cat);
        put(Pad.class, ViewRules::pad);
    }

    private Rules() {}

    private static <O extends Op> void put(Class<O> type, Rule<O> rule) {
        TABLE.put(type, rule);
    }

    /// The rule for an op, or null. Only [#put] fills the table, so the rule fits the op.
    @SuppressWarnings("unchecked")
    static @Nullable Rule<Op> of(Op op) {
        return (Rule<Op>) TABLE.get(op.getClass());
    }
}
