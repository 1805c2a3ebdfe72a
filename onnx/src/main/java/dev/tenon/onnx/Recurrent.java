package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Recurrent layers: simple ones, LSTM (Hochreiter and Schmidhuber, 1997) with peepholes, GRU (Cho et al., 2014).
final class Recurrent {
    /// What a cell remembers from step to step; the second tensor is that of an LSTM alone.
    private record State(Tensor hidden, @Nullable Tensor cell) {}

    private final Call call;
    private final int gates;
    private final long hidden;
    private final List<UnaryOperator<Tensor>> activations;
    private final UnaryOperator<Tensor> clip;

    private Recurrent(Call call, int gates, int direction, List<String> defaults) {
        this.call = call;
        this.gates = gates;
        this.hidden = call.x(2).size(-1);
        double limit = call.attr("clip", 0.0);
        this.clip = limit > 0 ? t -> t.clamp(-limit, limit) : t -> t;
        this.activations = activations(call, direction, defaults);
    }

    static void register(Operators r) {
        r.add("RNN", 1, c -> run(c, 1, List.of("Tanh")));
        r.add("GRU", 1, c -> run(c, 3, List.of("Sigmoid", "Tanh")));
        r.add("LSTM", 1, c -> run(c, 4, List.of("Sigmoid", "Tanh", "Tanh")));
    }

    private static List<OnnxValue> run(Call c, int gates, List<String> defaults) {
        boolean batchFirst = c.attr("layout", 0) == 1;
        Tensor x = batchFirst ? c.x(0).transpose(0, 1) : c.x(0);
        if (x.rank() != 3 || c.x(1).rank() != 3 || c.x(2).rank() != 3) {
            throw new IllegalArgumentException("input " + c.x(0).shape() + ", weights " + c.x(1).shape() + " and "
                    + c.x(2).shape() + ": expected three axes each");
        }
        int directions = (int) c.x(1).size(0);
        String direction = c.attr("direction", "forward").toLowerCase(Locale.ROOT);
        if (directions != (direction.equals("bidirectional") ? 2 : 1)) {
            throw new IllegalArgumentException("direction " + direction + " with weights for " + directions);
        }
        List<Tensor> outputs = new ArrayList<>();
        List<Tensor> lastHidden = new ArrayList<>();
        List<Tensor> lastCell = new ArrayList<>();
        for (int d = 0; d < directions; d++) {
            boolean backwards = direction.equals("reverse") || d == 1;
            Recurrent layer = new Recurrent(c, gates, d, defaults);
            State state = layer.initial(d, x.size(1), batchFirst, x.dtype());
            List<Tensor> steps = new ArrayList<>();
            state = layer.steps(d, x, backwards, state, steps);
            Tensor y = steps.isEmpty() ? c.full(Shape.of(0, x.size(1), layer.hidden), 0, x.dtype())
                    : Tensors.stack(0, steps);
            outputs.add(backwards ? layer.reversed(y) : y);
            lastHidden.add(state.hidden);
            if (state.cell != null) {
                lastCell.add(state.cell);
            }
        }
        Tensor y = Tensors.stack(1, outputs);
        List<OnnxValue> out = new ArrayList<>();
        out.add(c.like(0, batchFirst ? y.permute(2, 0, 1, 3) : y));
        out.add(c.like(0, Tensors.stack(batchFirst ? 1 : 0, lastHidden)));
        if (!lastCell.isEmpty()) {
            out.add(c.like(0, Tensors.stack(batchFirst ? 1 : 0, lastCell)));
        }
        return out;
    }

    private State initial(int d, long batch, boolean batchFirst, DType dtype) {
        Tensor zero = call.full(Shape.of(batch, hidden), 0, dtype);
        Tensor h = call.has(5) ? call.x(5).select(batchFirst ? 1 : 0, d) : zero;
        if (gates != 4) {
            return new State(h, null);
        }
        return new State(h, call.has(6) ? call.x(6).select(batchFirst ? 1 : 0, d) : zero);
    }

    private Tensor reversed(Tensor x) {
        return call.has(4) ? Arrangements.reversed(x, 1, 0, call.x(4)) : x.flip(0);
    }

    private State steps(int d, Tensor input, boolean backwards, State initial, List<Tensor> outputs) {
        Tensor x = backwards ? reversed(input) : input;
        Tensor w = call.x(1).select(0, d);
        Tensor r = call.x(2).select(0, d).t();
        Tensor bias = call.has(3) ? call.x(3).select(0, d) : null;
        Tensor inputBias = bias == null ? null : bias.narrow(0, 0, gates * hidden);
        Tensor stateBias = bias == null ? null : bias.narrow(0, gates * hidden, gates * hidden);
        Tensor peepholes = gates == 4 && call.has(7) ? call.x(7).select(0, d) : null;
        // All the inputs at once; only what depends on the state goes step by step.
        Tensor projected = x.matmul(w.t());
        projected = inputBias == null ? projected : projected.add(inputBias);
        Tensor lengths = call.has(4) ? call.x(4).to(DType.I64).unsqueeze(1) : null;
        State state = initial;
        for (long t = 0; t < x.size(0); t++) {
            Tensor xt = projected.select(0, t);
            State next = switch (gates) {
                case 1 -> simple(xt, state, r, stateBias);
                case 3 -> gru(xt, state, r, stateBias);
                default -> lstm(xt, state, r, stateBias, peepholes);
            };
            if (lengths == null) {
                outputs.add(next.hidden);
                state = next;
            } else {
                Tensor going = lengths.gt(t);
                Tensor zero = Tensors.zerosLike(next.hidden);
                outputs.add(next.hidden.where(going, zero));
                Tensor cell = next.cell;
                state = new State(next.hidden.where(going, state.hidden),
                        cell == null || state.cell == null ? null : cell.where(going, state.cell));
            }
        }
        return state;
    }

