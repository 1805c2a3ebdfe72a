package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.ViewOp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// Every view, of every layout, alone and one upon another: what is read through it, and what is computed from it.
public final class ViewSamples {
    private ViewSamples() {}

    private static Map<String, UnaryOperator<Tensor>> views() {
        Map<String, UnaryOperator<Tensor>> v = new LinkedHashMap<>();
        v.put("reshape", x -> x.reshape(6, -1));
        v.put("flatten", x -> x.flatten(1, 2));
        v.put("unflatten", x -> x.unflatten(2, 2, 3));
        v.put("permute", x -> x.permute(2, 0, 1));
        v.put("transpose", x -> x.transpose(0, -1));
        v.put("slice", x -> x.get(Index.range(1, 4), Index.range(-1L, null, -2), Index.from(2)));
        v.put("select", x -> x.select(1, -2));
        v.put("expand", x -> x.narrow(1, 2, 1).expand(3, -1, 4, -1));
        v.put("unsqueeze", x -> x.unsqueeze(1).unsqueeze(-1));
        v.put("squeeze", x -> x.narrow(0, 1, 1).squeeze(0));
        v.put("flip", x -> x.flip(0, 2));
        v.put("diagonal", x -> x.diagonal(1, 1, 2));
        v.put("diagonal below", x -> x.diagonal(-2, 0, 2));
        v.put("diagonal outside", x -> x.diagonal(9, 0, 2));
        v.put("window", x -> x.unfold(2, 3, 2));
        v.put("window overlapping", x -> x.unfold(1, 3, 1).unfold(0, 2, 1));
        v.put("window dilated", x -> Dispatcher.run(new ViewOp.Window(2, 2, 1, 3), x));
        v.put("nothing", x -> x.narrow(1, 3, 0));
        v.put("nothing backwards", x -> x.narrow(1, 0, 0).flip(0, 1, 2).transpose(0, 1));
        v.put("composed", x -> x.transpose(0, 2).flip(1).get(Index.range(0L, 6L, 2)).diagonal(0, 1, 2));
        v.put("reshaped slice", x -> x.get(Index.all(), Index.range(0, 4)).reshape(-1, 3));
        v.put("merged", x -> x.permute(1, 0, 2).reshape(-1));
        v.put("repeat", x -> x.repeat(2, 1, 1, 2));
        v.put("roll", x -> x.roll(2, 1).roll(-1, 2));
        v.put("movement", x -> x.mT().contiguous().view(-1, 2));
        return v;
    }

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : DType.values()) {
            Input x = Input.of(d, 4, 7, 6).from(Domain.WIDE);
            views().forEach((name, view) -> {
                Sample read = Sample.of("view", d, name, (device, in) ->
                        List.of(view.apply(in.getFirst())), Family.EXACT, x).gradients(1);
                s.addAll(read.inLayouts(Layout.STRIDED));
                s.add(Sample.of("view", d, "computed " + name, (device, in) ->
                        List.of(view.apply(in.getFirst())
                                .where(Tensors.ones(Shape.SCALAR, DType.BOOL, device), view.apply(in.getFirst()))),
                                        Family.EXACT, x.in(Layout.OFFSET)));
            });
            s.add(Sample.of("view", d, "split", (device, in) -> in.getFirst().split(3, 1), Family.EXACT, x)
                    .gradients(1));
            s.add(Sample.of("view", d, "chunk", (device, in) -> in.getFirst().chunk(4, 2), Family.EXACT, x));
            s.add(Sample.of("view", d, "unbind", (device, in) -> in.getFirst().unbind(0), Family.EXACT, x)
                    .gradients(1));
        }
        return s;
    }
}
