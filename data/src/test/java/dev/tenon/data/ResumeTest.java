package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A loader that is restored goes on with the very batch that would have come next; and what it tells of its time.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ResumeTest {
    private final AtomicInteger reads = new AtomicInteger();

    private DataLoader.Builder builder(int workers, Device device) {
        Dataset<Sample> d = DatasetTest.numbers(43).transform((i, random) -> {
            reads.incrementAndGet();
            return Sample.of(new float[] {i, random.nextFloat(), 0}, Shape.of(3), i);
        });
        return DataLoader.builder(d).batchSize(5).shuffle(21).workers(workers).device(device)
            .transform((batch, random) -> batch.row(0, 0).setAtIndex(ValueLayout.JAVA_FLOAT, 2, random.nextFloat()));
    }

    private static String content(Batch b) {
        try (b) {
            return b.epoch() + "." + b.number() + Arrays.toString(b.input().toFloatArray())
                + Arrays.toString(b.indices());
        }
    }

    private static List<String> epochs(DataLoader loader, int count) {
        List<String> out = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            for (Batch b : loader) {
                out.add(content(b));
            }
        }
        return out;
    }

    @Test
    void aRestoredLoaderGoesOnToTheBit() {
        List<String> want;
        try (DataLoader loader = builder(0, TestBackend.host()).build()) {
            want = epochs(loader, 3);
            assertEquals(27, want.size());
        }
        for (Device device : List.of(TestBackend.host(), TestBackend.card())) {
            for (int workers : new int[] {0, 2, 4}) {
                for (int stop : new int[] {0, 1, 8, 9, 10, 17}) {
                    LoaderState state;
                    try (DataLoader loader = builder(workers, device).build()) {
                        for (int k = 0; k < stop; ) {
                            for (Batch b : loader) {
                                assertEquals(want.get(k), content(b));
                                if (++k == stop) {
                                    break;
                                }
                            }
                        }
                        state = loader.state();
                    }
                    assertEquals(new LoaderState(21, stop / 9, stop % 9, 9, 43), state);
                    try (DataLoader loader = builder(workers, device).build()) {
                        loader.load(LoaderState.of(state.toMap()));
                        assertEquals(state, loader.state());
                        reads.set(0);
                        assertEquals(want.subList(stop, 27), epochs(loader, 3 - stop / 9));
                        // what came before is not read again
                        assertEquals(43 * (3 - stop / 9) - 5 * (stop % 9), reads.get());
                    }
                }
            }
        }
    }

    @Test
    void epochsCanBeginAtAnyBatch() {
        for (int workers : new int[] {0, 2}) {
            try (DataLoader loader = builder(workers, TestBackend.host()).build()) {
                List<String> whole = new ArrayList<>();
                loader.epoch(4).forEachRemaining(b -> whole.add(content(b)));
                List<String> rest = new ArrayList<>();
                loader.epoch(4, 6).forEachRemaining(b -> rest.add(content(b)));
                assertEquals(whole.subList(6, 9), rest);
                assertEquals(List.of(), new ArrayList<>(contentsFrom(loader, 9)));
                assertThrows(IllegalArgumentException.class, () -> loader.epoch(4, 10));
                assertThrows(IllegalArgumentException.class, () -> loader.epoch(-1));
            }
        }
    }

    private static List<String> contentsFrom(DataLoader loader, long first) {
        List<String> out = new ArrayList<>();
        loader.epoch(4, first).forEachRemaining(b -> out.add(content(b)));
        return out;
    }

    @Test
    void statesOfOtherLoadersAreRefused() {
        try (DataLoader loader = builder(0, TestBackend.host()).build();
                DataLoader other = builder(0, TestBackend.host()).batchSize(6).build()) {
            String m = assertThrows(IllegalArgumentException.class, () -> loader.load(other.state())).getMessage();
            assertTrue(m.contains("8 batches") && m.contains("9 batches"), m);
            assertThrows(IllegalArgumentException.class, () -> loader.load(new LoaderState(22, 0, 0, 9, 43)));
            assertEquals(new LoaderState(21, 0, 0, 9, 43), loader.state());
            Map<String, String> map = new HashMap<>(loader.state().toMap());
            map.put("seed", "abc");
            assertThrows(IllegalArgumentException.class, () -> LoaderState.of(map));
            map.remove("seed");
            assertTrue(assertThrows(IllegalArgumentException.class, () -> LoaderState.of(map)).getMessage()
                .contains("seed"));
            assertThrows(IllegalArgumentException.class, () -> new LoaderState(1, -1, 0, 9, 43));
        }
    }

    @Test
    void reportsSayWhatLimits() {
        try (DataLoader loader = builder(1, TestBackend.card()).build(); Epoch epoch = loader.epoch(0)) {
            while (epoch.hasNext()) {
                epoch.next().close();
            }
            String report = epoch.report();
            for (String word : List.of("epoch 0", "9 batches, 43 samples, 1 worker", "waiting for data", "decode",
                    "collate", "transform", "copy", "computing", "samples/s")) {
                assertTrue(report.contains(word), report);
            }
            assertEquals(9, epoch.stats().batches());
            assertTrue(epoch.stats().copySeconds() > 0 && epoch.stats().decodeSeconds() > 0, report);
            epochs(loader, 1);
            assertEquals(9, epoch.stats().batches());
            assertEquals(18, loader.stats().batches());
        }
        assertEquals("none", new LoaderStats(0, 0, 1, 0, 0, 0, 0, 0, 0, 0).bottleneck());
        assertEquals("consumer", stats(2, 0.1, 1, 1, 1, 0.5, 10).bottleneck());
        assertEquals("decode", stats(2, 5, 6, 1, 1, 0.5, 2).bottleneck());
        assertEquals("collate", stats(2, 5, 1, 6, 1, 0.5, 2).bottleneck());
        assertEquals("transform", stats(2, 5, 1, 1, 6, 0.5, 2).bottleneck());
        assertEquals("copy", stats(2, 5, 1, 1, 6, 4, 2).bottleneck());
        assertEquals("copy", stats(2, 0, 1, 1, 1, 9, 2).bottleneck());
        assertEquals("decoding limits: use more workers or cache().", stats(2, 5, 6, 1, 1, 0.5, 2).advice());
        assertEquals("decoding limits: use workers() or cache().", stats(0, 5, 6, 1, 1, 0.5, 2).advice());
    }

    private static LoaderStats stats(int workers, double wait, double decode, double collate, double transform,
            double copy, double compute) {
        return new LoaderStats(1, 1, workers, wait, 0, decode, collate, transform, copy, compute);
    }

    @Test
    void tracesShowWhoDidWhatWhen(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("trace.json");
        try (LoaderTrace trace = new LoaderTrace(file);
                DataLoader loader = builder(2, TestBackend.card()).trace(trace).build()) {
            epochs(loader, 1);
            assertTrue(Files.readString(file).contains("\"name\":\"decode\""), "brought up to date after an epoch");
        }
        String json = Files.readString(file);
        assertTrue(json.startsWith("[\n{") && json.endsWith("}\n]\n"), json);
        for (String stage : List.of("decode", "collate", "transform", "copy", "wait", "compute")) {
            assertTrue(json.contains("{\"name\":\"" + stage + "\",\"ph\":\"X\",\"pid\":1,\"tid\":"), stage + json);
        }
        assertTrue(json.contains("\"args\":{\"epoch\":0,\"batch\":8}") && json.contains("-worker-1\"}}"), json);
        assertEquals(9, json.split("\"name\":\"decode\"", -1).length - 1);
    }

    /// While the model computes, workers decode what comes next: the trace shows both at one time.
    @Test
    void tracesShowOverlap(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("overlap.json");
        Dataset<Sample> slow = DatasetTest.numbers(12).map(i -> {
            LockSupport.parkNanos(4_000_000);
            return Sample.of(new float[1], Shape.of(1), i);
        });
        try (LoaderTrace trace = new LoaderTrace(file);
                DataLoader loader = DataLoader.builder(slow).workers(1).device(TestBackend.host()).trace(trace)
                    .build()) {
            for (Batch b : loader) {
                LockSupport.parkNanos(4_000_000);
                b.close();
            }
        }
        Matcher event = Pattern.compile("\"name\":\"(decode|compute)\".*?\"ts\":([0-9.]+),\"dur\":([0-9.]+)")
            .matcher(Files.readString(file));
        List<double[]> decoding = new ArrayList<>();
        List<double[]> computing = new ArrayList<>();
        while (event.find()) {
            double start = Double.parseDouble(event.group(2));
            (event.group(1).equals("decode") ? decoding : computing)
                .add(new double[] {start, start + Double.parseDouble(event.group(3))});
        }
        assertEquals(12, decoding.size());
        assertEquals(12, computing.size());
        double both = 0;
        for (double[] d : decoding) {
            for (double[] c : computing) {
                both += Math.max(0, Math.min(d[1], c[1]) - Math.max(d[0], c[0]));
            }
        }
        // eleven times four milliseconds, if nothing else ran here
        assertTrue(both > 10_000, both + " microseconds");
    }

    @Test
    void thePropertyTracesEveryLoader(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("all.json");
        System.setProperty(LoaderTrace.PROPERTY, file.toString());
        try (DataLoader a = builder(0, TestBackend.host()).build(); DataLoader b = builder(1, TestBackend.host())
                .build()) {
            epochs(a, 1);
            epochs(b, 1);
            assertEquals(18, Files.readString(file).split("\"name\":\"decode\"", -1).length - 1);
            System.setProperty(LoaderTrace.PROPERTY, folder.resolve("no/such/folder.json").toString());
            assertThrows(UncheckedIOException.class, () -> builder(0, TestBackend.host()).build());
        } finally {
            System.clearProperty(LoaderTrace.PROPERTY);
        }
    }
}
