package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Fn2;
import dev.tenon.backend.cpu.block.Reductions;
import dev.tenon.backend.cpu.block.VectorNorm;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Normalisations of floats: each row, or each channel, while it is in the cache. Everything else decomposes.
final class NormKernels {
    private static final int BYTES = DType.F32.bytes();
    /// Elements that are worth a thread of their own.
    private static final long GRAIN = 1 << 13;
    /// The gradients of a scale are summed in so many parts, whatever the number of threads.
    private static final int PARTS = 16;

    private final Blocks blocks;
    private final WorkerPool pool;
    private final Reductions reductions;

    NormKernels(Blocks blocks, WorkerPool pool) {
        this.blocks = blocks;
        this.pool = pool;
        this.reductions = Reductions.of(blocks.isVector());
    }

    Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        boolean plain = blocks.isVector()
                && Stream.concat(in.stream(), out.stream()).allMatch(t -> t.dtype() == DType.F32 && t.elements() > 0);
        if (!plain) {
            return Optional.empty();
        }
        Dense.Body body = switch (op) {
            case BatchNorm n -> {
                Channels c = new Channels(in.getFirst().shape());
                yield at -> c.forward(at, n.epsilon());
            }
            case BatchNormBackward _ -> new Channels(in.get(1).shape())::backward;
            case LayerNorm n -> {
                Rows r = new Rows(in.getFirst().shape(), n.axes());
                yield at -> r.forward(at, n.epsilon());
            }
            case LayerNormBackward n -> new Rows(in.get(1).shape(), n.axes())::backward;
            default -> null;
        };
        return body == null ? Optional.empty() : Optional.of(new Dense(blocks, pool, in, out, body));
    }

    private double sum(long x, long n) {
        double s = 0;
        for (long i = 0; i < n; i += 1 << 20) {
            s += reductions.sum(Kind.F32, x + i * BYTES, (int) Math.min(1 << 20, n - i));
        }
        return s;
    }

    /// `[images, channels, points]`, normalised over images and points.
    private final class Channels {
        private final long images;
        private final long channels;
        private final int points;

        Channels(Shape x) {
            images = x.dim(0);
            channels = x.dim(1);
            points = Math.toIntExact(x.elements() / images / channels);
        }

        private long at(long base, long image, long channel) {
            return base + (image * channels + channel) * points * BYTES;
        }

        private long grain() {
            return Math.max(1, GRAIN / (images * points));
        }

        /// Operands: input, scale, shift, result, mean, reciprocal deviation.
        void forward(long[] at, double epsilon) {
            double count = (double) images * points;
            pool.parallelFor(channels, grain(), (from, to) -> {
                for (long c = from; c < to; c++) {
                    double sum = 0;
                    for (long i = 0; i < images; i++) {
                        sum += sum(at(at[0], i, c), points);
                    }
                    float mean = (float) (sum / count);
                    double squares = 0;
                    for (long i = 0; i < images; i++) {
                        squares += VectorNorm.squares(at(at[0], i, c), mean, points);
                    }
                    float scale = (float) (1 / Math.sqrt(squares / count + epsilon));
                    float a = scale * Mem.getFloat(at[1] + c * BYTES);
                    float b = Mem.getFloat(at[2] + c * BYTES);
                    for (long i = 0; i < images; i++) {
                        VectorNorm.affine(at(at[0], i, c), mean, at(at[3], i, c), a, b, points);
                    }
                    Mem.putFloat(at[4] + c * BYTES, mean);
                    Mem.putFloat(at[5] + c * BYTES, scale);
                }
            });
        }

        /// Operands: gradient, input, scale, mean, reciprocal deviation; gradients of input, scale, shift.
        void backward(long[] at) {
            double count = (double) images * points;
            pool.parallelFor(channels, grain(), (from, to) -> {
                for (long c = from; c < to; c++) {
                    float mean = Mem.getFloat(at[3] + c * BYTES);
                    double rstd = Mem.getFloat(at[4] + c * BYTES);
                    double shift = 0;
                    double scale = 0;
                    for (long i = 0; i < images; i++) {
                        shift += sum(at(at[0], i, c), points);
                        scale += VectorNorm.product(at(at[0], i, c), at(at[1], i, c), mean, points);
                    }
                    // a (g - shift / n - (x - mean) rstd² scale / n), of the form a g + b (x - mean) + d.
                    double a = rstd * Mem.getFloat(at[2] + c * BYTES);
                    double b = -a * rstd * rstd * scale / count;
                    double d = -a * shift / count;
                    for (long i = 0; i < images; i++) {
                        VectorNorm.affine(at(at[0], i, c), at(at[1], i, c), mean, at(at[5], i, c), (float) a,
                                (float) b, (float) d, points);
                    }
                    Mem.putFloat(at[6] + c * BYTES, (float) (scale * rstd));
                    Mem.putFloat(at[7] + c * BYTES, (float) shift);
                }
            });
        }
    }

    /// `[rows, length]`, each row normalised.
    private final class Rows {
        private final long rows;
        private final int length;
        private final Fn2 multiply = blocks.binary(BinaryFn.MUL, Kind.F32);
        private final Fn2 add = blocks.binary(BinaryFn.ADD, Kind.F32);

        Rows(Shape x, int axes) {
            length = Math.toIntExact(x.slice(x.rank() - axes, x.rank()).elements());
            rows = x.elements() / length;
        }

        /// Operands: input, scale, shift, result, mean, reciprocal deviation.
        void forward(long[] at, double epsilon) {
            pool.parallelFor(rows, Math.max(1, GRAIN / length), (from, to) -> {
                for (long r = from; r < to; r++) {
                    long x = at[0] + r * length * BYTES;
                    float mean = (float) (sum(x, length) / length);
                    float scale = (float) (1 / Math.sqrt(VectorNorm.squares(x, mean, length) / length + epsilon));
                    VectorNorm.normalize(x, mean, scale, at[1], at[2], at[3] + r * length * BYTES, length);
                    Mem.putFloat(at[4] + r * BYTES, mean);
                    Mem.putFloat(at[5] + r * BYTES, scale);
                }
            });
        }

        /// Operands: gradient, input, scale, mean, reciprocal deviation; gradients of input, scale, shift.
        void backward(long[] at) {
            long line = (long) length * BYTES;
            int parts = (int) Math.min(PARTS, Math.max(1, rows * length / GRAIN));
            long[] sums = new long[parts];
            long partBytes = 2 * line;
            // The first part adds up in the results themselves.
            long scratch = Scratch.get().more(Math.max(1, (parts - 1) * partBytes));
            for (int p = 0; p < parts; p++) {
                sums[p] = scratch + (p - 1) * partBytes;
            }
            pool.parallelFor(parts, 1, (from, to) -> {
                for (int p = (int) from; p < to; p++) {
                    long toScale = p == 0 ? at[6] : sums[p];
                    long toShift = p == 0 ? at[7] : sums[p] + line;
                    Mem.zero(toScale, line);
                    Mem.zero(toShift, line);
                    for (long r = rows * p / parts; r < rows * (p + 1) / parts; r++) {
                        row(at, r, toScale, toShift);
                    }
                }
            });
            for (int p = 1; p < parts; p++) {
                add.run(at[6], sums[p], at[6], length);
                add.run(at[7], sums[p] + line, at[7], length);
            }
        }

        private void row(long[] at, long r, long toScale, long toShift) {
            long g = at[0] + r * length * BYTES;
            long x = at[1] + r * length * BYTES;
            long y = at[5] + r * length * BYTES;
            float mean = Mem.getFloat(at[3] + r * BYTES);
            double rstd = Mem.getFloat(at[4] + r * BYTES);
            VectorNorm.accumulate(g, x, mean, (float) rstd, toScale, toShift, length);
            multiply.run(g, at[2], y, length);
            double plain = sum(y, length) / length;
            double along = VectorNorm.product(y, x, mean, length) / length;
            // rstd (gw - mean(gw) - (x - mean) rstd² mean(gw (x - mean))): of the form a gw + b (x - mean) + d.
            double b = -rstd * rstd * rstd * along;
            double d = -rstd * plain;
            VectorNorm.affine(y, x, mean, y, (float) rstd, (float) b, (float) d, length);
        }
    }
}
