package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The gradient of a convolution's input where a group has few channels: of pictures, and a transposed convolution
/// that makes them.
///
/// As a matrix product for each residue class of the stride this would have a row for each channel, fewer than a
/// register tile has. So rows are the channels of **all** classes ("phases") at once: a place of the output's gradient
/// is read once for all phases that meet it there, a set of rows of a matrix product whose right operand is read in
/// place. Places that other phases meet are another product, and nothing is multiplied by a zero that is not there.
/// Where phases are few (the stride is 1), several rows are taken for phases as well.
public final class FewChannels {
    /// Channels of a group, at most.
    private static final int MOST = 4;
    /// Rows of a tile, and how many rows of the input are made phases, at most.
    private static final int TILE = 12;
    private static final int MOST_ROWS = 4;
    /// Residue classes of the stride, at most.
    private static final int MOST_CLASSES = 64;
    /// Bytes of the output's gradient that are looked at together: they are to stay in the second-level cache.
    private static final long CACHED = 512 << 10;

    /// The places that the same phases meet, a product: its rows are (phase, channel), its inner index runs through
    /// places for each channel out.
    ///
    /// @param phases who meets them
    /// @param rows of the product
    /// @param offsets of the places of all channels out, in bytes
    /// @param taps of the phases at each place
    private record Product(List<Integer> phases, int rows, long[] offsets, List<int[]> taps) {}

    private final GemmKernel kernel;
    private final ConvShape s;
    private final int bytes;
    /// From point to point of a phase, and how many phases there are in each axis.
    private final int[] step;
    private final int[] count = new int[3];
    private final int phases;
    private final int[] grid;
    /// Channels out that are looked at together.
    private final int planes;
    private final Bands bands;
    private final List<Product> products = new ArrayList<>();
    private final int vectors;
    private final long pitch;

    /// What can be said before there are numbers.
    ///
    /// @param s for which this [#fits(ConvShape)]
    public FewChannels(GemmKernel kernel, ConvShape s) {
        this.kernel = kernel;
        this.s = s;
        bytes = kernel.bytes();
        int[] stride = s.stride();
        step = stride.clone();
        step[1] *= Math.clamp(TILE / ((long) s.groupIn() * stride[0] * stride[1] * stride[2]), 1, MOST_ROWS);
        for (int i = 0; i < 3; i++) {
            count[i] = Math.min(step[i], s.in()[i]);
        }
        phases = count[0] * count[1] * count[2];
        List<Residue> all = new ArrayList<>();
        for (int p = 0; p < phases; p++) {
            all.add(Residue.of(s, first(p), step));
        }
        grid = all.getFirst().grid();
        Map<List<Integer>, Map<List<Integer>, int[]>> meetings = places(all);
        int[][] places = meetings.values().stream().flatMap(m -> m.keySet().stream())
                .map(place -> place.stream().mapToInt(Integer::intValue).toArray()).toArray(int[][]::new);
        planes = planes(places);
        int[] between = new int[3];
        Arrays.setAll(between, i -> step[i] / stride[i]);
        bands = new Bands(kernel, planes, s.out(), grid, between, places);
        int lanes = kernel.nr() / 2;
        vectors = (grid[2] + lanes - 1) / lanes;
        pitch = (long) vectors * lanes * bytes;
        long[] offsets = bands.offsets();
        int before = 0;
        for (var entry : meetings.entrySet()) {
            List<Integer> who = entry.getKey();
            List<int[]> taps = List.copyOf(entry.getValue().values());
            long[] o = new long[planes * taps.size()];
            for (int i = 0; i < o.length; i++) {
                o[i] = offsets[i / taps.size() * places.length + before + i % taps.size()];
            }
            before += taps.size();
            products.add(new Product(who, who.size() * s.groupIn(), o, taps));
        }
    }

    /// The first point of a phase.
    private int[] first(int phase) {
        return new int[] {phase / (count[1] * count[2]), phase / count[2] % count[1], phase % count[2]};
    }

    /// For each set of phases the places where they meet the output, and for each of these the tap of every phase.
    private static Map<List<Integer>, Map<List<Integer>, int[]>> places(List<Residue> all) {
        Map<List<Integer>, Map<Integer, Integer>> taps = new LinkedHashMap<>();
        for (int p = 0; p < all.size(); p++) {
            Residue r = all.get(p);
            for (int t = 0; t < r.offsets().length; t++) {
                List<Integer> place = Arrays.stream(r.offsets()[t]).boxed().toList();
                taps.computeIfAbsent(place, x -> new LinkedHashMap<>()).put(p, r.taps().get(t));
            }
        }
        Map<List<Integer>, Map<List<Integer>, int[]>> met = new LinkedHashMap<>();
        taps.forEach((place, tap) -> met.computeIfAbsent(List.copyOf(tap.keySet()), x -> new LinkedHashMap<>())
                .put(place, tap.values().stream().mapToInt(Integer::intValue).toArray()));
        return met;
    }

