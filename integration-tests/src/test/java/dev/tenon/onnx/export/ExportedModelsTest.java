package dev.tenon.onnx.export;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OrtException;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.models.ModelEntry;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.onnx.OnnxException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Models of the zoo, exported, agree in ONNX Runtime. The large ones take minutes: `-Dtenon.zoo.all=true` takes all of
/// which the file has less than 2 GiB, `-Dtenon.zoo.models=resnet.*` those of a name.
class ExportedModelsTest {
    private static final Set<String> SMALL = Set.of("lenet5", "lenet5_modern", "resnet18_cifar", "resnet20_cifar",
            "densenet40_cifar", "char_lstm", "gpt_mini");

    @TestFactory
    Stream<DynamicTest> models() {
        boolean all = Boolean.getBoolean("tenon.zoo.all");
        String wanted = System.getProperty("tenon.zoo.models", all ? ".*" : "(" + String.join("|", SMALL) + ")");
        return Models.all().values().stream()
                .filter(e -> e.name().matches(wanted) && !e.name().matches("gpt2_(large|xl)|vit_h_14"))
                .map(e -> DynamicTest.dynamicTest(e.name(), () -> check(e)));
    }

    private static void check(ModelEntry e) throws OrtException, OnnxException {
        try (Scope _ = Scope.open()) {
            var model = Exported.spread(e.create(new ModelOptions()));
            Tensor x;
            if (e.isLanguageModel()) {
                x = Tensors.randint(0, e.numClasses(), Shape.of(2, 12), Device.getDefault(), new Generator(3));
            } else {
                long edge = e.leastSize() == 0 ? e.input().dim(1) : Math.max(e.leastSize(), 40);
                x = Tensors.randn(Shape.of(2, e.input().dim(0), edge, edge), DType.F32, Device.getDefault(),
                        new Generator(3));
            }
            Map<String, Integer> operators = Exported.check(e.name(), model, x);
            System.out.println(e.name() + " exported: " + operators);
            // Normalisation is not left as arithmetic.
            long norms = model.tensors().keySet().stream().filter(n -> n.endsWith("running_var")).count();
            assertEquals(norms, operators.getOrDefault("BatchNormalization", 0).longValue());
        }
    }
}
