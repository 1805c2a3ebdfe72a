package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.tenon.api.BackendException;
import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.tck.samples.Family;
import dev.tenon.tck.samples.Sample;
import dev.tenon.tck.samples.Values;
import java.util.ArrayList;
import java.util.List;

/// Runs a sample on the device and holds the results against the reference backend's, against what the op infers, and,
/// for a composite, against its decomposition on the same device.
final class SampleCheck {
    private final Device device;
    private final Device oracle;
    private final SupportMatrix matrix;

    SampleCheck(Device device, Device oracle, SupportMatrix matrix) {
        this.device = device;
        this.oracle = oracle;
        this.matrix = matrix;
    }

    void check(Sample s) {
        if (matrix.limitation(s.op(), s.dtype()).isPresent()) {
            expectClearError(s);
            matrix.limited(s.op(), s.dtype());
            return;
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            run(s);
            matrix.passed(s.op(), s.dtype());
        } catch (RuntimeException | Error e) {
            matrix.failed(s.op(), s.dtype());
            throw e;
        }
    }

    /// What is declared not to work must say so, not crash and not give a result.
    private void expectClearError(Sample s) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            RuntimeException e = assertThrows(RuntimeException.class, () -> s.call().on(device, s.on(device)),
                    () -> s + " is declared a limitation but works: remove the declaration");
            assertTrue(e instanceof BackendException || e instanceof TensorException,
                    () -> s + ": expected a BackendException or TensorException, got " + e);
            assertNotNull(e.getMessage(), () -> s + ": the error has no message");
        }
    }

    private void run(Sample s) {
        List<Tensor> in = s.on(device);
        List<Values> before = values(in);
        List<Tensor> got = s.call().on(device, in);
        List<Values> results = values(got);
        s.direct().ifPresent(op -> checkTypes(op, in, got));

        List<Values> expected = values(s.call().on(oracle, s.on(oracle)));
        compare(s, "against the reference backend", results, expected);
        if (s.direct().orElse(null) instanceof Composite c) {
            compare(s, "against its decomposition", results, values(c.decompose(in)));
        }
        List<Values> after = values(in);
        for (int i = 0; i < in.size(); i++) {
            int number = i;
            after.get(i).differenceFrom(before.get(i), Family.EXACT, 0)
                    .ifPresent(d -> fail(s + ": operand " + number + " was changed: " + d));
        }
    }

    private static void checkTypes(Op op, List<Tensor> in, List<Tensor> got) {
        List<TensorType> inferred = op.infer(in.stream().map(Tensor::type).toList());
        assertEquals(inferred.size(), got.size(), () -> op.name() + ": number of results");
        for (int i = 0; i < got.size(); i++) {
            TensorType want = inferred.get(i);
            TensorType type = got.get(i).type();
            assertEquals(want.dtype(), type.dtype(), () -> op.name() + ": dtype");
            assertEquals(want.shape(), type.shape(), () -> op.name() + ": shape");
            if (!(op instanceof ViewOp)) {
                assertTrue(type.isContiguous(), () -> op.name() + ": the result is not contiguous: " + type);
            }
        }
    }

    private void compare(Sample s, String what, List<Values> got, List<Values> expected) {
        assertEquals(expected.size(), got.size(), () -> s + " " + what + ": number of results");
        for (int i = 0; i < got.size(); i++) {
            String which = got.size() > 1 ? ", result " + i : "";
            got.get(i).differenceFrom(expected.get(i), s.family(), s.scale())
                    .ifPresent(d -> fail(s + " (" + s.operands() + ") " + what + which + ": " + d));
        }
    }

    static List<Values> values(List<Tensor> tensors) {
        List<Values> v = new ArrayList<>();
        for (Tensor t : tensors) {
            v.add(Values.of(t));
        }
        return v;
    }
}
