package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.AdaptivePools;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.functional.GridSampling;
import dev.tenon.nn.functional.Padding;
import dev.tenon.nn.functional.PaddingMode;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.functional.Resizing;
import dev.tenon.nn.functional.Transposed;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// Convolution, pooling, padding and resizing.
final class WindowTable {
    private static final String F = "nn.functional.";

    private WindowTable() {}

    static void fill() {
        for (int i = 1; i <= 3; i++) {
            convolutions(i);
            pools(i);
            adaptive(i);
        }
        folds();
        padding();
        resizing();
    }

    private static List<Integer> list(int... n) {
        return IntStream.of(n).boxed().toList();
    }

    private static ConvOptions options(Args a) {
        ConvOptions o = new ConvOptions();
        o = a.has("stride") ? o.stride(a.ints("stride")) : o;
        o = a.has("dilation") ? o.dilation(a.ints("dilation")) : o;
        o = a.has("groups") ? o.groups((int) a.i("groups")) : o;
        if (a.get("padding") instanceof String s) {
            if (!s.equals("same") && !s.equals("valid")) {
                throw new TensorException("padding \"" + s + "\": expected same or valid");
            }
            return s.equals("same") ? o.paddingSame() : o;
        }
        return a.has("padding") ? o.padding(a.ints("padding")) : o;
    }

    private static void convolutions(int axes) {
        add(F + "conv" + axes + "d", "input weight bias stride padding dilation groups",
                a -> Convs.conv(axes, a.x(), a.t("weight"), a.opt("bias"), options(a)));
        add(F + "conv_transpose" + axes + "d", "input weight bias stride padding output_padding groups dilation",
                a -> Transposed.convTranspose(axes, a.x(), a.t("weight"), a.opt("bias"), options(a),
                        a.has("output_padding") ? a.ints("output_padding") : new int[0]));
    }

    private static PoolOptions pool(Args a) {
        PoolOptions o = new PoolOptions().ceilMode(a.b("ceil_mode", false));
        boolean stride = a.has("stride") && a.longs("stride").length > 0;
        o = stride ? o.stride(a.ints("stride")) : o;
        o = a.has("padding") ? o.padding(a.ints("padding")) : o;
        o = a.has("dilation") ? o.dilation(a.ints("dilation")) : o;
        o = o.countIncludePad(a.b("count_include_pad", true));
        return a.has("divisor_override") ? o.divisorOverride(a.i("divisor_override")) : o;
    }

    private static void pools(int axes) {
        add(F + "max_pool" + axes + "d",
                "input kernel_size stride padding dilation ceil_mode return_indices", a -> {
                    List<Integer> kernel = list(a.ints("kernel_size"));
                    if (!a.b("return_indices", false)) {
                        return Pools.maxPool(axes, a.x(), kernel, pool(a));
                    }
                    var v = Pools.maxPoolWithIndices(axes, a.x(), kernel, pool(a));
                    return List.of(v.values(), v.indices());
                });
        add(F + "avg_pool" + axes + "d",
                "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
                a -> Pools.avgPool(axes, a.x(), list(a.ints("kernel_size")), pool(a)));
        add(F + "max_unpool" + axes + "d", "input indices kernel_size stride padding output_size", a -> {
            int[] kernel = a.ints("kernel_size", axes, 1);
            int[] stride = a.has("stride") ? a.ints("stride", axes, 1) : kernel;
            int[] pad = a.ints("padding", axes, 0);
            Shape out = Shape.SCALAR;
            for (int i = 0; i < axes; i++) {
                long n = (a.x().size(a.x().rank() - axes + i) - 1) * stride[i] - 2L * pad[i] + kernel[i];
                out = out.inserted(i, n);
            }
            if (a.has("output_size")) {
                Shape given = Shape.of(a.longs("output_size"));
                out = given.slice(given.rank() - axes, given.rank());
            }
            Tensor index = a.t("indices");
            int rows = (int) a.x().shape().slice(0, a.x().rank() - axes).elements();
            Tensor perRow = index.reshape(rows, index.elements() / Math.max(1, rows)).sort(1, false).values();
            if (perRow.diff(1, 1).eq(0L).any().itemLong() != 0) {
                throw new NotComparable("a position comes twice: which value stands there is left open, and with it"
                        + " the gradient");
            }
            return AdaptivePools.maxUnpool(a.x(), a.t("indices"), out);
        });
    }

