package dev.tenon.discovery;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.SGD;
import java.util.Arrays;
import java.util.Map;

/// The program that [WithoutVectorModuleTest] runs in a JVM of its own: prints one line `name = values` for each
/// result.
final class WithoutVectorModule {
    private WithoutVectorModule() {}

    public static void main(String[] args) {
        Device cpu = Device.of("cpu");
        Tensor a = counting(cpu, 2, 3);
        show("matmul", a.matmul(counting(cpu, 3, 2)));
        show("matmul f64", a.to(DType.F64).matmul(counting(cpu, 3, 2).to(DType.F64)));
        show("matmul f16", a.to(DType.F16).matmul(counting(cpu, 3, 2).to(DType.F16)).to(DType.F32));
        show("matmul bf16", a.to(DType.BF16).matmul(counting(cpu, 3, 2).to(DType.BF16)).to(DType.F32));
        show("elementwise", a.mul(a).add(1).sqrt().floor());
        show("exp", Tensors.zeros(Shape.of(3), DType.F32, cpu).exp());
        show("sum", a.sum());
        Tensor image = counting(cpu, 1, 1, 4, 4).requiresGrad(true);
        Tensor weight = Tensors.ones(Shape.of(1, 1, 3, 3), DType.F32, cpu).requiresGrad(true);
        Tensor y = Convs.conv2d(image, weight, null);
        show("convolution", y);
        y.sum().backward();
        show("gradient of the image", image.grad());
        show("gradient of the weight", weight.grad());
        Tensor pixels = counting(cpu, 1, 1, 4, 4).requiresGrad(true);
        Tensor largest = Pools.maxPool2d(pixels, 2);
        show("max pool", largest);
        largest.sum().backward();
        show("gradient of max pool", pixels.grad());
        show("average pool", Pools.avgPool2d(pixels, 2));
        train(cpu);
    }

    /// One step of gradient descent for the mean of the squares of `w x` with `x = 2`, `w = 3`: `w - 0.0625 * 2 w x^2`.
    private static void train(Device cpu) {
        Linear layer = new Linear(1, 1);
        layer.to(cpu);
        layer.loadStateDict(Map.of("weight", Tensors.full(Shape.of(1, 1), 3, DType.F32, cpu), "bias",
                Tensors.zeros(Shape.of(1), DType.F32, cpu)));
        SGD optimizer = new SGD(layer.parameters(), 0.0625);
        Tensor out = layer.call(Tensors.full(Shape.of(1, 1), 2, DType.F32, cpu));
        out.mul(out).mean().backward();
        optimizer.step();
        show("weight after a step", layer.stateDict().get("weight"));
    }

    private static Tensor counting(Device device, long... dims) {
        Shape shape = Shape.of(dims);
        return Tensors.arange(0, shape.elements(), 1, DType.F32, device).reshape(dims);
    }

    private static void show(String name, Tensor x) {
        System.out.println(name + " = " + Arrays.toString(x.toDoubleArray()));
    }
}
