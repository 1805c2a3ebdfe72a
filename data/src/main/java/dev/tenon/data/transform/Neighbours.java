package dev.tenon.data.transform;

import dev.tenon.api.DType;
import dev.tenon.data.Field;
import dev.tenon.data.HostBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Mixing every row of a batch with the row before it (the first with the last), in place.
final class Neighbours {
    /// Changes a row, given another.
    @FunctionalInterface
    interface Mix {
        void into(float[] row, float[] other);
    }

    private Neighbours() {
    }

    /// @throws IllegalArgumentException if the batch has not two fields of floats, the second of rank 1
    static void check(String transform, HostBatch batch, int rank) {
        Field x = batch.fields().getFirst();
        Field y = batch.fields().size() < 2 ? x : batch.fields().get(1);
        if (batch.fields().size() < 2 || x.dtype() != DType.F32 || x.shape().rank() < rank || y.dtype() != DType.F32
                || y.shape().rank() != 1) {
            throw new IllegalArgumentException(transform + ": got samples of " + batch.fields() + "; expected an f32"
                + (rank > 0 ? " image" : "") + " input and an f32[classes] target: put ToTensor and OneHot before it");
        }
    }

    static void mix(HostBatch batch, int field, Mix mix) {
        int n = batch.size();
        if (n < 2) {
            return;
        }
        int count = Math.toIntExact(batch.fields().get(field).shape().elements());
        float[] last = new float[count];
        float[] row = new float[count];
        float[] before = new float[count];
        read(batch, field, n - 1, last);
        System.arraycopy(last, 0, row, 0, count);
        // from the end, so that the row before still is what it was
        for (int i = n - 1; i >= 0; i--) {
            float[] other = last;
            if (i > 0) {
                read(batch, field, i - 1, before);
                other = before;
            }
            mix.into(row, other);
            MemorySegment.copy(row, 0, batch.row(field, i), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
            System.arraycopy(before, 0, row, 0, count);
        }
    }

    private static void read(HostBatch batch, int field, int row, float[] to) {
        MemorySegment.copy(batch.row(field, row), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, to, 0, to.length);
    }

    static Mix blend(double lambda) {
        float own = (float) lambda;
        return (row, other) -> {
            for (int i = 0; i < row.length; i++) {
                row[i] = own * row[i] + (1 - own) * other[i];
            }
        };
    }
}
