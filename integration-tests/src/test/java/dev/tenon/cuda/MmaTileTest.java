package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import dev.tenon.kernel.MmaTile;
import dev.tenon.kernel.TensorCores;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How products are cut for tensor cores, and how operands come to local memory, run on the processor: copies that the
/// device makes by itself arrive there when they are waited for and no sooner, and spoil what they will replace at
/// once.
class MmaTileTest {
    /// 64 x 32 sums for each of 8 warps, for operands that go past the registers.
    private static final MmaTile LARGE = new MmaTile(4, 4, 2, 4, 3, 1);
    private static final MmaTile SMALL = new MmaTile(2, 4, 2, 2, 3, 1);

    @TempDir
    private static Path folder;

    @BeforeAll
    static void needsACompiler() {
        Assumptions.assumeTrue(HostKernel.available(), "no C++ compiler on the PATH");
    }

    private static KernelPlan plan(HostProduct p, int capability, MmaTile tile) {
        return p.plan(HostProduct.TRAITS.withTensorCores(new TensorCores(capability, true, tile)));
    }

    private static void check(HostProduct p, int capability, MmaTile tile, String used) throws Exception {
        KernelPlan plan = plan(p, capability, tile);
        assertTrue(plan.kernels().getFirst().source().contains(used), () -> used + " for " + p);
        assertArrayEquals(p.expected(), p.run(plan, folder, capability), () -> p + " by " + tile + " on " + capability);
    }

    @Test
    void largeTilesOfAmpere() throws Exception {
        check(new HostProduct(DType.F16, true, false, 1, 150, 136, 200, 0, 0), 80, LARGE, "copy_async(");
        check(new HostProduct(DType.F16, false, true, 1, 136, 129, 104, 0, 0), 80, LARGE, "copy_async(");
        check(new HostProduct(DType.BF16, true, true, 2, 130, 140, 72, 0, 0), 80, LARGE, "copy_async(");
        check(new HostProduct(DType.F32, true, false, 1, 131, 132, 68, 0, 0), 80, LARGE, "copy_async(");
        check(new HostProduct(DType.F32, false, true, 1, 132, 131, 36, 4, 0), 80, LARGE, "copy_async(");
    }

    @Test
    void manyAndFewStages() throws Exception {
        HostProduct p = new HostProduct(DType.F16, true, false, 1, 65, 72, 296, 8, 0);
        for (int stages : new int[] {2, 4}) {
            check(p, 80, new MmaTile(2, 4, 2, 2, stages, 1), "copy_async(");
        }
        check(new HostProduct(DType.BF16, false, false, 1, 136, 72, 40, 0, 0), 80, new MmaTile(2, 4, 4, 2, 4, 1),
                "load_transposed(");
    }

    @Test
    void operandsThatDoNotBeginAtMultiplesOf16Bytes() throws Exception {
        check(new HostProduct(DType.F16, true, false, 1, 65, 72, 72, 0, 2), 80, SMALL, "copy_async(");
        check(new HostProduct(DType.F16, true, false, 1, 65, 72, 72, 0, 2), 75, SMALL, "LOAD_PACK(u32");
        check(new HostProduct(DType.F32, false, true, 1, 64, 65, 20, 4, 4), 80, SMALL, "copy_async(");
    }

    @Test
    void oneOperandElementByElement() throws Exception {
        // Rows of an odd length on one side.
        check(new HostProduct(DType.F16, true, false, 1, 70, 72, 71, 0, 0), 80, SMALL, "copy_async(");
        check(new HostProduct(DType.F16, true, true, 1, 70, 73, 72, 1, 0), 80, SMALL, "held[");
    }

    @Test
    void piecesOfTuring() throws Exception {
        MmaTile tile = new MmaTile(2, 4, 4, 4, 2, 1);
        check(new HostProduct(DType.F16, true, false, 1, 140, 136, 104, 0, 0), 75, tile, "LOAD_PACK(u32");
        assertFalse(plan(new HostProduct(DType.F16, true, false, 1, 140, 136, 104, 0, 0), 75, tile).kernels().getFirst()
                .source().contains("copy_async"));
        check(new HostProduct(DType.F16, false, true, 2, 72, 70, 40, 0, 0), 75, new MmaTile(2, 4, 2, 2, 2, 1),
                "load_transposed(");
    }

    @Test
    void splitDepths() throws Exception {
        // 600 / 32 = 19 steps: of 3 parts the last one is shorter, and ends within a step.
        HostProduct p = new HostProduct(DType.F16, true, false, 2, 40, 48, 600, 0, 0);
        KernelPlan plan = plan(p, 80, new MmaTile(2, 4, 2, 2, 3, 3));
        assertEquals(List.of("matmul_mma", "matmul_sum"), plan.kernels().stream().map(GeneratedKernel::entry).toList());
        assertEquals(3L * 2 * 40 * 48 * 4, plan.workspaceBytes());
        assertArrayEquals(p.expected(), p.run(plan, folder, 80));
    }

    /// Numbers that TF32 does not hold are rounded to the nearest that it does, in operands that come as they lie too.
    @Test
    void tf32Rounds() throws Exception {
        for (int gap : new int[] {0, 1}) {
            HostProduct p = new HostProduct(DType.F32, true, false, 1, 64, 64, 64, gap, 0);
            KernelPlan plan = plan(p, 80, SMALL);
            assertEquals(gap == 0, plan.kernels().getFirst().source().contains("copy_async("));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment one = arena.allocate(4 * 64 * (64 + gap), 64);
                MemorySegment x = arena.allocate(4 * 64 * (64 + gap), 64);
                float[] rounded = new float[64 * 64];
                for (int i = 0; i < 64; i++) {
                    one.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * (64 + gap) + i, 1 + 0x1p-11f);
                    for (int j = 0; j < 64; j++) {
                        float v = 1 + i / 64f + j * 0x1p-13f;
                        x.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * (64 + gap) + j, v);
                        float to = Float.intBitsToFloat(Float.floatToRawIntBits(v) + 0x1000 & ~0x1fff);
                        rounded[i * 64 + j] = to * (1 + 0x1p-10f);
                    }
                }
                assertArrayEquals(rounded, HostProduct.run(plan, folder, 80, List.of(one, x), 64 * 64));
            }
        }
    }

    /// That this test would notice a wait too few: with it taken out of the text, or for one group of copies too few,
    /// results are others.
    @Test
    void waitsThatAreMissingAreNoticed() throws Exception {
        HostProduct p = new HostProduct(DType.F16, true, false, 1, 65, 72, 296, 0, 0);
        GeneratedKernel k = plan(p, 80, SMALL).kernels().getFirst();
        assertTrue(k.source().contains("wait_copies(1);"));
        for (String instead : List.of("", "wait_copies(2);")) {
            GeneratedKernel broken = new GeneratedKernel(k.source().replace("wait_copies(1);", instead), k.entry(),
                    k.args(), k.groups(), k.local());
            assertFalse(Arrays.equals(p.expected(),
                    p.run(new KernelPlan(List.of(broken), 0), folder, 80)), instead);
        }
    }
}
