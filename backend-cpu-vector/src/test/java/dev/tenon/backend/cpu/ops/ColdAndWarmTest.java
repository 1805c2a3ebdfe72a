package dev.tenon.backend.cpu.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Everything gives the same bits before and after the compiler has got to it; otherwise the same seed would not give
/// the same losses.
class ColdAndWarmTest {
    private static final int ROUNDS = 3_000;

    @Test
    void theSameBitsColdAndWarm() {
        Device cpu = Device.of("cpu");
        Tensor x = Tensors.uniform(Shape.of(257, 131), 0.01, 3, DType.F32, cpu, new Generator(1));
        Tensor vector = Tensors.uniform(Shape.of(131), -1, 1, DType.F32, cpu, new Generator(2));
        List<UnaryOperator<Tensor>> ops = List.of(Tensor::log, Tensor::exp, Tensor::sigmoid, Tensor::sqrt, t -> t.sum(),
                t -> t.sum(1), t -> t.sum(0), t -> t.mv(vector), t -> t.mm(t.t()), t -> t.logSoftmax(1),
                t -> t.softmax(1), t -> t.to(DType.F64).sum());
        List<float[]> cold = ops.stream().map(op -> op.apply(x).toFloatArray()).toList();
        for (int i = 0; i < ROUNDS; i++) {
            try (Scope _ = Scope.open()) {
                for (int k = 0; k < ops.size(); k++) {
                    if (k != 8 || i < ROUNDS / 10) {
                        ops.get(k).apply(x);
                    }
                }
            }
        }
        for (int k = 0; k < ops.size(); k++) {
            assertArrayEquals(cold.get(k), ops.get(k).apply(x).toFloatArray(), "operation " + k);
        }
    }

    /// What a JVM gives that only interprets, against what this one gives once it has compiled.
    @Test
    void everyFunctionInterpretedAndCompiled() throws Exception {
        List<String> line = List.of(ProcessHandle.current().info().command().orElseThrow(), "-Xint", "-Xmx512m",
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), EveryFunction.class.getName());
        Process p = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String interpreted = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), "the program that is interpreted did not end well: " + interpreted);
        StringBuilder compiled = new StringBuilder();
        EveryFunction.calls().forEach((name, call) -> {
            for (int i = 0; i < ROUNDS / 3; i++) {
                try (Scope _ = Scope.open()) {
                    call.get();
                }
            }
            compiled.append(name).append(" = ").append(EveryFunction.hash(call.get())).append(System.lineSeparator());
        });
        assertEquals(interpreted, compiled.toString());
    }
}
