package dev.tenon.api;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;

/// An elementwise operation as users know it: a name, a rule for the dtypes and an expression. Applying it promotes the
/// operands as PyTorch does, builds the expression once for each combination of dtypes and dispatches one [MapOp].
///
/// ```java
/// static final Formula GELU = new Formula("gelu", Formula.Rule.FLOAT,
///         a -> mul(a.x(0), mul(add(unary(ERF, mul(a.x(0), Math.sqrt(0.5))), 1), 0.5)));
/// Tensor y = GELU.apply(x);
/// ```
public final class Formula {
    /// How operands are converted and what dtype the result has.
    public enum Rule {
        /// Operands and result have the promoted dtype; `BOOL` is computed as 0 and 1.
        NUMERIC,
        /// As `NUMERIC`, and `BOOL` operands are an error.
        NUMBERS_ONLY,
        /// Operands and result have the promoted dtype, `F32` if that is not floating-point.
        FLOAT,
        /// Operands have the promoted dtype, the result is `BOOL`.
        COMPARE,
        /// As `COMPARE` with the operands computed as floating-point numbers.
        FLOAT_TEST,
        /// Operands and result have the promoted dtype, which must be integral or `BOOL`.
        BITS,
        /// Operands are converted to `BOOL`, the result is `BOOL`.
        LOGICAL,
        /// The first operand is converted to `BOOL`, the others and the result have their promoted dtype.
        CHOICE
    }

    /// What the expression is built from.
    public interface Args {
        /// Operand `i`, converted for computation.
        Expr x(int i);

        /// Parameter `slot` in the kind of computation.
        Expr p(int slot);

        /// A constant in the kind of computation.
        Expr c(double value);

        /// The dtype of the computation.
        DType dtype();
    }

    private record Key(List<DType> operands, DType compute) {}

    private static final int DTYPES = DType.values().length;

    private final String name;
    private final Rule rule;
    private final Function<Args, Expr> body;
    private final AtomicReferenceArray<Lambda> small = new AtomicReferenceArray<>((DTYPES + 2) * (DTYPES + 2) * DTYPES);
    private final ConcurrentMap<Key, Lambda> large = new ConcurrentHashMap<>();

    /// A formula.
    ///
    /// @param name the name in messages and graphs
    /// @param rule the rule for the dtypes
    /// @param body builds the expression
    public Formula(String name, Rule rule, Function<Args, Expr> body) {
        this.name = name;
        this.rule = rule;
        this.body = body;
    }

    /// The name.
    public String name() {
        return name;
    }

    /// Applies this to one operand.
    public Tensor apply(Tensor x) {
        DType compute = compute(Promotion.of(x));
        return Dispatcher.run(op1(x.dtype(), compute, Scalars.NONE), x);
    }

    /// Applies this to one operand with numbers for its parameters.
    public Tensor apply(Tensor x, Scalars scalars) {
        DType compute = compute(Promotion.of(x));
        return Dispatcher.run(op1(x.dtype(), compute, scalars), x);
    }

    /// Applies this to one operand with floating-point numbers for its parameters, converted to the kind of
    /// computation.
    public Tensor apply(Tensor x, double... parameters) {
        DType compute = compute(Promotion.of(x));
        return Dispatcher.run(op1(x.dtype(), compute, scalars(compute, parameters)), x);
    }

    /// Applies this to two operands.
    public Tensor apply(Tensor a, Tensor b) {
        DType compute = compute(rule == Rule.CHOICE ? Promotion.of(b) : Promotion.of(a, b));
        return Dispatcher.run(op2(a.dtype(), b.dtype(), compute, Scalars.NONE), a, b);
    }

    /// Applies this to a tensor and a floating-point number.
    public Tensor apply(Tensor a, double b) {
        DType compute = compute(Promotion.withFloat(a));
        return Dispatcher.run(mixed(a.dtype(), true, compute, bits(compute, b)), a);
    }

    /// Applies this to a tensor and an integer.
    public Tensor apply(Tensor a, long b) {
        DType compute = compute(Promotion.withInteger(a));
        return Dispatcher.run(mixed(a.dtype(), true, compute, bits(compute, b)), a);
    }

    /// Applies this to a floating-point number and a tensor.
    public Tensor apply(double a, Tensor b) {
        DType compute = compute(Promotion.withFloat(b));
        return Dispatcher.run(mixed(b.dtype(), false, compute, bits(compute, a)), b);
    }

    /// Applies this to an integer and a tensor.
    public Tensor apply(long a, Tensor b) {
        DType compute = compute(Promotion.withInteger(b));
        return Dispatcher.run(mixed(b.dtype(), false, compute, bits(compute, a)), b);
    }

    /// Applies this to any number of operands, with numbers for its parameters converted to the kind of computation.
    public Tensor applyAll(List<Tensor> in, double... parameters) {
        DType compute = compute(Promotion.of(rule == Rule.CHOICE ? in.subList(1, in.size()) : in));
        List<DType> dtypes = in.stream().map(Tensor::dtype).toList();
        Lambda l = large.computeIfAbsent(new Key(dtypes, compute), _ -> build(dtypes, compute, -1));
        return Dispatcher.apply(MapOp.of(name, l, scalars(compute, parameters)), in).getFirst();
    }

    /// Writes the result for operand `into` and another tensor into `into` itself.
    ///
    /// @throws TensorException if the result's dtype or shape does not fit
    public Tensor applyInPlace(Tensor into, Tensor b) {
        DType compute = compute(Promotion.of(into, b));
        Dispatcher.applyInto(stored(op2(into.dtype(), b.dtype(), compute, Scalars.NONE), into), List.of(into, b),
                List.of(into));
        return into;
    }

