package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.kernel.GemmTile;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Products of `F32` without tensor cores, which read 16 bytes at once, run on the processor.
class RegisterTilesTest {
    @TempDir
    private static Path folder;

    @BeforeAll
    static void needsACompiler() {
        Assumptions.assumeTrue(HostKernel.available(), "no C++ compiler on the PATH");
    }

    private static void check(HostProduct p, GemmTile tile, boolean pieces) throws Exception {
        KernelPlan plan = p.plan(HostProduct.TRAITS.withTile(Kind.F32, tile));
        String source = plan.kernels().getFirst().source();
        assertTrue(source.contains("LOAD_PACK(f32, 4, fa"), p::toString);
        assertEquals(pieces, source.contains("aligned_"), p::toString);
        assertArrayEquals(p.expected(), p.run(plan, folder, 75), p::toString);
    }

    @Test
    void layoutsOfMediumProducts() throws Exception {
        GemmTile any = new GemmTile(8, 8, 16);
        check(new HostProduct(DType.F32, true, false, 1, 130, 132, 36, 0, 0), any, true);
        check(new HostProduct(DType.F32, false, true, 2, 132, 127, 40, 4, 0), any, true);
        check(new HostProduct(DType.F32, true, false, 1, 130, 132, 36, 0, 4), any, true);
        // Rows of an odd length, and numbers of 16 bits.
        check(new HostProduct(DType.F32, true, true, 1, 129, 131, 37, 0, 0), any, false);
        check(new HostProduct(DType.F16, true, false, 1, 128, 136, 24, 0, 0), any, false);
    }

    @Test
    void tilesOfLargeProducts() throws Exception {
        HostProduct p = new HostProduct(DType.F32, true, false, 1, 1028, 1032, 20, 0, 0);
        for (GemmTile tile : HostProduct.TRAITS.tiles(Kind.F32)) {
            if (tile.rows() == 6) {
                KernelPlan plan = p.plan(HostProduct.TRAITS.withTile(Kind.F32, tile));
                assertArrayEquals(p.expected(), p.run(plan, folder, 75), tile::toString);
            } else {
                check(p, tile, true);
            }
        }
    }

    @Test
    void deepProductsOfFewResultsAreSplit() throws Exception {
        HostProduct p = new HostProduct(DType.F32, false, false, 1, 40, 36, 1100, 0, 0);
        KernelPlan plan = p.plan(HostProduct.TRAITS);
        assertEquals(List.of("matmul_tiled", "matmul_sum"),
                plan.kernels().stream().map(GeneratedKernel::entry).toList());
        assertArrayEquals(p.expected(), p.run(plan, folder, 75));
    }
}