    private static Tensor plus(Tensor x, @Nullable Tensor bias) {
        return bias == null ? x : x.add(bias);
    }

    private Tensor gate(Tensor x, int i) {
        return x.narrow(1, i * hidden, hidden);
    }

    private State simple(Tensor x, State s, Tensor r, @Nullable Tensor bias) {
        Tensor z = plus(x.add(s.hidden.matmul(r)), bias);
        return new State(activations.getFirst().apply(clip.apply(z)), null);
    }

    private State gru(Tensor x, State s, Tensor r, @Nullable Tensor bias) {
        Tensor h = s.hidden;
        Tensor both = h.matmul(r.narrow(1, 0, 2 * hidden));
        Tensor zr = plus(x.narrow(1, 0, 2 * hidden).add(both), bias == null ? null : bias.narrow(0, 0, 2 * hidden));
        Tensor activated = activations.get(0).apply(clip.apply(zr));
        Tensor z = gate(activated, 0);
        Tensor reset = gate(activated, 1);
        Tensor rh = r.narrow(1, 2 * hidden, hidden);
        Tensor bh = bias == null ? null : bias.narrow(0, 2 * hidden, hidden);
        Tensor inner = call.flag("linear_before_reset", false) ? reset.mul(plus(h.matmul(rh), bh))
                : plus(reset.mul(h).matmul(rh), bh);
        Tensor candidate = activations.get(1).apply(clip.apply(gate(x, 2).add(inner)));
        return new State(z.rsub(1).mul(candidate).add(z.mul(h)), null);
    }

    private State lstm(Tensor x, State s, Tensor r, @Nullable Tensor bias, @Nullable Tensor peepholes) {
        Tensor c = s.cell;
        if (c == null) {
            throw new IllegalStateException("an LSTM has a cell");
        }
        Tensor all = plus(x.add(s.hidden.matmul(r)), bias);
        Tensor i = gate(all, 0);
        Tensor o = gate(all, 1);
        Tensor f = gate(all, 2);
        if (peepholes != null) {
            i = i.add(peepholes.narrow(0, 0, hidden).mul(c));
            f = f.add(peepholes.narrow(0, 2 * hidden, hidden).mul(c));
        }
        i = activations.get(0).apply(clip.apply(i));
        f = call.flag("input_forget", false) ? i.rsub(1) : activations.get(0).apply(clip.apply(f));
        Tensor candidate = activations.get(1).apply(clip.apply(gate(all, 3)));
        Tensor cell = f.mul(c).add(i.mul(candidate));
        if (peepholes != null) {
            o = o.add(peepholes.narrow(0, hidden, hidden).mul(cell));
        }
        o = activations.get(0).apply(clip.apply(o));
        return new State(o.mul(activations.get(2).apply(cell)), cell);
    }

    // --- activation functions

    private static List<UnaryOperator<Tensor>> activations(Call c, int direction, List<String> defaults) {
        List<String> given = c.strings("activations");
        List<String> names = given == null ? defaults : given;
        int from = given == null ? 0 : direction * defaults.size();
        if (from + defaults.size() > names.size()) {
            throw new IllegalArgumentException("activations " + names + ": expected " + defaults.size()
                    + " for each direction");
        }
        // Only functions that take a number use one up.
        double[] alphas = c.numbers("activation_alpha");
        double[] betas = c.numbers("activation_beta");
        int alpha = 0;
        int beta = 0;
        List<UnaryOperator<Tensor>> all = new ArrayList<>();
        for (int i = 0; i < from + defaults.size(); i++) {
            String name = names.get(i).toLowerCase(Locale.ROOT);
            boolean takesAlpha = switch (name) {
                case "affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu" -> true;
                default -> false;
            };
            boolean takesBeta = switch (name) {
                case "affine", "scaledtanh", "hardsigmoid" -> true;
                default -> false;
            };
            double a = takesAlpha && alphas != null && alpha < alphas.length ? alphas[alpha++] : defaultAlpha(name);
            double b = takesBeta && betas != null && beta < betas.length ? betas[beta++]
                    : name.equals("hardsigmoid") ? 0.5 : name.equals("scaledtanh") ? 1 : 0;
            if (i >= from) {
                all.add(function(name, a, b));
            }
        }
        return all;
    }

    private static double defaultAlpha(String name) {
        return switch (name) {
            case "leakyrelu" -> 0.01f;
            case "hardsigmoid" -> 0.2f;
            default -> 1;
        };
    }

    private static UnaryOperator<Tensor> function(String name, double a, double b) {
        return switch (name) {
            case "tanh" -> Tensor::tanh;
            case "sigmoid" -> Tensor::sigmoid;
            case "relu" -> Tensor::relu;
            case "softsign" -> Tensor::softsign;
            case "softplus" -> Tensor::softplus;
            case "affine" -> t -> t.mul(a).add(b);
            case "leakyrelu" -> t -> t.leakyRelu(a);
            case "thresholdedrelu" -> t -> Activations.thresholdedRelu(t, a);
            case "scaledtanh" -> t -> t.mul(b).tanh().mul(a);
            case "hardsigmoid" -> t -> Activations.hardSigmoid(t, a, b);
            case "elu" -> t -> Activations.elu(t, a);
            default -> throw new IllegalArgumentException("activation \"" + name + "\" is unknown");
        };
    }
}
