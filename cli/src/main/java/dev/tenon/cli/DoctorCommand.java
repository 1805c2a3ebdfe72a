package dev.tenon.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `tenon doctor`: what of this machine Tenon can use, and what stands in its way.
@Command(
    name = "doctor",
    description = "Checks Java, the vector module, memory, backends and devices, and computes a little on each device.",
    footer = {"", "Each line begins with OK, WARN (works, but slower or with less) or FAIL.",
        "Exit code 0 if nothing failed, otherwise 1."},
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--json", description = "One line of JSON on standard output.")
    private boolean json;

    DoctorCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = Main.out(spec);
        List<Checks.Finding> findings = Checks.all();
        long failed = findings.stream().filter(f -> f.level() == Checks.Level.FAIL).count();
        if (json) {
            List<Object> lines = findings.stream().<Object>map(f -> {
                Map<String, Object> m = new LinkedHashMap<>();
                m.put("level", f.level().name());
                m.put("check", f.check());
                m.put("text", f.text());
                return m;
            }).toList();
            out.println(Json.line(Map.of("failed", failed, "findings", lines)));
        } else {
            for (Checks.Finding f : findings) {
                out.printf("%-4s  %-14s  %s%n", f.level(), f.check(), f.text());
            }
            long warned = findings.stream().filter(f -> f.level() == Checks.Level.WARN).count();
            out.println(failed > 0 ? failed + " of " + findings.size() + " checks failed."
                : warned > 0 ? "Works, with " + warned + (warned == 1 ? " remark." : " remarks.") : "All is well.");
        }
        return failed > 0 ? 1 : 0;
    }
}
