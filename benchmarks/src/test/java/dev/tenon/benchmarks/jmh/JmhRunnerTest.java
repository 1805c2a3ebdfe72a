package dev.tenon.benchmarks.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.runner.RunnerException;

/// The benchmarks start. That they are right is not looked at here: they call what other tests test.
class JmhRunnerTest {
    @BeforeAll
    static void generated() {
        assumeTrue(JmhRunnerTest.class.getResource("/META-INF/BenchmarkList") != null,
            "compiled without JMH's annotation processor");
    }

    private static List<String> run(Path results, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("-f", "0", "-wi", "0", "-i", "1", "-r", "1ms",
            "-rf", "csv", "-rff", results.toString(), "-o", results + ".log"));
        all.addAll(List.of(arguments));
        JmhRunner.run(all.toArray(String[]::new));
        return Files.readAllLines(results);
    }

    @ParameterizedTest
    @ValueSource(strings = {"MatMulBenchmark.matmul -p size=7x5x3", "ElementwiseBenchmark.add$ -p size=5",
        "ReductionBenchmark.sumOfRows -p size=3x4", "NormBenchmark -p size=3x4 -p layout=columns",
        "ConvBenchmark -p size=1x2x5x4x3x1x1x1", "PoolBenchmark.maxPool -p size=1x1x6x2x2x0",
        "OverheadBenchmark -p ops=2"})
    void starts(String arguments, @TempDir Path folder) throws Exception {
        List<String> lines = run(folder.resolve("results.csv"), arguments.split(" "));
        assertTrue(lines.size() > 1, lines::toString);
        for (String line : lines.subList(1, lines.size())) {
            double score = Double.parseDouble(line.split(",")[4]);
            assertTrue(score > 0, line);
        }
    }

    @Test
    void aFailureIsOneOfTheCommand(@TempDir Path folder) {
        RunnerException e = assertThrows(RunnerException.class, () ->
            run(folder.resolve("results.csv"), "MatMulBenchmark.matmul", "-p", "size=7x5x3", "-p", "layout=diagonal"));
        assertEquals("Benchmark caught the exception", e.getMessage());
    }
}