    /// A divisor of the channels out, so that a few rows of so many of them stay in the cache.
    private int planes(int[][] places) {
        int rows = 8 * step[1] / s.stride()[1] + s.kernel()[1];
        long depths = Arrays.stream(places).mapToInt(p -> p[0]).distinct().count();
        long most = Math.max(1, CACHED / (depths * rows * (s.out()[2] + s.kernel()[2]) * bytes));
        int n = s.groupOut();
        while (n > most) {
            int smaller = n - 1;
            while (s.groupOut() % smaller != 0) {
                smaller--;
            }
            n = smaller;
        }
        return n;
    }

    /// Whether a convolution's channels are few (but not one of many groups), and its windows overlap.
    public static boolean fits(ConvShape s) {
        boolean overlap = false;
        for (int i = 0; i < 3; i++) {
            overlap |= s.kernel()[i] > s.stride()[i];
        }
        return overlap && s.groupIn() <= MOST && (s.groups() == 1 || s.groupIn() > 1)
                && s.stride()[0] * s.stride()[1] * s.stride()[2] <= MOST_CLASSES;
    }

    /// The gradient of the input: `dx` from `dy` and `w`.
    public void backwardData(WorkerPool pool, long dy, long w, long dx) {
        long[] weights = turned(w);
        int each = bands.count();
        pool.parallelFor((long) s.n() * s.groups() * each, 1, (from, to) -> {
            for (long u = from; u < to; u++) {
                long part = u / each;
                band((int) (u % each), part % s.groups(), weights, dy + part * s.groupOut() * s.outVolume() * bytes,
                        dx + part * s.groupIn() * s.inVolume() * bytes);
            }
        });
    }

    /// The left operands of all products, and where they are: a row for each (channel out, place).
    private long[] turned(long w) {
        long[] size = products.stream().mapToLong(p -> (long) p.rows * p.taps.size() * s.oc()).toArray();
        long at = Workspace.get().memory(Workspace.CALLER, Arrays.stream(size).sum() * bytes);
        long[] first = new long[size.length];
        for (int i = 0; i < first.length; i++) {
            first[i] = at;
            for (int oc = 0; oc < s.oc(); oc++) {
                for (int[] taps : products.get(i).taps) {
                    for (int t : taps) {
                        long from = w + ((long) oc * s.groupIn() * s.taps() + t) * bytes;
                        for (int c = 0; c < s.groupIn(); c++, from += (long) s.taps() * bytes, at += bytes) {
                            Mem.copyElement(from, at, bytes);
                        }
                    }
                }
            }
        }
        return first;
    }

    /// A band of all phases of one group of one image.
    private void band(int band, long group, long[] turned, long dy, long dx) {
        int rows = bands.rows(band);
        long lanes = (long) kernel.nr() / 2 * bytes;
        long plane = (rows * vectors + 1L) / 2 * 2 * lanes;
        long channels = s.groupIn() * plane;
        long sums = Workspace.get().memory(Workspace.TILE, 2 * phases * channels);
        long some = sums + phases * channels;
        Mem.zero(sums, phases * channels);
        int times = s.groupOut() / planes;
        for (int t = 0; t < times; t++) {
            long points = bands.load(dy + (long) t * planes * s.outVolume() * bytes, band);
            for (int k = 0; k < turned.length; k++) {
                Product p = products.get(k);
                long weights = turned[k] + (group * times + t) * p.rows * p.offsets.length * bytes;
                for (int v = 0; v < rows * vectors; v += 2) {
                    long next = v + 1 < rows * vectors ? v + 1 : v;
                    kernel.tileInPlace(p.rows, weights, p.offsets,
                            points + v / vectors * bands.rowStep() + v % vectors * lanes,
                            points + next / vectors * bands.rowStep() + next % vectors * lanes,
                            some + v * lanes, plane);
                }
                for (int i = 0; i < p.phases.size(); i++) {
                    kernel.add(some + i * channels, sums + p.phases.get(i) * channels, channels / bytes);
                }
            }
        }
        for (int p = 0; p < phases; p += count[2]) {
            store(band, p, sums + p * channels, plane, dx);
        }
    }

    /// Puts rows of phases that follow each other in the last axis together.
    private void store(int band, int phase, long sums, long plane, long dx) {
        int[] first = first(phase);
        for (int r = 0; r < bands.rows(band); r++, sums += pitch) {
            int row = bands.firstRow(band) + r;
            int z = first[0] + row / grid[1] * step[0];
            int y = first[1] + row % grid[1] * step[1];
            if (z < s.in()[0] && y < s.in()[1]) {
                for (int c = 0; c < s.groupIn(); c++) {
                    long to = dx + (((long) c * s.in()[0] + z) * s.in()[1] + y) * s.in()[2] * bytes;
                    kernel.joinRows(sums + c * plane, s.groupIn() * plane, count[2], s.in()[2], to);
                }
            }
        }
    }
}
