package dev.tenon.autograd;

import dev.tenon.api.Context;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Gradients as values: of outputs with respect to inputs, without touching [Tensor#grad()]; products with Jacobians;
/// whole Jacobians and Hessians; checks of gradients; checkpoints.
public final class Gradients {
    private Gradients() {}

    /// The result of a function together with a product with its Jacobian.
    ///
    /// @param outputs what the function returned, without history
    /// @param products the products
    public record Product(List<Tensor> outputs, List<Tensor> products) {
        /// Copies the lists.
        public Product {
            outputs = List.copyOf(outputs);
            products = List.copyOf(products);
        }

        /// The only output.
        public Tensor output() {
            return outputs.getFirst();
        }

        /// The only product.
        public Tensor product() {
            return products.getFirst();
        }
    }

    // --- grad

    /// The gradient of a scalar with respect to a tensor that it was computed from.
    public static Tensor grad(Tensor output, Tensor input) {
        return grad(output, input, false);
    }

    /// The gradient of a scalar with respect to a tensor that it was computed from.
    ///
    /// @param createGraph whether the gradient can itself be differentiated
    public static Tensor grad(Tensor output, Tensor input, boolean createGraph) {
        return required(grad(List.of(output), List.of(input), null, createGraph, createGraph, false)).getFirst();
    }

    /// The gradients of the sum of scalars with respect to tensors that they were computed from.
    public static List<Tensor> grad(List<Tensor> outputs, List<Tensor> inputs) {
        return required(grad(outputs, inputs, null, false, false, false));
    }

    /// The gradients of outputs with respect to inputs, leaves or not. Only what leads from the ones to the others is
    /// computed. No [Tensor#grad()] is touched; hooks are called.
    ///
    /// @param gradOutputs the gradient of each output; null, as a whole or for one, stands for one of a scalar
    /// @param retainGraph whether what was saved stays for another pass
    /// @param createGraph whether the gradients can themselves be differentiated; keeps the graph as well
    /// @param allowUnused whether the gradient of an input that was not used is null, rather than an error
    /// @throws TensorException if an input requires no gradient or was not used, if no output requires a gradient, or
    /// if     an output is no scalar and has no gradient given
    public static List<@Nullable Tensor> grad(List<Tensor> outputs, List<Tensor> inputs,
            @Nullable List<? extends @Nullable Tensor> gradOutputs, boolean retainGraph, boolean createGraph,
            boolean allowUnused) {
        if (gradOutputs != null && gradOutputs.size() != outputs.size()) {
            throw new TensorException("grad: " + gradOutputs.size() + " gradients for " + outputs.size() + " outputs");
        }
        for (int i = 0; i < inputs.size(); i++) {
            if (!inputs.get(i).requiresGrad()) {
                throw new TensorException("grad: input " + i + ", " + inputs.get(i).type()
                        + ", requires no gradient: mark it with requiresGrad(true) before computing the outputs");
            }
        }
        for (int i = 0; i < outputs.size(); i++) {
            if (!outputs.get(i).requiresGrad()) {
                throw new TensorException("grad: output " + i + ", " + outputs.get(i).type() + ", requires no gradient:"
                        + " none of the tensors that it was computed from does, or gradients were not tracked");
            }
        }
        List<? extends @Nullable Tensor> seeds = gradOutputs == null
                ? Collections.<@Nullable Tensor>nCopies(outputs.size(), null) : gradOutputs;
        List<@Nullable Tensor> grads = compute(outputs, inputs, seeds, retainGraph || createGraph, createGraph, false);
        for (int i = 0; i < grads.size(); i++) {
            if (grads.get(i) == null && !allowUnused) {
                throw new TensorException("grad: input " + i + ", " + inputs.get(i).type()
                        + ", was not used to compute the outputs: pass allowUnused = true to get null for it");
            }
        }
        return grads;
    }

    private static List<Tensor> required(List<@Nullable Tensor> grads) {
        List<Tensor> out = new ArrayList<>(grads.size());
        for (Tensor g : grads) {
            if (g == null) {
                throw new IllegalStateException("a gradient is missing");
            }
            out.add(g);
        }
        return out;
    }

    /// The gradients of outputs with respect to inputs that are taken as independent of each other: of a part of a
    /// computation, whatever led to its inputs. Null for inputs that were not used or require no gradient. No hooks on
    /// inputs are called.
    ///
    /// @param outputs tensors that require a gradient
    /// @param gradOutputs the gradient of each output
    public static List<@Nullable Tensor> gradOfPart(
            List<Tensor> outputs, List<Tensor> inputs, List<Tensor> gradOutputs) {
        return compute(outputs, inputs, gradOutputs, false, false, true);
    }

    private static List<@Nullable Tensor> compute(List<Tensor> outputs, List<Tensor> inputs,
            List<? extends @Nullable Tensor> seeds, boolean retainGraph, boolean createGraph, boolean stops) {
        Capture capture = new Capture(inputs.size(), stops);
        for (int i = 0; i < inputs.size(); i++) {
            Node n = Node.of(inputs.get(i));
            if (n != null) {
                capture.want(n, Node.slotOf(inputs.get(i)), i);
            }
        }
        capture.explore(outputs);
        Pass.run(outputs, seeds, new Pass("grad", retainGraph, createGraph, capture));
        List<@Nullable Tensor> grads = new ArrayList<>();
        for (Tensor g : capture.gradients()) {
            if (g == null) {
                grads.add(null);
            } else {
                // The pass works outside of scopes; the result belongs to the caller's.
                Tensor mine = g.detach();
                Node n = createGraph ? Node.of(g) : null;
                if (n != null) {
                    mine.gradState().setNode(n, Node.slotOf(g));
                }
                g.close();
                grads.add(mine);
            }
        }
        return grads;
    }

    /// The gradients, with zeros for inputs that were not used.
    private static List<Tensor> orZeros(List<Tensor> outputs, List<Tensor> inputs,
            List<? extends @Nullable Tensor> seeds, boolean retainGraph, boolean createGraph) {
        List<Tensor> out = new ArrayList<>();
        List<@Nullable Tensor> grads = compute(outputs, inputs, seeds, retainGraph, createGraph, false);
        for (int i = 0; i < inputs.size(); i++) {
            Tensor g = grads.get(i);
            out.add(g != null ? g : Tensors.zerosLike(inputs.get(i)));
        }
        return out;
    }

    private static List<Tensor> leaves(List<Tensor> inputs) {
        List<Tensor> out = new ArrayList<>();
        for (Tensor t : inputs) {
            out.add(t.detach().requiresGrad(true));
        }
        return out;
    }

    private static List<Tensor> detached(Scope scope, List<Tensor> tensors) {
        List<Tensor> out = new ArrayList<>();
        for (Tensor t : tensors) {
            out.add(scope.keep(t.detach()));
        }
        return out;
    }

    private static Function<List<Tensor>, List<Tensor>> listed(UnaryOperator<Tensor> fn) {
        return in -> List.of(fn.apply(in.getFirst()));
    }

    // --- products with Jacobians

    /// What a function returns for an input, and the product of `v`, of the result's shape, with its Jacobian there.
    public static Product vjp(UnaryOperator<Tensor> fn, Tensor input, Tensor v) {
        return vjp(listed(fn), List.of(input), List.of(v));
    }

    /// What a function returns for inputs, and for each input the product of `v`, one for each output and of its shape,
    /// with the Jacobian there: reverse mode, one pass.
    public static Product vjp(Function<List<Tensor>, List<Tensor>> fn, List<Tensor> inputs, List<Tensor> v) {
        try (Scope scope = Scope.open(); Context.Mode _ = Context.gradients(true)) {
            List<Tensor> x = leaves(inputs);
            List<Tensor> y = fn.apply(x);
            requireEach("vjp", "outputs", v, y);
            return new Product(detached(scope, y), detached(scope, orZeros(y, x, v, false, false)));
        }
    }

    /// What a function returns for an input, and the product of its Jacobian there with `v`, of the input's shape: the
    /// derivative in direction `v`.
    public static Product jvp(UnaryOperator<Tensor> fn, Tensor input, Tensor v) {
        return jvp(listed(fn), List.of(input), List.of(v));
    }

    /// What a function returns for inputs, and for each output the product of the Jacobian there with `v`, one for each
    /// input and of its shape.
    ///
    /// The product with the transposed Jacobian is linear in what it is taken with; its own transpose is the product
    /// wanted, so two reverse passes give it (J. Townsend, "A new trick for calculating Jacobian vector products",
    /// 2017).
    public static Product jvp(Function<List<Tensor>, List<Tensor>> fn, List<Tensor> inputs, List<Tensor> v) {
        try (Scope scope = Scope.open(); Context.Mode _ = Context.gradients(true)) {
            requireEach("jvp", "inputs", v, inputs);
            List<Tensor> x = leaves(inputs);
            List<Tensor> y = fn.apply(x);
            List<Tensor> u = new ArrayList<>();
            for (Tensor t : y) {
                u.add(Tensors.zerosLike(t).requiresGrad(true));
            }
            List<Tensor> g = orZeros(y, x, u, true, true);
            return new Product(detached(scope, y), detached(scope, orZeros(g, u, v, false, false)));
        }
    }

    private static void requireEach(String method, String what, List<Tensor> v, List<Tensor> of) {
        if (v.size() != of.size()) {
            throw new TensorException(method + ": " + v.size() + " vectors for " + of.size() + " " + what);
        }
        for (int i = 0; i < v.size(); i++) {
            if (!v.get(i).shape().equals(of.get(i).shape()) || v.get(i).dtype() != of.get(i).dtype()) {
                throw new TensorException(method + ": vector " + i + " is " + v.get(i).type() + ", the " + what
                        + " have " + of.get(i).type() + " there: shape and dtype must be equal");
            }
        }
    }

    // --- whole derivatives

    /// The Jacobian of a function, of the result's shape followed by the input's: one reverse pass for each element of
    /// the result.
    public static Tensor jacobian(UnaryOperator<Tensor> fn, Tensor input) {
        return jacobian((List<Tensor> in) -> fn.apply(in.getFirst()), List.of(input)).getFirst();
    }

    /// The Jacobians of a function of several inputs, one for each.
    public static List<Tensor> jacobian(Function<List<Tensor>, Tensor> fn, List<Tensor> inputs) {
        try (Scope scope = Scope.open(); Context.Mode _ = Context.gradients(true)) {
            List<Tensor> x = leaves(inputs);
            return detached(scope, rows(fn.apply(x), x));
        }
    }

    /// The Hessian of a function with a scalar result, of the input's shape twice.
    public static Tensor hessian(UnaryOperator<Tensor> fn, Tensor input) {
        try (Scope scope = Scope.open(); Context.Mode _ = Context.gradients(true)) {
            List<Tensor> x = leaves(List.of(input));
            Tensor y = fn.apply(x.getFirst());
            if (y.elements() != 1) {
                throw new TensorException("hessian: the function returned " + y.type() + ", expected a scalar");
            }
            Tensor ones = Tensors.onesLike(y);
            Tensor g = orZeros(List.of(y), x, List.of(ones), true, true).getFirst();
            return detached(scope, rows(g, x)).getFirst();
        }
    }

    /// The derivative of each element of y with respect to each x.
    private static List<Tensor> rows(Tensor y, List<Tensor> x) {
        List<List<Tensor>> rows = new ArrayList<>();
        for (long i = 0; i < y.elements(); i++) {
            rows.add(orZeros(List.of(y), x, List.of(unit(y, i)), true, false));
        }
        List<Tensor> out = new ArrayList<>();
        for (int k = 0; k < x.size(); k++) {
            List<Tensor> parts = new ArrayList<>();
            for (List<Tensor> r : rows) {
                parts.add(r.get(k).reshape(-1));
            }
            Tensor all = parts.isEmpty() ? Tensors.zeros(y.shape(), x.get(k).dtype(), y.device())
                    : Tensors.stack(0, parts);
            out.add(all.reshape(y.shape().concat(x.get(k).shape())));
        }
        return out;
    }

    /// One at the given row-major place, zero elsewhere.
    private static Tensor unit(Tensor like, long place) {
        Expr here = Exprs.binary(BinaryFn.EQ, new Expr.Index(-1), new Expr.Param(Kind.I64, 0));
        return Dispatcher.create(new MapOp("unit", Lambda.of(here, like.dtype()), like.shape(), Scalars.ofBits(place)),
                like.device());
    }

    // --- checks and checkpoints

    /// Compares the gradients of a function with finite differences; takes inputs of dtype `F64`. Others, such as
    /// indices, are passed on as they are.
    ///
    /// @throws AssertionError if they differ; the message names the first place
    public static void gradCheck(Function<List<Tensor>, Tensor> fn, Tensor... inputs) {
        GradCheck.first(fn, List.of(inputs));
    }

    /// As [#gradCheck], for the gradients of the gradients.
    ///
    /// @throws AssertionError if they differ; the message names the first place
    public static void gradGradCheck(Function<List<Tensor>, Tensor> fn, Tensor... inputs) {
        GradCheck.second(fn, List.of(inputs));
    }

    /// The result of a function that saves nothing but its input for the backward pass, which computes everything else
    /// again: memory for time.
    public static Tensor checkpoint(UnaryOperator<Tensor> fn, Tensor input) {
        return checkpoint(listed(fn), List.of(input)).getFirst();
    }

    /// The results of a function that saves nothing but its inputs for the backward pass, which computes everything
    /// else again: memory for time. Random numbers from the default generator are the same the second time, and so is
    /// every bit of the result. Gradients flow to the inputs and to whatever else the function reads, such as
    /// parameters.
    public static List<Tensor> checkpoint(Function<List<Tensor>, List<Tensor>> fn, List<Tensor> inputs) {
        return Checkpoint.run(fn, List.copyOf(inputs));
    }
}
