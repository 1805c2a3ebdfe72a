package dev.tenon.backend.cpu.block;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.math.MathKernels;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/// Block functions as loops over elements: every function there is, where speed is not asked for or not to be had.
final class ScalarTable {
    static final MathKernels MATH = MathKernels.of(false);

    private interface DoubleTest {
        boolean test(double a, double b);
    }

    private interface LongTest {
        boolean test(long a, long b);
    }

    private ScalarTable() {}

    static Fn1 unary(UnaryFn fn, Kind kind, boolean vector) {
        if (fn == UnaryFn.IS_NAN) {
            return kind == Kind.F32
                    ? (x, out, n) -> {
                        for (int i = 0; i < n; i++) {
                            Mem.putByte(out + i, (byte) (Float.isNaN(Mem.getFloat(x + 4L * i)) ? 1 : 0));
                        }
                    }
                    : (x, out, n) -> {
                        for (int i = 0; i < n; i++) {
                            Mem.putByte(out + i, (byte) (Double.isNaN(Mem.getDouble(x + 8L * i)) ? 1 : 0));
                        }
                    };
        }
        MathKernels math = Blocks.math(vector);
        for (var m : dev.tenon.backend.cpu.math.UnaryFn.values()) {
            if (kind.isFloating() && m.name().equals(fn.name())) {
                return kind == Kind.F32 ? (x, out, n) -> math.f32(m, x, out, n)
                        : (x, out, n) -> math.f64(m, x, out, n);
            }
        }
        return switch (kind) {
            case F32 -> floats(x -> Elements.apply(fn, x));
            case F64 -> doubles(x -> Elements.apply(fn, x));
            case I32 -> ints(x -> Elements.apply(fn, x));
            case I64 -> longs(x -> Elements.apply(fn, x));
            case BOOL -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putByte(out + i, (byte) (Mem.getByte(x + i) ^ 1));
                }
            };
        };
    }

    private static Fn1 floats(DoubleUnaryOperator f) {
        return (x, out, n) -> {
            for (int i = 0; i < n; i++) {
                Mem.putFloat(out + 4L * i, (float) f.applyAsDouble(Mem.getFloat(x + 4L * i)));
            }
        };
    }

    private static Fn1 doubles(DoubleUnaryOperator f) {
        return (x, out, n) -> {
            for (int i = 0; i < n; i++) {
                Mem.putDouble(out + 8L * i, f.applyAsDouble(Mem.getDouble(x + 8L * i)));
            }
        };
    }

    private static Fn1 ints(LongUnaryOperator f) {
        return (x, out, n) -> {
            for (int i = 0; i < n; i++) {
                Mem.putInt(out + 4L * i, (int) f.applyAsLong(Mem.getInt(x + 4L * i)));
            }
        };
    }

    private static Fn1 longs(LongUnaryOperator f) {
        return (x, out, n) -> {
            for (int i = 0; i < n; i++) {
                Mem.putLong(out + 8L * i, f.applyAsLong(Mem.getLong(x + 8L * i)));
            }
        };
    }

    static Fn2 binary(BinaryFn fn, Kind kind, boolean vector) {
        if (fn.isComparison()) {
            return comparison(fn, kind);
        }
        MathKernels math = Blocks.math(vector);
        for (var m : dev.tenon.backend.cpu.math.BinaryFn.values()) {
            if (kind.isFloating() && m.name().equals(fn.name())) {
                return kind == Kind.F32 ? (a, b, out, n) -> math.f32(m, a, b, out, n)
                        : (a, b, out, n) -> math.f64(m, a, b, out, n);
            }
        }
        return switch (kind) {
            case F32 -> fn == BinaryFn.NEXTAFTER
                    ? floats((a, b) -> Math.nextAfter((float) a, b))
                    : floats((a, b) -> Elements.apply(fn, a, b));
            case F64 -> fn == BinaryFn.NEXTAFTER
                    ? doubles(Math::nextAfter)
                    : doubles((a, b) -> Elements.apply(fn, a, b));
            case I32 -> ints((a, b) -> Elements.apply(fn, a, b, 32));
            case I64 -> longs((a, b) -> Elements.apply(fn, a, b, 64));
            case BOOL -> bytes((a, b) -> Elements.apply(fn, a, b, 32));
        };
    }

    private static Fn2 floats(DoubleBinaryOperator f) {
        return (a, b, out, n) -> {
            for (int i = 0; i < n; i++) {
                double v = f.applyAsDouble(Mem.getFloat(a + 4L * i), Mem.getFloat(b + 4L * i));
                Mem.putFloat(out + 4L * i, (float) v);
            }
        };
    }

    private static Fn2 doubles(DoubleBinaryOperator f) {
        return (a, b, out, n) -> {
            for (int i = 0; i < n; i++) {
                double v = f.applyAsDouble(Mem.getDouble(a + 8L * i), Mem.getDouble(b + 8L * i));
                Mem.putDouble(out + 8L * i, v);
            }
        };
    }

    private static Fn2 ints(LongBinaryOperator f) {
        return (a, b, out, n) -> {
            for (int i = 0; i < n; i++) {
                Mem.putInt(out + 4L * i, (int) f.applyAsLong(Mem.getInt(a + 4L * i), Mem.getInt(b + 4L * i)));
            }
        };
    }

    private static Fn2 longs(LongBinaryOperator f) {
        return (a, b, out, n) -> {
            for (int i = 0; i < n; i++) {
                Mem.putLong(out + 8L * i, f.applyAsLong(Mem.getLong(a + 8L * i), Mem.getLong(b + 8L * i)));
            }
        };
    }

    private static Fn2 bytes(LongBinaryOperator f) {
        return (a, b, out, n) -> {
            for (int i = 0; i < n; i++) {
                Mem.putByte(out + i, (byte) f.applyAsLong(Mem.getByte(a + i), Mem.getByte(b + i)));
            }
        };
    }

    private static Fn2 comparison(BinaryFn fn, Kind kind) {
        DoubleTest d = (a, b) -> Elements.holds(fn, a, b);
        LongTest l = (a, b) -> Elements.holds(fn, a, b);
        return switch (kind) {
            case F32 -> (a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, d.test(Mem.getFloat(a + 4L * i), Mem.getFloat(b + 4L * i)));
                }
            };
            case F64 -> (a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, d.test(Mem.getDouble(a + 8L * i), Mem.getDouble(b + 8L * i)));
                }
            };
            case I32 -> (a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, l.test(Mem.getInt(a + 4L * i), Mem.getInt(b + 4L * i)));
                }
            };
            case I64 -> (a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, l.test(Mem.getLong(a + 8L * i), Mem.getLong(b + 8L * i)));
                }
            };
            case BOOL -> (a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, l.test(Mem.getByte(a + i), Mem.getByte(b + i)));
                }
            };
        };
    }

    private static void put(long address, boolean v) {
        Mem.putByte(address, (byte) (v ? 1 : 0));
    }

    static Fn3 select(Kind kind) {
        return switch (Blocks.bytes(kind)) {
            case 1 -> (c, a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putByte(out + i, Mem.getByte((Mem.getByte(c + i) != 0 ? a : b) + i));
                }
            };
            case 4 -> (c, a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, Mem.getInt((Mem.getByte(c + i) != 0 ? a : b) + 4L * i));
                }
            };
            default -> (c, a, b, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putLong(out + 8L * i, Mem.getLong((Mem.getByte(c + i) != 0 ? a : b) + 8L * i));
                }
            };
        };
    }

    static Fn1 convert(Kind from, Kind to) {
        return switch (to) {
            case BOOL -> toBool(from);
            case I32 -> switch (from) {
                case F32 -> (x, out, n) -> {
                    for (int i = 0; i < n; i++) {
                        Mem.putInt(out + 4L * i, (int) Mem.getFloat(x + 4L * i));
                    }
                };
                case F64 -> (x, out, n) -> {
                    for (int i = 0; i < n; i++) {
                        Mem.putInt(out + 4L * i, (int) Mem.getDouble(x + 8L * i));
                    }
                };
                default -> (x, out, n) -> {
                    for (int i = 0; i < n; i++) {
                        Mem.putInt(out + 4L * i, (int) integer(from, x, i));
                    }
                };
            };
            case I64 -> switch (from) {
                case F32 -> (x, out, n) -> {
                    for (int i = 0; i < n; i++) {
                        Mem.putLong(out + 8L * i, (long) Mem.getFloat(x + 4L * i));
                    }
                };
                case F64 -> (x, out, n) -> {
                    for (int i = 0; i < n; i++) {
                        Mem.putLong(out + 8L * i, (long) Mem.getDouble(x + 8L * i));
                    }
                };
                default -> (x, out, n) -> {
                    for (int i = 0; i < n; i++) {
                        Mem.putLong(out + 8L * i, integer(from, x, i));
                    }
                };
            };
            case F32 -> from == Kind.F64
                    ? (x, out, n) -> {
                        for (int i = 0; i < n; i++) {
                            Mem.putFloat(out + 4L * i, (float) Mem.getDouble(x + 8L * i));
                        }
                    }
                    : (x, out, n) -> {
                        for (int i = 0; i < n; i++) {
                            Mem.putFloat(out + 4L * i, integer(from, x, i));
                        }
                    };
            case F64 -> from == Kind.F32
                    ? (x, out, n) -> {
                        for (int i = 0; i < n; i++) {
                            Mem.putDouble(out + 8L * i, Mem.getFloat(x + 4L * i));
                        }
                    }
                    : (x, out, n) -> {
                        for (int i = 0; i < n; i++) {
                            Mem.putDouble(out + 8L * i, integer(from, x, i));
                        }
                    };
        };
    }

    private static long integer(Kind kind, long x, int i) {
        return switch (kind) {
            case BOOL -> Mem.getByte(x + i);
            case I32 -> Mem.getInt(x + 4L * i);
            default -> Mem.getLong(x + 8L * i);
        };
    }

    private static Fn1 toBool(Kind from) {
        return switch (from) {
            case F32 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, Mem.getFloat(x + 4L * i) != 0);
                }
            };
            case F64 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, Mem.getDouble(x + 8L * i) != 0);
                }
            };
            default -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    put(out + i, integer(from, x, i) != 0);
                }
            };
        };
    }

    static Fn1 widen(DType dtype) {
        return switch (dtype) {
            case F16 -> MATH::f16ToF32;
            case BF16 -> MATH::bf16ToF32;
            case I16 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, Mem.getShort(x + 2L * i));
                }
            };
            case I8 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, Mem.getByte(x + i));
                }
            };
            case U8 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, Mem.getByte(x + i) & 0xFF);
                }
            };
            default -> throw new IllegalArgumentException(dtype + " is as wide as its kind");
        };
    }

    static Fn1 narrow(DType dtype) {
        return switch (dtype) {
            case F16 -> MATH::f32ToF16;
            case BF16 -> MATH::f32ToBf16;
            case I16 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putShort(out + 2L * i, (short) Mem.getInt(x + 4L * i));
                }
            };
            case I8, U8 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putByte(out + i, (byte) Mem.getInt(x + 4L * i));
                }
            };
            default -> throw new IllegalArgumentException(dtype + " is as wide as its kind");
        };
    }

    static Fn1 round(DType dtype) {
        return switch (dtype) {
            case F16 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    float v = Mem.getFloat(x + 4L * i);
                    Mem.putFloat(out + 4L * i, Float.float16ToFloat(Float.floatToFloat16(v)));
                }
            };
            case BF16 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, Elements.toBFloat16(Mem.getFloat(x + 4L * i)) << 16);
                }
            };
            case I16 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, (short) Mem.getInt(x + 4L * i));
                }
            };
            case I8 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, (byte) Mem.getInt(x + 4L * i));
                }
            };
            case U8 -> (x, out, n) -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(out + 4L * i, Mem.getInt(x + 4L * i) & 0xFF);
                }
            };
            default -> throw new IllegalArgumentException(dtype + " is as wide as its kind");
        };
    }
}
