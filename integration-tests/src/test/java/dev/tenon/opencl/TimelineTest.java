package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The timeline that `-Dtenon.trace` writes, by the clock of the device: copies to it are under way while it computes.
class TimelineTest {
    @TempDir
    Path folder;

    /// An interval in microseconds.
    private record Interval(String track, String name, double start, double end, double enqueued) {
        double overlap(Interval other) {
            return Math.max(0, Math.min(end, other.end) - Math.max(start, other.start));
        }
    }

    /// Every event with its values, those of `args` among them, and the names of the rows.
    private static List<Interval> read(Path file) throws IOException {
        Map<String, String> tracks = new HashMap<>();
        List<Map<String, String>> events = new ArrayList<>();
        try (JsonParser p = new JsonFactory().createParser(file.toFile())) {
            Map<String, String> event = new HashMap<>();
            int depth = 0;
            for (JsonToken t = p.nextToken(); t != null; t = p.nextToken()) {
                if (t == JsonToken.START_OBJECT && ++depth == 1) {
                    event = new HashMap<>();
                } else if (t == JsonToken.END_OBJECT && --depth == 0) {
                    events.add(event);
                } else if (t.isScalarValue()) {
                    event.put((depth > 1 ? "args." : "") + p.currentName(), p.getText());
                }
            }
        }
        events.stream().filter(e -> "M".equals(e.get("ph"))).forEach(e -> tracks.put(e.get("tid"),
                e.get("args.name")));
        return events.stream().filter(e -> "X".equals(e.get("ph"))).map(e -> {
            double start = Double.parseDouble(e.get("ts"));
            return new Interval(tracks.get(e.get("tid")), e.get("name"), start,
                    start + Double.parseDouble(e.get("dur")),
                    Double.parseDouble(e.getOrDefault("args.enqueued", "NaN")));
        }).toList();
    }

    @Test
    void copiesRunWhileTheDeviceComputes() throws Exception {
        Twins.requireOpenCl();
        Path file = folder.resolve("trace.json");
        Child child = Child.run(folder, Map.of(), List.of("-Dtenon.device=opencl", "-Dtenon.trace=" + file),
                CopyAheadProgram.class.getName());
        assertEquals(0, child.exitCode(), child.printed());
        assertEquals(CopyAheadProgram.BATCHES, child.printed().lines().filter(l -> l.startsWith("batch ")).count());

        List<Interval> all = read(file);
        List<Interval> computing = all.stream().filter(i -> i.track.equals("opencl:0"))
                .filter(i -> i.name.equals("matmul")).toList();
        List<Interval> copying = all.stream().filter(i -> i.track.equals("opencl:0 stream 1")).toList();
        assertEquals(2 * CopyAheadProgram.BATCHES, copying.size(), "copies of images and labels, on a queue of theirs");
        // A product may be several kernels.
        int each = computing.size() / CopyAheadProgram.BATCHES;
        assertTrue(each >= 9 && computing.size() == each * CopyAheadProgram.BATCHES, computing.size() + " kernels");
        assertTrue(copying.stream().allMatch(c -> c.name.equals("copy from host") && c.end >= c.start), file::toString);
        assertTrue(all.stream().anyMatch(i -> i.name.equals("decode") && i.track.contains("worker")), "the loader's");

        // By their order: while the products of one batch are still being computed, copies of later ones are handed
        // to the device.
        int ahead = 0;
        for (int batch = 0; batch + 1 < CopyAheadProgram.BATCHES; batch++) {
            double computed = computing.get(each * batch + each - 1).end;
            if (copying.get(2 * (batch + 1)).enqueued < computed) {
                ahead++;
            }
        }
        double copied = copying.stream().mapToDouble(c -> c.end - c.start).sum();
        double hidden = copying.stream().mapToDouble(c ->
                computing.stream().mapToDouble(c::overlap).sum()).sum();
        double computed = computing.stream().mapToDouble(c -> c.end - c.start).sum();
        System.out.printf("timeline: %.1f ms of products, %.1f ms of copies of which %.1f ms run beside products;"
                + " %d of %d batches are handed over before the one before them is done%n", computed / 1e3,
                copied / 1e3, hidden / 1e3, ahead, CopyAheadProgram.BATCHES - 1);
        assertTrue(ahead >= (CopyAheadProgram.BATCHES - 1) / 2, ahead + " batches were copied ahead");
        assertTrue(hidden > 0, "no copy ran while a product was computed");
    }
}
