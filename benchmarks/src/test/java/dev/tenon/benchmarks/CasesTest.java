package dev.tenon.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The lists of cases, and what is made of their times.
class CasesTest {
    private static final Machine MACHINE = new Machine(1e11, 1e10);

    private static List<BenchCase> all() {
        List<BenchCase> all = new ArrayList<>(Cases.ALL);
        all.addAll(GpuCases.all(false));
        all.addAll(GpuCases.all(true));
        SweepCases.all().forEach(p -> all.add(p.c()));
        return all;
    }

    @Test
    void namesSayEverythingThatASideNeeds() {
        for (BenchCase c : all()) {
            BenchCase back = BenchCase.parse(c.name());
            assertEquals(c.kind(), back.kind());
            assertEquals(c.dims(), back.dims(), c.name());
            assertEquals(c.options(), back.options());
        }
    }

    @Test
    void aNameStandsForOneCase() {
        for (List<BenchCase> list : List.of(Cases.ALL, GpuCases.all(false),
                SweepCases.all().stream().map(SweepCases.Point::c).toList())) {
            Set<String> names = new HashSet<>();
            list.forEach(c -> assertTrue(names.add(c.name()), c.name()));
        }
    }

    @Test
    void tenonHasTheCases() {
        TenonSide side = new TenonSide(Device.of("cpu"));
        for (String name : List.of("matmul-tf32/8x8x8", "conv-backward-data/1x3x8x4x3x1x1x1",
                "conv-backward-weights/1x3x8x4x3x1x1x1", "softmax-rows/3x5", "copy/2K", "sum-rows/2048",
                "loader/64x784", "step-mlp-captured", "upload-beside-product/8x1")) {
            try (Work work = side.prepare(BenchCase.parse(name)).orElseThrow(() -> new AssertionError(name))) {
                work.run();
                work.finish();
            }
        }
        assertTrue(side.prepare(BenchCase.parse("matmul-f8/8x8x8")).isEmpty());
    }

    @Test
    void aimsAreHeldAgainstTheFastestPeer() {
        BenchCase c = BenchCase.of("step-x", 0, 1e3, 1.5).java(0.7).share(0.85);
        Result r = new Result(c, new Peer.Answer(100, 90, 2000), new Peer.Answer(200, 190, 1000),
            Map.of("a", new Peer.Answer(160, 150, 3000), "b", new Peer.Answer(140, 130, 1000)), List.of());
        assertEquals(List.of(new Result.Aim("ratio", 1.5, 1.4), new Result.Aim("ratio in Java", 0.7, 0.7),
            new Result.Aim("of the bandwidth", 0.85, 1.0), new Result.Aim("peer's peak memory by ours", 1, 0.5)),
            r.aims(MACHINE));
        assertEquals(List.of(false, true, true, false), r.aims(MACHINE).stream().map(Result.Aim::met).toList());
    }

    @Test
    void whatIsPackedBeforeCountsOnlyAlone() {
        BenchCase c = Cases.matmul("matmul", 0.9, 8, 8, 8);
        Peer.Answer ours = new Peer.Answer(100, 90, 0);
        Peer.Answer plain = new Peer.Answer(95, 90, 0);
        Peer.Answer packed = new Peer.Answer(80, 75, 0);
        assertEquals(0.95, new Result(c, ours, null, Map.of("onednn", plain, "onednn-packed", packed), List.of())
            .ratio().orElseThrow());
        assertEquals(0.8, new Result(c, ours, null, Map.of("onednn-packed", packed), List.of()).ratio().orElseThrow());
    }

    @Test
    void aSweepIsDrawn(@TempDir Path folder) throws Exception {
        List<SweepCases.Point> points = SweepCases.all();
        List<Result> results = new ArrayList<>();
        for (SweepCases.Point p : points) {
            results.add(new Result(p.c(), new Peer.Answer(100, 90, 0), null,
                Map.of("peer", new Peer.Answer(50 + p.c().name().length() * 10, 40, 0)), List.of()));
        }
        Path file = folder.resolve("sweep.png");
        SweepPlot.write(file, points, results, "a peer");
        assertEquals(3 * 640, ImageIO.read(Files.newInputStream(file)).getHeight());
    }
}
