package dev.tenon.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The CPU backend in a JVM that was started without `--add-modules jdk.incubator.vector`, or with the Vector API
/// switched off: it computes the same, says what to add, and never loads a class of that module.
class WithoutVectorModuleTest {
    private static final String MODULE = "jdk.incubator.vector";

    @TempDir
    Path folder;

    private record Run(Map<String, String> answers, List<String> errors, List<String> vectorClasses) {}

    private Run run(String... options) throws Exception {
        Path output = folder.resolve("out.txt");
        Path errors = folder.resolve("err.txt");
        Path classes = folder.resolve("classes.txt");
        List<String> line = new ArrayList<>();
        line.add(ProcessHandle.current().info().command().orElseThrow());
        line.addAll(List.of("-Xlog:class+load:file=" + classes, "--enable-native-access=ALL-UNNAMED", "-Xmx512m"));
        line.addAll(List.of(options));
        line.addAll(List.of("-cp", System.getProperty("java.class.path"), WithoutVectorModule.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(line).redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
        Process p = builder.start();
        if (!p.waitFor(120, TimeUnit.SECONDS)) {
            p.destroyForcibly();
            throw new AssertionError("the program did not end: " + Files.readString(output));
        }
        assertEquals(0, p.exitValue(), Files.readString(output) + Files.readString(errors));
        Map<String, String> answers = new LinkedHashMap<>();
        for (String answer : Files.readAllLines(output)) {
            int at = answer.indexOf(" = ");
            if (at >= 0) {
                answers.put(answer.substring(0, at), answer.substring(at + 3));
            }
        }
        List<String> loaded = Files.readAllLines(classes);
        assertTrue(loaded.stream().anyMatch(c -> c.contains("dev.tenon.backend.cpu.CpuRuntime")), "no log of classes");
        return new Run(answers, Files.readAllLines(errors),
                loaded.stream().filter(c -> c.contains(MODULE)).toList());
    }

    private static Map<String, String> expected() {
        Map<String, String> m = new LinkedHashMap<>();
        String product = "[10.0, 13.0, 28.0, 40.0]";
        for (String dtype : List.of("", " f64", " f16", " bf16")) {
            m.put("matmul" + dtype, product);
        }
        m.put("elementwise", "[1.0, 1.0, 2.0, 3.0, 4.0, 5.0]");
        m.put("exp", "[1.0, 1.0, 1.0]");
        m.put("sum", "[15.0]");
        m.put("convolution", "[45.0, 54.0, 81.0, 90.0]");
        m.put("gradient of the image",
                "[1.0, 2.0, 2.0, 1.0, 2.0, 4.0, 4.0, 2.0, 2.0, 4.0, 4.0, 2.0, 1.0, 2.0, 2.0, 1.0]");
        m.put("gradient of the weight", "[10.0, 14.0, 18.0, 26.0, 30.0, 34.0, 42.0, 46.0, 50.0]");
        m.put("max pool", "[5.0, 7.0, 13.0, 15.0]");
        m.put("gradient of max pool",
                "[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0]");
        m.put("average pool", "[2.5, 4.5, 10.5, 12.5]");
        m.put("weight after a step", "[1.5]");
        return m;
    }

    @Test
    void withoutTheModule() throws Exception {
        Run run = run();
        assertEquals(expected(), run.answers);
        assertEquals(List.of(), run.vectorClasses, "classes of " + MODULE);
        List<String> warnings = run.errors.stream().filter(e -> e.contains("WARNING")).toList();
        assertEquals(1, warnings.size(), () -> String.join("\n", run.errors));
        assertTrue(warnings.getFirst().contains("scalar")
                && warnings.getFirst().contains("--add-modules " + MODULE), warnings.getFirst());
    }

    @Test
    void switchedOffWithTheModuleThere() throws Exception {
        Run run = run("--add-modules", MODULE, "-Dtenon.cpu.vector=false");
        assertEquals(expected(), run.answers);
        assertEquals(List.of(), run.vectorClasses, "classes of " + MODULE);
        assertTrue(run.errors.stream().noneMatch(e -> e.contains("--add-modules")), () -> run.errors.toString());
    }
}
