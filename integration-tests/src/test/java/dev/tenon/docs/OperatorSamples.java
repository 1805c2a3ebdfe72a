package dev.tenon.docs;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.linalg.Linalg;
import dev.tenon.api.op.ScatterOp.Mode;
import dev.tenon.api.op.ViewOp;
import dev.tenon.nn.functional.AdaptivePools;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.functional.Bags;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.functional.Ctc;
import dev.tenon.nn.functional.Dropouts;
import dev.tenon.nn.functional.EmbeddingTables;
import dev.tenon.nn.functional.FeatureAlpha;
import dev.tenon.nn.functional.GridSampling;
import dev.tenon.nn.functional.GroupNorms;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.functional.Padding;
import dev.tenon.nn.functional.PaddingMode;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.functional.Recurrences;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.functional.Resizing;
import dev.tenon.nn.functional.Shrinkage;
import dev.tenon.nn.functional.Transposed;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A small sample for every operator: arguments by their types, unless the table has a call.
final class OperatorSamples {
    private static final Device DEVICE = Device.of("reference:0");
    private static final Map<String, Call> SPECIAL = new HashMap<>();

    /// Runs an operator on tensors of one dtype.
    interface Call {
        Object run(Maker in) throws ReflectiveOperationException;
    }

    /// Makes operands of a dtype, and remembers them.
    static final class Maker {
        final DType dtype;
        boolean used;
        private final boolean tracked;
        private final List<Tensor> leaves = new ArrayList<>();

        /// @param tracked whether the operands require gradients
        Maker(DType dtype, boolean tracked) {
            this.dtype = dtype;
            this.tracked = tracked;
        }

        /// Small numbers; a matrix of two rows is positive definite.
        Tensor x(long... dims) {
            used = true;
            Shape s = Shape.of(dims);
            double[] v = new double[(int) s.elements()];
            for (int i = 0; i < v.length; i++) {
                v[i] = i % 3 == 0 ? 2 : 1;
            }
            Tensor t = Tensors.of(v, s, DEVICE).to(dtype);
            if (!tracked) {
                return t;
            }
            leaves.add(t.requiresGrad(true));
            // Not the leaf itself: operators may change it in place or return it.
            return t.mul(1.0);
        }

        Tensor x() {
            return x(2, 2);
        }

        Tensor index(long[] dims, long... values) {
            return Tensors.of(values, Shape.of(dims), DEVICE);
        }

        Tensor index(long... values) {
            return Tensors.of(values, Shape.of(values.length), DEVICE);
        }

        Tensor mask() {
            return index(new long[] {2, 2}, 1, 0, 0, 1).to(DType.BOOL);
        }

        /// Whether a gradient reaches an operand.
        boolean gradientOf(List<Tensor> results) {
            results.stream().filter(Tensor::requiresGrad).map(Tensor::sum).reduce(Tensor::add)
                    .ifPresent(Tensor::backward);
            return leaves.stream().anyMatch(l -> l.grad() != null);
        }
    }

    private OperatorSamples() {}

    static List<Call> of(Class<?> owner, String name, List<Method> methods) {
        Call special = SPECIAL.getOrDefault(owner.getSimpleName() + "." + name, SPECIAL.get(name));
        return special != null ? List.of(special) : methods.stream().<Call>map(m -> in -> generic(m, in)).toList();
    }

