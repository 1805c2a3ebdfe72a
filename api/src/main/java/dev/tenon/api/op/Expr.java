package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;

/// A scalar expression over the elements of some operands: what one element of an elementwise result is.
///
/// Every node has a [Kind]. Operands of a [Binary] have the same kind; conversions are explicit [Cast]s. Nodes are
/// immutable and compare by structure. The same sub-expression may be reached twice: it has one value.
public sealed interface Expr {

    /// The kind of the value.
    Kind kind();

    /// The element of operand number `operand`, widened to `kind`, which is the kind of that operand's dtype.
    record Input(int operand, Kind kind) implements Expr {}

    /// A constant: the bits of a double for floating kinds, the integer itself for integral ones, 0 or 1 for `BOOL`.
    record Const(Kind kind, long bits) implements Expr {
        /// The constant as a double.
        public double asDouble() {
            return kind.isFloating() ? Double.longBitsToDouble(bits) : bits;
        }
    }

    /// A number given at each run, in slot `slot` of the op's [Scalars]: a different value needs no new kernel.
    record Param(Kind kind, int slot) implements Expr {}

    /// The position of the element along `axis` of the iteration space, or its row-major number for `axis` = -1.
    record Index(int axis) implements Expr {
        @Override
        public Kind kind() {
            return Kind.I64;
        }
    }

    /// A function of one value.
    record Unary(UnaryFn fn, Expr x) implements Expr {
        /// Checks that the function takes the operand.
        public Unary {
            fn.result(x.kind());
        }

        @Override
        public Kind kind() {
            return fn.result(x.kind());
        }
    }

    /// A function of two values of the same kind.
    record Binary(BinaryFn fn, Expr a, Expr b) implements Expr {
        /// Checks that the function takes the operands.
        public Binary {
            if (a.kind() != b.kind()) {
                throw new IllegalArgumentException(fn + " of kinds " + a.kind() + " and " + b.kind());
            }
            fn.result(a.kind());
        }

        @Override
        public Kind kind() {
            return fn.result(a.kind());
        }
    }

    /// `a` where the condition holds, otherwise `b`; the other branch's value, be it NaN, has no influence.
    record Select(Expr condition, Expr a, Expr b) implements Expr {
        /// Checks the kinds.
        public Select {
            if (condition.kind() != Kind.BOOL || a.kind() != b.kind()) {
                throw new IllegalArgumentException(
                        "select of kinds " + condition.kind() + ", " + a.kind() + ", " + b.kind());
            }
        }

        @Override
        public Kind kind() {
            return a.kind();
        }
    }

    /// The value as if it had been stored as `to` and read again. From floating to integral it truncates towards zero;
    /// NaN becomes 0 and values out of range saturate to 32 or 64 bits before narrower types wrap. To `BOOL`: not zero.
    record Cast(DType to, Expr x) implements Expr {
        @Override
        public Kind kind() {
            return to.kind();
        }
    }

    /// Word `word` (0 to 3) of Philox 4x32-10 as an `I32` holding 32 random bits: the key is `seed`, the counter's
    /// lower
    /// half is `counter` and its upper half `stream`, all `I64`.
    ///
    /// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    record Random(Expr seed, Expr stream, Expr counter, int word) implements Expr {
        /// Checks the kinds.
        public Random {
            if (seed.kind() != Kind.I64 || stream.kind() != Kind.I64 || counter.kind() != Kind.I64) {
                throw new IllegalArgumentException("random bits take a seed, a stream and a counter of kind I64");
            }
        }

        @Override
        public Kind kind() {
            return Kind.I32;
        }
    }
}
