package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The programs that the documentation shows, unchanged, on an OpenCL device: `-Dtenon.device=opencl` is all it takes.
class ExamplesTest {
    @TempDir
    Path folder;

    private Map<String, double[]> run(String device) throws IOException, InterruptedException {
        Child c = Child.run(folder, Map.of(), List.of("-Dtenon.device=" + device), ExamplesProgram.class.getName(),
                folder.toString());
        assertEquals(0, c.exitCode(), c.printed());
        Map<String, double[]> results = new LinkedHashMap<>();
        c.printed().lines().filter(l -> l.contains(" = [")).forEach(l -> {
            String[] parts = l.split(" = ");
            results.put(parts[0], Arrays.stream(parts[1].replaceAll("[\\[\\]]", "").split(", "))
                    .mapToDouble(Double::parseDouble).toArray());
        });
        return results;
    }

    @Test
    void theyGiveOnOpenClWhatTheyGiveOnTheCpu() throws Exception {
        Twins.requireOpenCl();
        Map<String, double[]> cpu = run("cpu");
        Map<String, double[]> opencl = run("opencl");
        assertEquals(11, cpu.size(), cpu.keySet()::toString);
        assertEquals(cpu.keySet(), opencl.keySet());
        cpu.forEach((name, want) -> {
            double[] got = opencl.get(name);
            assertEquals(want.length, got.length, name);
            // Shares of right answers among few: one more or less is rounding.
            double tolerance = switch (name) {
                case "precisions", "tree LSTM", "modular net" -> 0.05;
                default -> 1e-3;
            };
            for (int i = 0; i < want.length; i++) {
                assertTrue(Math.abs(want[i] - got[i]) <= tolerance * Math.max(1, Math.abs(want[i])),
                        name + ": " + Arrays.toString(got) + ", on the CPU " + Arrays.toString(want));
            }
        });
    }
}