    private static Object generic(Method m, Maker in) throws ReflectiveOperationException {
        AnnotatedType[] types = m.getAnnotatedParameterTypes();
        @Nullable Object[] args = new @Nullable Object[types.length];
        Object self = Modifier.isStatic(m.getModifiers()) ? null : in.x();
        for (int i = 0; i < args.length; i++) {
            args[i] = types[i].isAnnotationPresent(Nullable.class) ? null : value(m.getParameterTypes()[i], in);
        }
        try {
            return m.invoke(self, args);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof TensorException t) {
                throw t;
            }
            throw e;
        }
    }

    private static Object value(Class<?> type, Maker in) {
        return switch (type.getSimpleName()) {
            case "Tensor" -> in.x();
            case "List" -> List.of(in.x(), in.x());
            case "Tensor[]" -> new Tensor[] {in.x(), in.x()};
            case "double", "Double" -> 0.5;
            case "long" -> 1L;
            case "int" -> 1;
            case "boolean" -> false;
            case "int[]" -> new int[] {1};
            case "long[]" -> new long[] {2, 2};
            case "DType" -> {
                in.used = true;
                yield in.dtype;
            }
            case "Device" -> DEVICE;
            case "Shape" -> Shape.of(2, 2);
            case "Generator" -> new Generator(1);
            case "Reduction" -> Reduction.MEAN;
            case "OptionalLong" -> OptionalLong.empty();
            case "PoolOptions" -> new PoolOptions();
            case "ConvOptions" -> new ConvOptions();
            default -> throw new TensorException("no argument of type " + type);
        };
    }

    private static void add(String name, Call call) {
        if (SPECIAL.put(name, call) != null) {
            throw new IllegalStateException("two samples of " + name);
        }
    }

    static {
        tensors();
        arrangements();
        creation();
        matrices();
        networks();
        losses();
    }

    private static void tensors() {
        add("clamp", in -> in.x().clamp(in.x(), null));
        add("prelu", in -> Shrinkage.prelu(in.x(), in.x(2)));
        add("where", in -> in.x().where(in.mask(), in.x()));
        add("unfold", in -> in.x().unfold(0, 2, 1));
        add("median", in -> in.x().median());
        add("quantile", in -> in.x().quantile(in.x(1).mul(0.25), 0, false, "linear", false));
        add("histc", in -> in.x().histc(2, 0, 3));
        add("bincount", in -> in.x(3).bincount(null, 2));
        add("gradient", in -> in.x(4).gradient(0, in.x(3), 1));
        add("corrcoef", in -> in.x(2, 3).corrcoef());
        add("get", in -> in.x().get(Index.at(1)));
        add("set", in -> in.x().set(in.x(2), Index.at(1)));
        add("indexPut", in -> in.x().indexPut(in.x(2), false, Index.of(in.index(1))));
        add("viewScatter", in -> in.x().viewScatter(new ViewOp.Diagonal(0, 0, 1), in.x(2)));
        add("sliceScatter", in -> in.x().sliceScatter(in.x(2, 1), 1, 0, 1, 1));
        add("gather", in -> in.x().gather(0, in.index(new long[] {1, 2}, 1, 0)));
        add("indexSelect", in -> in.x().indexSelect(0, in.index(1, 1)));
        add("scatter", in -> in.x().scatter(0, in.index(new long[] {1, 2}, 1, 0), in.x(1, 2)));
        add("scatterAdd", in -> in.x().scatter(0, in.index(new long[] {1, 2}, 1, 0), in.x(1, 2), Mode.ADD));
        add("indexAdd", in -> in.x().indexAdd(0, in.index(1), in.x(1, 2)));
        add("indexCopy", in -> in.x().indexCopy(0, in.index(1), in.x(1, 2)));
        add("take", in -> in.x().take(in.index(3, 0)));
        add("maskedFill", in -> in.x().maskedFill(in.mask(), 1));
        add("maskedSelect", in -> in.x().maskedSelect(in.mask()));
        add("maskedScatter", in -> in.x().maskedScatter(in.mask(), in.x()));
        add("indexFill", in -> in.x().indexFill(0, in.index(1), 2));
        add("takeAlongDim", in -> in.x().takeAlongDim(in.index(new long[] {1, 2}, 1, 0), 0));
        add("put", in -> in.x().put(in.index(3), in.x(1), false));
        add("selectScatter", in -> in.x().selectScatter(in.x(2), 0, 1));
        add("diagonalScatter", in -> in.x().diagonalScatter(in.x(2), 0, 0, 1));
        add("scatterReduce", in -> in.x()
                .scatterReduce(0, in.index(new long[] {1, 2}, 1, 0), in.x(1, 2), "amax", true));
        add("indexReduce", in -> in.x().indexReduce(0, in.index(1), in.x(1, 2), "amax", true));
    }

    private static void arrangements() {
        add("view", in -> in.x().view(4));
        add("unflatten", in -> in.x(4).unflatten(0, 2, 2));
        add("flatten", in -> in.x().flatten());
        add("permute", in -> in.x().permute(1, 0));
        add("squeeze", in -> in.x(1, 2).squeeze(0));
        add("split", in -> in.x().split(1, 0));
        add("diagonal", in -> in.x().diagonal(0, 0, 1));
        add("movedim", in -> in.x().movedim(0, 1));
        add("roll", in -> in.x().roll(1, 0));
        add("repeatInterleave", in -> in.x().repeatInterleave(2, 0));
        add("rot90", in -> in.x().rot90(1, 0, 1));
        add("diagEmbed", in -> in.x().diagEmbed(0, 0, 1));
        add("tensorSplit", in -> in.x().tensorSplit(2, 0));
    }

    private static void creation() {
        add("of", in -> switch (in.dtype) {
            case F64 -> Tensors.of(1.0);
            case F32 -> Tensors.of(1f);
            case I64 -> Tensors.of(1L);
            case I32 -> Tensors.of(1);
            case BOOL -> Tensors.of(true);
            default -> Tensors.of(new byte[1], in.dtype, Shape.of(1), DEVICE);
        });
        add("fromHost", in -> {
            in.used = true;
            return Tensors.fromHost(MemorySegment.ofArray(new byte[in.dtype.bytes()]), in.dtype, Shape.of(1), DEVICE);
        });
        add("pad", in -> Tensors.pad(in.x(), 0, 1, 1));
        add("multinomial", in -> Tensors.multinomial(in.x(), 1, true, new Generator(1)));
        add("einsum", in -> Tensors.einsum("ij,jk->ik", in.x(), in.x()));
        add("combinations", in -> Tensors.combinations(in.x(3), 2, false));
        add("cartesianProd", in -> Tensors.cartesianProd(List.of(in.x(2), in.x(2))));
        add("meshgrid", in -> Tensors.meshgrid(List.of(in.x(2), in.x(2)), false));
        add("vander", in -> Tensors.vander(in.x(2), 2, false));
        add("randint", in -> Tensors.randint(0, 2, Shape.of(2), DEVICE, new Generator(1)));
    }

    private static void matrices() {
        add("mv", in -> in.x().mv(in.x(2)));
        add("dot", in -> in.x(2).dot(in.x(2)));
        add("outer", in -> in.x(2).outer(in.x(2)));
        add("bmm", in -> in.x(1, 2, 2).bmm(in.x(1, 2, 2)));
        add("addmv", in -> in.x(2).addmv(in.x(), in.x(2), 1, 1));
        add("addr", in -> in.x().addr(in.x(2), in.x(2), 1, 1));
        add("addbmm", in -> in.x().addbmm(in.x(1, 2, 2), in.x(1, 2, 2), 1, 1));
        add("baddbmm", in -> in.x(1, 2, 2).baddbmm(in.x(1, 2, 2), in.x(1, 2, 2), 1, 1));
        add("tensordot", in -> in.x().tensordot(in.x(), 1));
        add("cross", in -> in.x(3).cross(in.x(3), 0));
        add("matrixNorm", in -> Linalg.matrixNorm(in.x(), "fro", new int[] {0, 1}, false));
        add("tensorInv", in -> Linalg.tensorInv(in.x(), 1));
        add("tensorSolve", in -> Linalg.tensorSolve(in.x(), in.x(2)));
    }

    private static void networks() {
        List<Integer> two = List.of(2);
        add("adaptiveMaxPool", in -> AdaptivePools.adaptiveMaxPool(1, in.x(1, 1, 4), two));
        add("adaptiveAvgPool", in -> Pools.adaptiveAvgPool(1, in.x(1, 1, 4), two));
        add("maxUnpool", in -> AdaptivePools.maxUnpool(in.x(1, 1, 2), in.index(new long[] {1, 1, 2}, 0, 3),
                Shape.of(4)));
        add("maxPool", in -> Pools.maxPool(1, in.x(1, 1, 4), two, new PoolOptions()));
        add("maxPoolWithIndices", in -> Pools.maxPoolWithIndices(1, in.x(1, 1, 4), two, new PoolOptions()));
        add("avgPool", in -> Pools.avgPool(1, in.x(1, 1, 4), two, new PoolOptions()));
        add("lpPool", in -> Pools.lpPool(1, in.x(1, 1, 4), 2, two, new PoolOptions()));
        add("maxPool1d", in -> Pools.maxPool1d(in.x(1, 1, 4), 2, new PoolOptions()));
        add("maxPool2d", in -> Pools.maxPool2d(in.x(1, 1, 4, 4), 2));
        add("maxPool3d", in -> Pools.maxPool3d(in.x(1, 1, 2, 2, 2), 2, new PoolOptions()));
        add("avgPool1d", in -> Pools.avgPool1d(in.x(1, 1, 4), 2, new PoolOptions()));
        add("avgPool2d", in -> Pools.avgPool2d(in.x(1, 1, 4, 4), 2));
        add("avgPool3d", in -> Pools.avgPool3d(in.x(1, 1, 2, 2, 2), 2, new PoolOptions()));
        add("conv", in -> Convs.conv(1, in.x(1, 1, 4), in.x(1, 1, 2), null, new ConvOptions()));
        add("conv1d", in -> Convs.conv1d(in.x(1, 1, 4), in.x(1, 1, 2), null, new ConvOptions()));
        add("conv2d", in -> Convs.conv2d(in.x(1, 1, 4, 4), in.x(1, 1, 2, 2), null));
        add("conv3d", in -> Convs.conv3d(in.x(1, 1, 2, 2, 2), in.x(1, 1, 2, 2, 2), null, new ConvOptions()));
        add("convTranspose", in -> Transposed.convTranspose(1, in.x(1, 1, 4), in.x(1, 1, 2), null, new ConvOptions()));
        add("Transposed.unfold", in -> Transposed.unfold(in.x(1, 1, 4, 4), two, new ConvOptions()));
        add("fold", in -> Transposed.fold(in.x(1, 4, 4), List.of(3), two, new ConvOptions()));
        add("scaledDotProduct", in -> Attentions.scaledDotProduct(in.x(), in.x(), in.x(), null, true, 0));
        add("multiHead", in -> Attentions.multiHead(in.x(1, 2, 2), in.x(1, 2, 2), in.x(1, 2, 2), 1, in.x(6, 2), null,
                in.x(), null, null, null, 0));
        add("embeddingBag", in -> Bags.embeddingBag(in.index(new long[] {1, 2}, 1, 0), in.x(), null, Bags.Mode.SUM,
                null, false, OptionalLong.empty()));
        add("embedding", in -> Linears.embedding(in.index(1, 0), in.x()));
        add("renormalised", in -> EmbeddingTables.renormalised(in.index(1, 0), in.x(), 1, 2));
        add("scaledByFrequency", in -> EmbeddingTables.scaledByFrequency(in.index(1, 0), in.x()));
        add("oneHot", in -> Linears.oneHot(in.x(2), 3));
        add("bilinear", in -> Linears.bilinear(in.x(), in.x(), in.x(1, 2, 2), null));
        add("gridSample", in -> GridSampling.gridSample(in.x(1, 1, 2, 2), in.x(1, 1, 2, 2),
                GridSampling.Mode.BILINEAR, GridSampling.Outside.BORDER, false));
        add("groupNorm", in -> GroupNorms.groupNorm(in.x(), 1, null, null, 1e-5));
        add("instanceNorm", in -> GroupNorms.instanceNorm(in.x(1, 1, 4), null, null, 1e-5));
        add("localResponseNorm", in -> GroupNorms.localResponseNorm(in.x(1, 2, 2), 2, 1, 1, 1));
        add("batchNormInference", in -> Norms.batchNormInference(in.x(), in.x(2), in.x(2), null, null, 1e-5));
        add("rmsNorm", in -> Norms.rmsNorm(in.x(), Shape.of(2), null, OptionalDouble.empty()));
        add("layerNorm", in -> Norms.layerNorm(in.x(), Shape.of(2), null, null, 1e-5));
        Generator g = new Generator(1);
        add("Dropouts.dropout", in -> Dropouts.dropout(in.x(), 0.5, true, g));
        add("featureDropout", in -> Dropouts.featureDropout(in.x(1, 2, 2), 0.5, true, g));
        add("alphaDropout", in -> Dropouts.alphaDropout(in.x(), 0.5, true, g));
        add("FeatureAlpha.dropout", in -> FeatureAlpha.dropout(in.x(1, 2, 2), 0.5, true, g));
        add("Padding.pad", in -> Padding.pad(in.x(), PaddingMode.REFLECT, 1, 1));
        add("interpolate", in -> Resizing.interpolate(in.x(1, 1, 2), List.of(4), Resizing.Mode.LINEAR, false));
        add("pixelShuffle", in -> Resizing.pixelShuffle(in.x(4, 1, 1), 2));
        add("pixelUnshuffle", in -> Resizing.pixelUnshuffle(in.x(1, 2, 2), 2));
        add("step", in -> Recurrences.step(Recurrences.rnn(Tensor::tanh), in.x(), new Recurrences.State(in.x(), null),
                new Recurrences.Weights(in.x(), in.x(), null, null)));
        add("layer", in -> Recurrences.layer(Recurrences.rnn(Tensor::tanh), in.x(2, 1, 2),
                new Recurrences.State(in.x(1, 2), null), new Recurrences.Weights(in.x(), in.x(), null, null), false));
    }

    private static void losses() {
        add("crossEntropy", in -> ClassLosses.crossEntropy(in.x(), in.index(1, 0)));
        add("nll", in -> ClassLosses.nll(in.x(), in.index(1, 0)));
        add("Ctc.loss", in -> Ctc.loss(in.x(2, 1, 2), in.index(new long[] {1, 1}, 1), in.index(2), in.index(1), 0,
                Reduction.SUM, false));
        add("multiMargin", in -> MarginLosses.multiMargin(in.x(), in.index(1, 0), 1, 1, null, Reduction.SUM));
        add("multilabelMargin", in -> MarginLosses.multilabelMargin(in.x(),
                in.index(new long[] {2, 2}, 1, -1, 0, -1), Reduction.SUM));
        add("cosineEmbedding", in -> MarginLosses.cosineEmbedding(in.x(), in.x(), in.index(1, -1), 0, Reduction.SUM));
    }
}
