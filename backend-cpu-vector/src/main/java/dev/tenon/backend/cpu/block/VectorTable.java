package dev.tenon.backend.cpu.block;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.math.MathKernels;
import dev.tenon.backend.cpu.math.VectorGelu;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Finds the vector block functions that there are. Loaded only where the Vector API is.
final class VectorTable {
    private VectorTable() {}

    static Reductions reductions() {
        return new VectorReductions();
    }

    static Optional<Fn1> unary(UnaryFn fn, Kind kind) {
        return Optional.ofNullable(switch (kind) {
            case F32 -> switch (fn) {
                case NEG -> VectorF32::neg;
                case ABS -> VectorF32::abs;
                case SIGN -> VectorF32::sign;
                case RECIPROCAL -> VectorF32::reciprocal;
                case FLOOR -> VectorF32::floor;
                case CEIL -> VectorF32::ceil;
                case ROUND -> VectorF32::round;
                case TRUNC -> VectorF32::trunc;
                case IS_NAN -> VectorF32::isNan;
                default -> null;
            };
            case F64 -> switch (fn) {
                case NEG -> VectorF64::neg;
                case ABS -> VectorF64::abs;
                case SIGN -> VectorF64::sign;
                case RECIPROCAL -> VectorF64::reciprocal;
                case FLOOR -> VectorF64::floor;
                case CEIL -> VectorF64::ceil;
                case ROUND -> VectorF64::round;
                case TRUNC -> VectorF64::trunc;
                case IS_NAN -> VectorF64::isNan;
                default -> null;
            };
            case I32 -> integer(fn, VectorI32::neg, VectorI32::abs, VectorI32::not);
            case I64 -> integer(fn, VectorI64::neg, VectorI64::abs, VectorI64::not);
            case BOOL -> VectorConversions::not;
        });
    }

    private static @Nullable Fn1 integer(UnaryFn fn, Fn1 neg, Fn1 abs, Fn1 not) {
        return switch (fn) {
            case NEG -> neg;
            case ABS -> abs;
            case BIT_NOT -> not;
            default -> null;
        };
    }

    static Optional<Fn2> binary(BinaryFn fn, Kind kind) {
        return Optional.ofNullable(switch (kind) {
            case F32 -> floats(fn);
            case F64 -> doubles(fn);
            case I32 -> ints(fn);
            case I64 -> longs(fn);
            case BOOL -> switch (fn) {
                case AND -> VectorConversions::and;
                case OR -> VectorConversions::or;
                case XOR, NE -> VectorConversions::xor;
                default -> null;
            };
        });
    }

    static Optional<Fn2> whereAboveZero(BinaryFn fn) {
        return Optional.ofNullable(switch (fn) {
            case LE -> VectorF32::unlessAtMostZero;
            case GT -> VectorF32::whereAboveZero;
            default -> null;
        });
    }

    static Optional<Fn1> normal() {
        return Optional.of(VectorGelu::normal);
    }

    static Optional<Fn1> gelu() {
        return Optional.of(VectorGelu::gelu);
    }

    private static @Nullable Fn2 floats(BinaryFn fn) {
        return switch (fn) {
            case ADD -> VectorF32::add;
            case SUB -> VectorF32::sub;
            case MUL -> VectorF32::mul;
            case DIV -> VectorF32::div;
            case MAX -> VectorF32::max;
            case MIN -> VectorF32::min;
            case COPYSIGN -> VectorF32::copySign;
            case EQ -> VectorF32::eq;
            case NE -> VectorF32::ne;
            case LT -> VectorF32::lt;
            case LE -> VectorF32::le;
            case GT -> VectorF32::gt;
            case GE -> VectorF32::ge;
            default -> null;
        };
    }

    private static @Nullable Fn2 doubles(BinaryFn fn) {
        return switch (fn) {
            case ADD -> VectorF64::add;
            case SUB -> VectorF64::sub;
            case MUL -> VectorF64::mul;
            case DIV -> VectorF64::div;
            case MAX -> VectorF64::max;
            case MIN -> VectorF64::min;
            case COPYSIGN -> VectorF64::copySign;
            case EQ -> VectorF64::eq;
            case NE -> VectorF64::ne;
            case LT -> VectorF64::lt;
            case LE -> VectorF64::le;
            case GT -> VectorF64::gt;
            case GE -> VectorF64::ge;
            default -> null;
        };
    }

    private static @Nullable Fn2 ints(BinaryFn fn) {
        return switch (fn) {
            case ADD -> VectorI32::add;
            case SUB -> VectorI32::sub;
            case MUL -> VectorI32::mul;
            case MAX -> VectorI32::max;
            case MIN -> VectorI32::min;
            case AND -> VectorI32::and;
            case OR -> VectorI32::or;
            case XOR -> VectorI32::xor;
            case SHL -> VectorI32::shl;
            case SHR -> VectorI32::shr;
            case EQ -> VectorI32::eq;
            case NE -> VectorI32::ne;
            case LT -> VectorI32::lt;
            case LE -> VectorI32::le;
            case GT -> VectorI32::gt;
            case GE -> VectorI32::ge;
            default -> null;
        };
    }

    private static @Nullable Fn2 longs(BinaryFn fn) {
        return switch (fn) {
            case ADD -> VectorI64::add;
            case SUB -> VectorI64::sub;
            case MUL -> VectorI64::mul;
            case MAX -> VectorI64::max;
            case MIN -> VectorI64::min;
            case AND -> VectorI64::and;
            case OR -> VectorI64::or;
            case XOR -> VectorI64::xor;
            case SHL -> VectorI64::shl;
            case SHR -> VectorI64::shr;
            case EQ -> VectorI64::eq;
            case NE -> VectorI64::ne;
            case LT -> VectorI64::lt;
            case LE -> VectorI64::le;
            case GT -> VectorI64::gt;
            case GE -> VectorI64::ge;
            default -> null;
        };
    }

    static Optional<Fn3> select(Kind kind) {
        return Optional.ofNullable(switch (kind) {
            case F32 -> VectorF32::select;
            case F64 -> VectorF64::select;
            case I32 -> VectorI32::select;
            case I64 -> VectorI64::select;
            case BOOL -> null;
        });
    }

    static Optional<Fn1> convert(Kind from, Kind to) {
        return Optional.ofNullable(switch (from) {
            case F32 -> switch (to) {
                case F64 -> VectorConversions::floatsToDoubles;
                case I32 -> VectorConversions::floatsToInts;
                case BOOL -> VectorConversions::floatsToBools;
                default -> null;
            };
            case F64 -> to == Kind.F32 ? VectorConversions::doublesToFloats : null;
            case I32 -> switch (to) {
                case F32 -> VectorConversions::intsToFloats;
                case F64 -> VectorConversions::intsToDoubles;
                case I64 -> VectorConversions::intsToLongs;
                default -> null;
            };
            case I64 -> to == Kind.I32 ? VectorConversions::longsToInts : null;
            case BOOL -> to == Kind.F32 ? VectorConversions::boolsToFloats : null;
        });
    }

    static Optional<Fn1> widen(DType dtype) {
        MathKernels math = MathKernels.of(true);
        return Optional.ofNullable(switch (dtype) {
            case F16 -> math::f16ToF32;
            case BF16 -> math::bf16ToF32;
            case I16 -> VectorConversions::shortsToInts;
            default -> null;
        });
    }

    static Optional<Fn1> narrow(DType dtype) {
        MathKernels math = MathKernels.of(true);
        return Optional.ofNullable(switch (dtype) {
            case F16 -> math::f32ToF16;
            case BF16 -> math::f32ToBf16;
            default -> null;
        });
    }
}