    /// Writes the result for `into` and a number into `into` itself.
    public Tensor applyInPlace(Tensor into, double b) {
        DType compute = compute(Promotion.withFloat(into));
        Dispatcher.applyInto(stored(mixed(into.dtype(), true, compute, bits(compute, b)), into), List.of(into),
                List.of(into));
        return into;
    }

    /// Writes the result for `into` alone into `into` itself.
    public Tensor applyInPlace(Tensor into) {
        DType compute = compute(Promotion.of(into));
        Dispatcher.applyInto(stored(op1(into.dtype(), compute, Scalars.NONE), into), List.of(into), List.of(into));
        return into;
    }

    /// An in-place result keeps the tensor's dtype if it is of the same category, as PyTorch has it.
    private static MapOp stored(MapOp op, Tensor into) {
        DType result = op.body().dtype();
        if (result == into.dtype()) {
            return op;
        }
        if (result.isFloating() && !into.dtype().isFloating() || result.isIntegral() && into.dtype() == DType.BOOL) {
            throw new TensorException(op.name() + ": a result of dtype " + result
                    + " cannot be stored in place in a tensor "
                    + into.type());
        }
        return new MapOp(op.name(), Lambda.of(op.body().output(), into.dtype()), op.shape(), op.scalars());
    }

    private MapOp op1(DType a, DType compute, Scalars scalars) {
        return MapOp.of(name, cached(a.ordinal(), DTYPES, compute, List.of(a), -1), scalars);
    }

    private MapOp op2(DType a, DType b, DType compute, Scalars scalars) {
        int slot = slot(a.ordinal(), b.ordinal(), compute);
        Lambda l = small.get(slot);
        return MapOp.of(name, l != null ? l : cached(a.ordinal(), b.ordinal(), compute, List.of(a, b), -1), scalars);
    }

    private MapOp mixed(DType tensor, boolean tensorFirst, DType compute, Scalars scalars) {
        return tensorFirst
                ? MapOp.of(name, cached(tensor.ordinal(), DTYPES + 1, compute, List.of(tensor), 1), scalars)
                : MapOp.of(name, cached(DTYPES + 1, tensor.ordinal(), compute, List.of(tensor), 0), scalars);
    }

    private static int slot(int a, int b, DType compute) {
        return (a * (DTYPES + 2) + b) * DTYPES + compute.ordinal();
    }

    private Lambda cached(int a, int b, DType compute, List<DType> dtypes, int scalarAt) {
        int slot = slot(a, b, compute);
        Lambda l = small.get(slot);
        if (l == null) {
            l = build(dtypes, compute, scalarAt);
            small.set(slot, l);
        }
        return l;
    }

    private static Scalars bits(DType compute, double v) {
        return compute.kind().isFloating() ? Scalars.of(v) : Scalars.ofBits(integer(compute, (long) v));
    }

    private static Scalars bits(DType compute, long v) {
        return compute.kind().isFloating() ? Scalars.of((double) v) : Scalars.ofBits(integer(compute, v));
    }

    private static long integer(DType compute, long v) {
        return compute == DType.BOOL ? (v != 0 ? 1 : 0) : compute.kind() == Kind.I32 ? (int) v : v;
    }

    private static Scalars scalars(DType compute, double[] parameters) {
        if (parameters.length == 0) {
            return Scalars.NONE;
        }
        Scalars s = Scalars.NONE;
        for (double p : parameters) {
            s = s.concat(bits(compute, p));
        }
        return s;
    }

    private DType compute(DType promoted) {
        boolean bad = rule == Rule.BITS && promoted.isFloating() || rule == Rule.NUMBERS_ONLY && promoted == DType.BOOL;
        if (bad) {
            throw new TensorException(name + ": dtype " + promoted
                    + " is not supported: convert the operand with to(DType)");
        }
        return switch (rule) {
            case FLOAT, FLOAT_TEST -> promoted.isFloating() ? promoted : DType.F32;
            case LOGICAL -> DType.BOOL;
            default -> promoted;
        };
    }

    private Lambda build(List<DType> operands, DType compute, int scalarAt) {
        boolean asNumbers = compute == DType.BOOL && (rule == Rule.NUMERIC);
        DType work = asNumbers ? DType.I32 : compute.kind().dtype();
        Args args = new Args() {
            @Override
            public Expr x(int i) {
                if (i == scalarAt) {
                    return p(0);
                }
                int operand = scalarAt == 0 ? i - 1 : i;
                DType to = rule == Rule.CHOICE && i == 0 ? DType.BOOL : work;
                DType from = operands.get(operand);
                // Rounding an operand to a narrower type first is what promoting it means.
                boolean narrows = from.isFloating() && compute.isFloating() && compute.bytes() < from.bytes();
                Expr value = Exprs.in(operand, from);
                return Exprs.cast(to, narrows && to != DType.BOOL ? Exprs.cast(compute, value) : value);
            }

            @Override
            public Expr p(int slot) {
                return new Expr.Param(work.kind(), slot);
            }

            @Override
            public Expr c(double value) {
                return Exprs.constant(work.kind(), value);
            }

            @Override
            public DType dtype() {
                return compute;
            }
        };
        DType result = switch (rule) {
            case COMPARE, FLOAT_TEST, LOGICAL -> DType.BOOL;
            default -> compute;
        };
        Expr expr;
        try {
            expr = body.apply(args);
        } catch (IllegalArgumentException e) {
            throw new TensorException(name + ": dtype " + compute + " is not supported (" + e.getMessage()
                    + "): convert the operand with to(DType)", e);
        }
        return Lambda.of(expr, result);
    }
}
