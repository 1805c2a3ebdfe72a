package dev.tenon.backend.cpu.gemm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.Arena;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Products of operands in blocks of channels, of all numbers of rows that tiles are made for and their sums, against
/// sums of doubles; what lies beside the results stays as it was.
class BlockedTilesTest {

    private static final int L = FloatVector.SPECIES_PREFERRED.length();
    private static final float BESIDE = 12345;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void products(boolean wide) {
        for (int rows = 1; rows <= 34; rows++) {
            check(rows, wide, L);
            check(rows, wide, 3 * L);
        }
        check(49, wide, 2 * L + 3);
        check(5, wide, 1);
        check(196, wide, 64 * L);
    }

    private static void check(int rows, boolean wide, int kc) {
        Random random = new Random(rows);
        int vectors = wide ? 2 : 1;
        int pitch = (rows + 3) * L;
        int blocks = (kc + L - 1) / L;
        try (Arena arena = Arena.ofConfined()) {
            long a = numbers(arena, random, blocks * pitch);
            long b = numbers(arena, random, kc * vectors * L);
            long c = arena.allocate(4L * vectors * pitch, 64).address();
            for (int i = 0; i < vectors * pitch; i++) {
                Mem.putFloat(c + 4L * i, BESIDE);
            }
            BlockedTilesF32.run(rows, wide, kc, a, 4L * pitch, b, c, 4L * pitch);
            for (int j = 0; j < vectors * L; j++) {
                for (int i = 0; i < rows + 3; i++) {
                    double sum = 0;
                    double size = 1;
                    for (int k = 0; k < kc; k++) {
                        double term = (double) Mem.getFloat(a + 4L * (k / L * pitch + i * L + k % L))
                                * Mem.getFloat(b + 4L * (k * vectors * L + j));
                        sum += term;
                        size += Math.abs(term);
                    }
                    assertEquals(i < rows ? sum : BESIDE, Mem.getFloat(c + 4L * (j / L * pitch + i * L + j % L)),
                            1e-6 * size, rows + " rows, " + kc + ", row " + i + ", column " + j);
                }
            }
        }
    }

    private static long numbers(Arena arena, Random random, int n) {
        long at = arena.allocate(4L * n, 64).address();
        for (int i = 0; i < n; i++) {
            Mem.putFloat(at + 4L * i, (float) random.nextGaussian());
        }
        return at;
    }
}
