package dev.tenon.benchmarks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What became of a case.
///
/// @param ours Tenon's time, or null where it has none
/// @param java that of Tenon without native libraries, or null where it was not asked for
/// @param peers by the peer's name, of the fastest of its ways
/// @param errors what failed, one line each
record Result(BenchCase c, Peer.@Nullable Answer ours, Peer.@Nullable Answer java, Map<String, Peer.Answer> peers,
        List<String> errors) {
    /// Something hoped for, and what became of it.
    ///
    /// @param what `ratio`, `ratio in Java`, `of the bandwidth` or `peer's peak memory by ours`
    record Aim(String what, double wanted, double reached) {
        boolean met() {
            return reached >= wanted;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s %.2f, aim %.2f", what, reached, wanted);
        }
    }

    /// A peer that is shown beside others and does not count: its operands were prepared before the clock ran.
    private static final String PREPARED = "onednn-packed";

    /// The fastest peer that counts.
    Optional<Peer.Answer> best() {
        return peers.entrySet().stream().filter(p -> peers.size() == 1 || !p.getKey().equals(PREPARED))
            .map(Map.Entry::getValue).min(Comparator.comparingDouble(Peer.Answer::median));
    }

    /// The fastest peer's time by ours.
    Optional<Double> ratio() {
        return ratio(ours);
    }

    private Optional<Double> ratio(Peer.@Nullable Answer a) {
        return a == null ? Optional.empty() : best().map(b -> b.median() / a.median());
    }

    List<Aim> aims(Machine machine) {
        List<Aim> all = new ArrayList<>();
        ratio().filter(_ -> c.aims().ratio() > 0).ifPresent(r -> all.add(new Aim("ratio", c.aims().ratio(), r)));
        ratio(java).filter(_ -> c.aims().java() > 0)
            .ifPresent(r -> all.add(new Aim("ratio in Java", c.aims().java(), r)));
        if (ours != null && c.aims().share() > 0) {
            all.add(new Aim("of the bandwidth", c.aims().share(), c.bytes() / ours.median() * 1e9 / machine.bytes()));
        }
        if (ours != null && c.wholeProgram() && ours.peak() > 0) {
            peers.values().stream().mapToLong(Peer.Answer::peak).filter(p -> p > 0).min().ifPresent(least ->
                all.add(new Aim("peer's peak memory by ours", 1, (double) least / ours.peak())));
        }
        return all;
    }

    static String header(List<String> peers, boolean withJava) {
        StringBuilder s = new StringBuilder(String.format("%-42s %10s", "case", "tenon"));
        if (withJava) {
            s.append(String.format(" %10s", "in Java"));
        }
        peers.forEach(p -> s.append(String.format(" %12s", p)));
        s.append(String.format(" %6s %5s", "ratio", "aim"));
        if (withJava) {
            s.append(String.format(" %7s %5s", "in Java", "aim"));
        }
        return s.append("  of the machine").toString();
    }

    String row(List<String> names, boolean withJava, Machine machine) {
        if (ours == null && !errors.isEmpty()) {
            return String.format("%-42s %s", c.name(), errors.getFirst());
        }
        StringBuilder s = new StringBuilder(String.format("%-42s %10s", c.name(), time(ours)));
        if (withJava) {
            s.append(String.format(" %10s", time(java)));
        }
        names.forEach(n -> s.append(String.format(" %12s", time(peers.get(n)))));
        s.append(String.format(" %6s %5s", number(ratio()), aim(c.aims().ratio())));
        if (withJava) {
            s.append(String.format(" %7s %5s", number(ratio(java)), aim(c.aims().java())));
        }
        s.append("  ").append(ofMachine(machine));
        if (c.wholeProgram()) {
            s.append(String.format("  %s", memory(names)));
        }
        errors.forEach(e -> s.append("\n    ").append(e));
        return s.toString().stripTrailing();
    }

    /// The row of a Markdown table; what reached its aim is bold.
    String markdown(List<String> names, boolean withJava, Machine machine) {
        StringBuilder s = new StringBuilder("| ").append(c.name()).append(" | ").append(time(ours)).append(" |");
        if (withJava) {
            s.append(' ').append(time(java)).append(" |");
        }
        names.forEach(n -> s.append(' ').append(time(peers.get(n))).append(" |"));
        s.append(' ').append(bold(ratio(), c.aims().ratio())).append(" | ").append(aim(c.aims().ratio())).append(" |");
        if (withJava) {
            s.append(' ').append(bold(ratio(java), c.aims().java())).append(" | ").append(aim(c.aims().java()))
                .append(" |");
        }
        return s.append(' ').append(ofMachine(machine).strip()).append(" | ")
            .append(c.wholeProgram() ? memory(names) : "").append(" |").toString();
    }

    static String markdownHeader(List<String> names, boolean withJava) {
        StringBuilder s = new StringBuilder("| case | Tenon |").append(withJava ? " in Java |" : "");
        names.forEach(n -> s.append(' ').append(n).append(" |"));
        s.append(" ratio | aim |").append(withJava ? " in Java | aim |" : "").append(" of the machine | peak MB |\n");
        int columns = (int) s.chars().filter(x -> x == '|').count() - 1;
        return s.append("|---".repeat(columns)).append("|\n").toString();
    }

    private static String bold(Optional<Double> ratio, double aim) {
        return ratio.isPresent() && aim > 0 && ratio.get() >= aim ? "**" + number(ratio) + "**" : number(ratio);
    }

    private static String number(Optional<Double> ratio) {
        return ratio.map(r -> String.format(Locale.ROOT, r < 10 ? "%.2f" : "%.0f", r)).orElse("");
    }

    private static String aim(double aim) {
        return aim > 0 ? String.format(Locale.ROOT, aim * 10 == Math.rint(aim * 10) ? "%.1f" : "%.2f", aim) : "";
    }

    /// Peak resident memory of all sides, in millions of bytes, ours first.
    private String memory(List<String> names) {
        StringBuilder s = new StringBuilder(megabytes(ours));
        names.forEach(n -> s.append(" / ").append(megabytes(peers.get(n))));
        return s.toString();
    }

    private static String megabytes(Peer.@Nullable Answer a) {
        return a == null || a.peak() == 0 ? "-" : Math.round(a.peak() * 1024 / 1e6) + " MB";
    }

    private String ofMachine(Machine machine) {
        return ours == null ? ""
            : c.flops() > 0 ? share(c.flops(), machine.flops(), "peak")
            : c.bytes() > 0 ? share(c.bytes(), machine.bytes(), "stream") : "";
    }

    private String share(double amount, double most, String word) {
        double rate = ours == null ? 0 : amount / ours.median() * 1e9;
        return String.format(Locale.ROOT, "%4.0f %% of %s, %.4g %s", 100 * rate / most, word, rate / 1e9,
            word.equals("peak") ? "GFLOP/s" : "GB/s");
    }

    private static String time(Peer.@Nullable Answer a) {
        if (a == null) {
            return "-";
        }
        double ns = a.median();
        return ns < 1e4 ? String.format(Locale.ROOT, "%.0f ns", ns)
            : ns < 1e7 ? String.format(Locale.ROOT, "%.1f us", ns / 1e3)
            : String.format(Locale.ROOT, "%.1f ms", ns / 1e6);
    }

    String json(Machine machine) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = new JsonFactory().createGenerator(text)) {
            g.writeStartObject();
            g.writeStringField("case", c.name());
            write(g, "tenon", ours);
            write(g, "java", java);
            g.writeObjectFieldStart("peers");
            for (var peer : peers.entrySet()) {
                write(g, peer.getKey(), peer.getValue());
            }
            g.writeEndObject();
            if (ratio().isPresent()) {
                g.writeNumberField("ratio", ratio().get());
            }
            if (ratio(java).isPresent()) {
                g.writeNumberField("java_ratio", ratio(java).get());
            }
            g.writeArrayFieldStart("aims");
            for (Aim aim : aims(machine)) {
                g.writeStartObject();
                g.writeStringField("what", aim.what);
                g.writeNumberField("aim", aim.wanted);
                g.writeNumberField("reached", aim.reached);
                g.writeEndObject();
            }
            g.writeEndArray();
            g.writeNumberField("flops", c.flops());
            g.writeNumberField("bytes", c.bytes());
            g.writeNumberField("machine_flops_per_s", machine.flops());
            g.writeNumberField("machine_bytes_per_s", machine.bytes());
            if (!errors.isEmpty()) {
                g.writeStringField("error", String.join("; ", errors));
            }
            g.writeEndObject();
        }
        return text.toString();
    }

    private static void write(JsonGenerator g, String name, Peer.@Nullable Answer a) throws IOException {
        if (a != null) {
            g.writeObjectFieldStart(name);
            g.writeNumberField("median_ns", a.median());
            g.writeNumberField("best_ns", a.best());
            g.writeNumberField("peak_kib", a.peak());
            g.writeEndObject();
        }
    }
}
