package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.spi.OpPolicy;
import dev.tenon.autograd.Function;
import dev.tenon.autograd.FunctionContext;
import dev.tenon.data.format.Npy;
import dev.tenon.data.format.Safetensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What [ParityReplay] lets pass and what it does not: a network with a unit at its switch, computed rightly on both
/// sides of it, and computed wrongly.
class ParityReplayTest {
    private static final String NAME = "conv1.weight";
    private static final ParityRule RULE = new ParityRule((_, max) -> 1e-5 * max, (w, _) -> 1e-9 * Math.abs(w));

    @TempDir
    private Path folder;

    /// A LeNet-5 in which the largest unit of one window of the first pool is 0 up to rounding.
    private ParityFolder atASwitch() throws IOException {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Tensors.manualSeed(4);
            Module net = Models.create("lenet5_modern", new ModelOptions());
            Tensor x = Tensors.randn(2, 1, 28, 28);
            Conv2d first = (Conv2d) net.namedModules().get("conv1");
            Tensor window = first.call(x).select(0, 0).select(0, 0).narrow(0, 10, 2).narrow(1, 10, 2);
            net.namedParameters().get("conv1.bias").get().narrow(0, 0, 1).sub_(window.max());
            Safetensors.write(folder.resolve("state.safetensors"), net.stateDict(), Map.of());
            Npy.write(folder.resolve("input.npy"), x);
            Npy.write(folder.resolve("labels.npy"),
                    Tensors.randint(0, 10, Shape.of(2), Device.getDefault(), Generator.getDefault()));
        }
        Map<String, Object> train = Map.of("grad_first8", Map.of(NAME, Collections.nCopies(25, 0.0)),
                "running_after", Map.of());
        return new ParityFolder(folder, "lenet5_modern", Map.of("train", train));
    }

    private static double[] gradient(ParityStep s) {
        return s.gradients().getOrDefault(NAME, new double[0]);
    }

    private static ParityReplay replay(ParityFolder f, OpPolicy ops) throws IOException {
        return new ParityReplay(f, Device.getDefault(), Device.getDefault(), ops);
    }

    private static boolean isExplained(ParityReplay r) {
        return r.explains(gradient(r.exact()), gradient(r.recorded()), ParityReplayTest::gradient, RULE);
    }

    private static boolean isAsInF64(ParityReplay r) {
        return RULE.fits(DType.F32, gradient(r.exact()), gradient(r.recorded()));
    }

    /// The results of convolutions, handed on changed.
    private static OpPolicy convolutions(Function change) {
        return (op, in) -> {
            List<Tensor> out = Dispatcher.apply(op, in);
            return op instanceof Convolution ? List.of(change.apply(out.getFirst())) : out;
        };
    }

    /// Changes values and lets gradients pass.
    private abstract static class Changed extends Function {
        @Override
        protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
            return gradOutputs;
        }
    }

    /// Another order of summation may give either.
    private static OpPolicy nearZero(double instead) {
        return convolutions(new Changed() {
            @Override
            protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
                Tensor y = inputs.getFirst();
                return List.of(Tensors.full(y.shape(), instead, y.dtype(), y.device()).where(y.abs().lt(2e-6), y));
            }
        });
    }

    @Test
    void bothSidesOfASwitchAreRight() throws IOException {
        ParityFolder f = atASwitch();
        int jumped = 0;
        for (double side : new double[] {1e-7, -1e-7}) {
            ParityReplay r = replay(f, nearZero(side));
            assertTrue(isExplained(r), r::toString);
            jumped += isAsInF64(r) ? 0 : 1;
        }
        assertTrue(jumped > 0, "neither side is the other one than F64's");
    }

    @Test
    void anErrorInAResultIsNotExplainedAway() throws IOException {
        ParityReplay r = replay(atASwitch(), convolutions(new Changed() {
            @Override
            protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
                // One border of one channel.
                Tensor y = inputs.getFirst().clone();
                y.select(1, 2).narrow(1, 0, 1).mul_(1.01);
                return List.of(y);
            }
        }));
        assertFalse(isExplained(r), r::toString);
    }

    @Test
    void anErrorInAGradientIsNotExplainedAway() throws IOException {
        ParityReplay r = replay(atASwitch(), convolutions(new Changed() {
            @Override
            protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
                return List.of(inputs.getFirst().clone());
            }

            @Override
            protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
                return List.of(gradOutputs.getFirst().mul(1.0005));
            }
        }));
        assertFalse(isExplained(r), r::toString);
        assertFalse(isAsInF64(r));
    }
}
