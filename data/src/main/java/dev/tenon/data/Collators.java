package dev.tenon.data;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The collators that [Collator] hands out.
final class Collators {
    private Collators() {
    }

    static final class Samples implements Collator<Sample> {
        @Override
        public List<Field> fields(Sample first) {
            return List.of(
                new Field("input", first.input().dtype(), first.input().shape()),
                new Field("target", first.target().dtype(), first.target().shape()));
        }

        @Override
        public void write(Sample sample, HostBatch into, int row) {
            into.set(0, row, sample.input());
            into.set(1, row, sample.target());
        }
    }

    static final class Arrays implements Collator<HostArray> {
        @Override
        public List<Field> fields(HostArray first) {
            return List.of(new Field("input", first.dtype(), first.shape()));
        }

        @Override
        public void write(HostArray sample, HostBatch into, int row) {
            into.set(0, row, sample);
        }
    }

    /// Inputs of different extents along axis 0, filled up to the longest of the batch.
    static final class Padded implements BatchCollator<Sample> {
        private final int longest;
        private final double padding;

        Padded(int longest, double padding) {
            if (longest < 1) {
                throw new IllegalArgumentException("padded: longest " + longest + ": expected at least 1");
            }
            this.longest = longest;
            this.padding = padding;
        }

        @Override
        public List<Field> fields(Sample first) {
            checkRank(first);
            HostArray x = first.input();
            return List.of(
                new Field("input", x.dtype(), x.shape().without(0).inserted(0, longest)),
                new Field("target", first.target().dtype(), first.target().shape()),
                new Field("length", DType.I64, Shape.SCALAR));
        }

        private static void checkRank(Sample s) {
            if (s.input().shape().rank() == 0) {
                throw new IllegalArgumentException("padded: inputs must have at least one axis, got the scalar "
                    + s.input().dtype());
            }
        }

        @Override
        public void prepare(List<Sample> samples, HostBatch into) {
            long most = 0;
            for (Sample s : samples) {
                checkRank(s);
                most = Math.max(most, Math.min(longest, s.input().shape().dim(0)));
            }
            into.resize(0, into.fields().getFirst().shape().without(0).inserted(0, most));
        }

        @Override
        public void write(Sample sample, HostBatch into, int row) {
            HostArray x = sample.input();
            Field field = into.fields().getFirst();
            long length = Math.min(field.shape().dim(0), x.shape().dim(0));
            if (x.dtype() != field.dtype() || !x.shape().without(0).equals(field.shape().without(0))) {
                throw new IllegalArgumentException("padded: input is " + x.dtype() + x.shape() + ", but "
                    + field.dtype() + field.shape() + " in this batch; samples may differ along axis 0 only");
            }
            MemorySegment to = into.row(0, row);
            long each = field.shape().dim(0) == 0 ? 0 : field.bytes() / field.shape().dim(0);
            long used = length * each;
            MemorySegment.copy(x.memory(), 0, to, 0, used);
            if (padding == 0) {
                to.asSlice(used).fill((byte) 0);
            } else {
                fill(to.asSlice(used), field.dtype());
            }
            into.set(1, row, sample.target());
            into.set(2, row, HostArray.label(length));
        }

        private void fill(MemorySegment rest, DType dtype) {
            long n = rest.byteSize() / dtype.bytes();
            for (long i = 0; i < n; i++) {
                switch (dtype) {
                    case F32 -> rest.setAtIndex(HostArray.FLOAT, i, (float) padding);
                    case F64 -> rest.setAtIndex(HostArray.DOUBLE, i, padding);
                    case I64 -> rest.setAtIndex(HostArray.LONG, i, (long) padding);
                    case I32 -> rest.setAtIndex(HostArray.INT, i, (int) padding);
                    case U8 -> rest.set(HostArray.BYTE, i, (byte) (int) padding);
                    default -> throw new IllegalArgumentException("padded: " + dtype + " can be padded with 0 only");
                }
            }
        }
    }
}
