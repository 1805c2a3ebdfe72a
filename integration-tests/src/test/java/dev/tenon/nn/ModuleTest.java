package dev.tenon.nn;

import static dev.tenon.nn.Near.assertNear;
import static dev.tenon.nn.Near.assertShape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.BatchNorm1d;
import dev.tenon.nn.layer.Bilinear;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModuleTest {
    /// A module as a user writes it: children, a parameter, buffers.
    private static final class Net extends Module {
        private final Linear fc1 = register("fc1", new Linear(3, 4));
        private final BatchNorm1d bn = register("bn", new BatchNorm1d(4));
        private final Linear fc2 = register("fc2", new Linear(4, 2, false));
        private final Parameter scale = registerParameter("scale", Tensors.full(Shape.of(2),
                2, DType.F32, Device.getDefault()));

        Net() {
            registerBuffer("steps", Tensors.zeros(1));
            registerBuffer("scratch", Tensors.zeros(1), false);
        }

        @Override
        public Tensor forward(Tensor x) {
            return fc2.call(bn.call(fc1.call(x).relu())).mul(scale.get());
        }
    }

    @Test
    void namesAreDottedAndInOrderOfRegistration() {
        Net net = new Net();
        assertEquals(List.of("scale", "fc1.weight", "fc1.bias", "bn.weight", "bn.bias", "fc2.weight"),
                List.copyOf(net.namedParameters().keySet()));
        assertEquals(List.of("steps", "scratch", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked"),
                List.copyOf(net.namedBuffers().keySet()));
        assertEquals(List.of("", "fc1", "bn", "fc2"), List.copyOf(net.namedModules().keySet()));
        assertEquals(List.of("scale", "steps", "fc1.weight", "fc1.bias", "bn.weight", "bn.bias", "bn.running_mean",
                "bn.running_var", "bn.num_batches_tracked", "fc2.weight"), List.copyOf(net.stateDict().keySet()));
        assertEquals(2 + 12 + 4 + 4 + 4 + 8, net.parameterCount());
    }

    @Test
    void gradientsReachEveryParameter() {
        Net net = new Net();
        net.call(Tensors.randn(5, 3)).square().sum().backward();
        net.namedParameters().forEach((name, p) -> {
            Tensor g = assertNotNull2(p.grad(), name);
            assertEquals(p.shape(), g.shape(), name);
        });
        net.zeroGrad();
        net.parameters().forEach(p -> assertNull(p.grad()));
        net.requiresGrad(false);
        assertFalse(net.call(Tensors.randn(5, 3)).requiresGrad());
    }

    private static Tensor assertNotNull2(Tensor t, String name) {
        assertNotNull(t, name);
        return t;
    }

    @Test
    void parametersMadeInAScopeOutliveIt() {
        Net net;
        try (Scope _ = Scope.open()) {
            net = new Net();
        }
        assertShape(net.call(Tensors.randn(5, 3)), 5, 2);
        assertEquals(2, net.scale.get().toFloatArray()[1]);
    }

    @Test
    void aParameterThatStartsAtAViewHasMemoryOfItsOwn() {
        Tensor whole = Near.ramp(1, 4);
        Parameter p = Parameter.startingAt(whole.narrow(0, 1, 2));
        whole.zero_();
        assertNear(new double[] {1, 2}, p.get());
        assertThrows(TensorException.class, () -> Parameter.startingAt(Tensors.of(1L, 2L)));
    }

    @Test
    void stateDictGoesThroughAnotherModule() {
        Net a = new Net();
        Net b = new Net();
        a.call(Tensors.randn(5, 3));
        b.loadStateDict(a.stateDict());
        a.eval();
        b.eval();
        Tensor x = Tensors.randn(5, 3);
        assertArrayEquals(a.call(x).toFloatArray(), b.call(x).toFloatArray());
        assertEquals(1, b.bn.namedBuffers().get("num_batches_tracked").get().itemLong());
    }

    @Test
    void everythingThatDoesNotFitIsReportedAtOnceAndNothingIsLoaded() {
        Net net = new Net();
        float[] before = net.fc1.weight().get().toFloatArray();
        Map<String, Tensor> state = new LinkedHashMap<>(new Net().stateDict());
        state.remove("bn.running_var");
        state.put("extra", Tensors.zeros(1));
        state.put("fc2.weight", Tensors.zeros(2, 5));
        var e = assertThrows(IllegalArgumentException.class, () -> net.loadStateDict(state));
        for (String part : List.of("missing in the state: bn.running_var", "unexpected in the state: extra",
                "fc2.weight (the module has [2, 4], the state [2, 5])", "Nothing was loaded")) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        assertArrayEquals(before, net.fc1.weight().get().toFloatArray());
        assertThrows(IllegalArgumentException.class, () -> net.loadStateDict(state, false));
        state.remove("fc2.weight");
        LoadReport report = net.loadStateDict(state, false);
        assertEquals(List.of("bn.running_var", "fc2.weight"), report.missing());
        assertEquals(List.of("extra"), report.unexpected());
        assertFalse(report.isComplete());
        assertArrayEquals(state.get("fc1.weight").toFloatArray(), net.fc1.weight().get().toFloatArray());
    }

    @Test
    void modesReachChildren() {
        Net net = new Net();
        assertTrue(net.bn.isTraining());
        net.eval();
        assertFalse(net.bn.isTraining());
        net.train();
        assertTrue(net.bn.isTraining());
    }

    @Test
    void conversionKeepsTheParameterAndItsGradientAndLeavesCountersAlone() {
        Net net = new Net();
        Parameter w = net.fc1.weight();
        net.call(Tensors.randn(5, 3)).sum().backward();
        double[] grad = assertNotNull2(w.grad(), "grad").toDoubleArray();
        net.to(DType.F64);
        assertSame(w, net.fc1.weight());
        assertEquals(DType.F64, w.dtype());
        assertTrue(w.requiresGrad());
        assertArrayEquals(grad, assertNotNull2(w.grad(), "grad").toDoubleArray());
        assertEquals(DType.I64, net.bn.namedBuffers().get("num_batches_tracked").dtype());
        assertEquals(DType.F64, net.call(Tensors.randn(5, 3).to(DType.F64)).dtype());
        assertThrows(IllegalArgumentException.class, () -> net.to(DType.I32));
    }

    @Test
    void sharedParametersCountOnceAndAreSavedTwice() {
        Linear a = new Linear(3, 3);
        Module tied = new Module() {
            private final Linear first = register("first", a);
            private final Parameter again = registerParameter("again", a.weight());

            @Override
            public Tensor forward(Tensor x) {
                return first.call(x).matmul(again.get());
            }
        };
        assertEquals(2, tied.parameters().size());
        assertEquals(List.of("again", "first.weight", "first.bias"), List.copyOf(tied.stateDict().keySet()));
        assertEquals(List.of("again", "first.bias"), List.copyOf(tied.namedParameters().keySet()));
        Sequential twice = new Sequential(a, a);
        assertEquals(2, twice.parameters().size());
        assertEquals(2, twice.modules().size());
    }

    @Test
    void badNamesAndCyclesAreErrors() {
        assertThrows(IllegalArgumentException.class, () -> new Sequential().add("a.b", new ReLU()));
        assertThrows(IllegalArgumentException.class, () -> new Sequential().add("", new ReLU()));
        assertThrows(IllegalArgumentException.class, () -> new Sequential().add("a", new ReLU()).add("a", new ReLU()));
        Sequential outer = new Sequential();
        Sequential inner = new Sequential(outer);
        assertThrows(IllegalArgumentException.class, () -> outer.add(inner));
        assertThrows(IllegalArgumentException.class, () -> outer.add(outer));
    }

    @Test
    void hooksSeeAndReplaceAndGoAway() {
        Linear fc = new Linear(2, 2);
        List<String> log = new ArrayList<>();
        Runnable pre = fc.registerForwardPreHook((m, in) -> {
            log.add("pre " + in.getFirst().shape());
            return List.of(in.getFirst().mul(0.0));
        });
        Runnable post = fc.registerForwardHook((m, in, out) -> {
            log.add("post " + out.getFirst().shape());
            return List.of(out.getFirst().add(1));
        });
        Tensor bias = fc.bias().get();
        assertNear(bias.add(1).toDoubleArray(), fc.call(Tensors.randn(1, 2)));
        assertEquals(List.of("pre [1, 2]", "post [1, 2]"), log);
        pre.run();
        post.run();
        fc.call(Tensors.randn(1, 2));
        assertEquals(2, log.size());
    }

    @Test
    void hooksWorkForOtherSignaturesAndOneTensorIsRefused() {
        Bilinear b = new Bilinear(2, 3, 4, true);
        List<Integer> seen = new ArrayList<>();
        b.registerForwardHook((m, in, out) -> {
            seen.add(in.size());
            return out;
        });
        assertShape(b.call(Tensors.randn(5, 2), Tensors.randn(5, 3)), 5, 4);
        assertEquals(List.of(2), seen);
        var e = assertThrows(UnsupportedOperationException.class, () -> b.call(Tensors.randn(5, 2)));
        assertTrue(e.getMessage().contains("Bilinear"), e.getMessage());
    }

    @Test
    void containersNameByPositionOrByName() {
        Sequential s = new Sequential(new Linear(2, 3), new ReLU()).add("double", x -> x.mul(2.0));
        assertEquals(List.of("0", "1", "double"), List.copyOf(s.namedChildren().keySet()));
        Tensor x = Tensors.randn(4, 2);
        assertNear(s.get(0).call(x).relu().mul(2.0).toDoubleArray(), s.call(x));
        s.set(-1, new ReLU());
        assertEquals(List.of("0", "1", "double"), List.copyOf(s.namedChildren().keySet()));
        assertThrows(IndexOutOfBoundsException.class, () -> s.get(3));

        ModuleList<Linear> list = new ModuleList<>(new Linear(2, 2), new Linear(2, 3));
        list.add(new Linear(3, 4));
        Tensor y = x;
        for (Linear l : list) {
            y = l.call(y);
        }
        assertShape(y, 4, 4);
        list.set(-1, new Linear(3, 5));
        assertEquals(5, list.get(2).weight().shape().dim(0));
        assertEquals("2.bias", List.copyOf(list.namedParameters().keySet()).getLast());

        ModuleDict<Module> dict = new ModuleDict<Module>().put("b", new ReLU()).put("a", new Dropout(0.5));
        assertEquals(List.of("b", "a"), List.copyOf(dict.names()));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> dict.get("c")).getMessage().contains("[b, a]"));
    }

    @Test
    void textShowsTheTree() {
        Sequential s = new Sequential(new Conv2d(1, 6, 5, 1, 2), new MaxPool2d(2), new Flatten())
                .add("head", new Sequential(new Linear(6, 2), new Dropout(0.25)));
        assertEquals("""
                Sequential(
                  (0): Conv2d(1, 6, kernelSize=[5, 5], stride=1, padding=2)
                  (1): MaxPool2d(kernelSize=2)
                  (2): Flatten(from=1, to=-1)
                  (head): Sequential(
                    (0): Linear(inFeatures=6, outFeatures=2, bias=true)
                    (1): Dropout(p=0.25)
                  )
                )""", s.toString());
    }
}