    /// Extents of the result; None keeps an extent.
    private static List<Integer> size(Args a) {
        if (a.get("output_size") instanceof List<?> l) {
            return l.stream().map(o -> o == null ? -1 : ((Long) o).intValue()).toList();
        }
        return List.of((int) a.i("output_size"));
    }

    private static void adaptive(int axes) {
        add(F + "adaptive_avg_pool" + axes + "d", "input output_size",
                a -> Pools.adaptiveAvgPool(axes, a.x(), size(a)));
        add(F + "adaptive_max_pool" + axes + "d", "input output_size return_indices", a -> {
            var v = AdaptivePools.adaptiveMaxPool(axes, a.x(), size(a));
            return a.b("return_indices", false) ? List.of(v.values(), v.indices()) : v.values();
        });
    }

    private static void folds() {
        add(F + "unfold", "input kernel_size dilation padding stride",
                a -> Transposed.unfold(a.x(), list(a.ints("kernel_size")), options(a)));
        add(F + "fold", "input output_size kernel_size dilation padding stride", a -> Transposed.fold(
                a.x(), list(a.ints("output_size")), list(a.ints("kernel_size")), options(a)));
    }

    private static void padding() {
        add(F + "pad", "input pad mode value", a -> switch (a.s("mode", "constant")) {
            case "constant" -> Tensors.pad(a.x(), a.f("value", 0), a.longs("pad"));
            case "reflect" -> Padding.pad(a.x(), PaddingMode.REFLECT, a.longs("pad"));
            case "replicate" -> Padding.pad(a.x(), PaddingMode.REPLICATE, a.longs("pad"));
            case "circular" -> Padding.pad(a.x(), PaddingMode.CIRCULAR, a.longs("pad"));
            default -> throw new TensorException("pad: mode " + a.get("mode") + " is unknown");
        });
    }

    private static void resizing() {
        add(F + "interpolate", "input size scale_factor mode align_corners recompute_scale_factor antialias", a -> {
            Resizing.Mode mode = switch (a.s("mode", "nearest")) {
                case "nearest" -> Resizing.Mode.NEAREST;
                case "nearest-exact" -> Resizing.Mode.NEAREST_EXACT;
                case "linear", "bilinear", "trilinear" -> Resizing.Mode.LINEAR;
                case "bicubic" -> Resizing.Mode.BICUBIC;
                case "area" -> Resizing.Mode.AREA;
                default -> throw new TensorException("interpolate: mode " + a.get("mode") + " is unknown");
            };
            if (a.b("antialias", false)) {
                throw new NotComparable("images are resized without antialiasing");
            }
            boolean align = a.b("align_corners", false);
            return a.has("size")
                    ? Resizing.interpolate(a.x(), list(a.ints("size")), mode, align)
                    : Resizing.interpolate(a.x(), a.doubles("scale_factor"), mode, align,
                            a.b("recompute_scale_factor", false));
        });
        add(F + "grid_sample", "input grid mode padding_mode align_corners", a -> GridSampling.gridSample(
                a.x(), a.t("grid"),
                GridSampling.Mode.valueOf(a.s("mode", "bilinear").toUpperCase(Locale.ROOT)),
                GridSampling.Outside.valueOf(a.s("padding_mode", "zeros").toUpperCase(Locale.ROOT)),
                a.b("align_corners", false)));
        add(F + "pixel_shuffle", "input upscale_factor",
                a -> Resizing.pixelShuffle(a.x(), (int) a.i("upscale_factor")));
        add(F + "pixel_unshuffle", "input downscale_factor",
                a -> Resizing.pixelUnshuffle(a.x(), (int) a.i("downscale_factor")));
    }
}
