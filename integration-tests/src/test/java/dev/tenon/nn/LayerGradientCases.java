package dev.tenon.nn;

import static dev.tenon.nn.LayerChecks.normal;

import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.activation.CELU;
import dev.tenon.nn.activation.ELU;
import dev.tenon.nn.activation.GELU;
import dev.tenon.nn.activation.GLU;
import dev.tenon.nn.activation.Hardshrink;
import dev.tenon.nn.activation.Hardsigmoid;
import dev.tenon.nn.activation.Hardswish;
import dev.tenon.nn.activation.Hardtanh;
import dev.tenon.nn.activation.LeakyReLU;
import dev.tenon.nn.activation.LogSigmoid;
import dev.tenon.nn.activation.LogSoftmax;
import dev.tenon.nn.activation.Mish;
import dev.tenon.nn.activation.PReLU;
import dev.tenon.nn.activation.RReLU;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.activation.ReLU6;
import dev.tenon.nn.activation.SELU;
import dev.tenon.nn.activation.SiLU;
import dev.tenon.nn.activation.Sigmoid;
import dev.tenon.nn.activation.Softmax;
import dev.tenon.nn.activation.Softmax2d;
import dev.tenon.nn.activation.Softmin;
import dev.tenon.nn.activation.Softplus;
import dev.tenon.nn.activation.Softshrink;
import dev.tenon.nn.activation.Softsign;
import dev.tenon.nn.activation.Tanh;
import dev.tenon.nn.activation.Tanhshrink;
import dev.tenon.nn.activation.Threshold;
import dev.tenon.nn.functional.Bags;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.PaddingMode;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.functional.Resizing.Mode;
import dev.tenon.nn.layer.AdaptiveAvgPool1d;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.AdaptiveAvgPool3d;
import dev.tenon.nn.layer.AdaptiveMaxPool1d;
import dev.tenon.nn.layer.AdaptiveMaxPool2d;
import dev.tenon.nn.layer.AdaptiveMaxPool3d;
import dev.tenon.nn.layer.AvgPool1d;
import dev.tenon.nn.layer.AvgPool2d;
import dev.tenon.nn.layer.AvgPool3d;
import dev.tenon.nn.layer.Bilinear;
import dev.tenon.nn.layer.ChannelShuffle;
import dev.tenon.nn.layer.CircularPad1d;
import dev.tenon.nn.layer.CircularPad2d;
import dev.tenon.nn.layer.CircularPad3d;
import dev.tenon.nn.layer.ConstantPad1d;
import dev.tenon.nn.layer.ConstantPad2d;
import dev.tenon.nn.layer.ConstantPad3d;
import dev.tenon.nn.layer.Conv1d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Conv3d;
import dev.tenon.nn.layer.ConvTranspose1d;
import dev.tenon.nn.layer.ConvTranspose2d;
import dev.tenon.nn.layer.ConvTranspose3d;
import dev.tenon.nn.layer.CosineSimilarity;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.EmbeddingBag;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Fold;
import dev.tenon.nn.layer.Identity;
import dev.tenon.nn.layer.LPPool1d;
import dev.tenon.nn.layer.LPPool2d;
import dev.tenon.nn.layer.LPPool3d;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool1d;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.layer.MaxPool3d;
import dev.tenon.nn.layer.MaxUnpool1d;
import dev.tenon.nn.layer.MaxUnpool2d;
import dev.tenon.nn.layer.MaxUnpool3d;
import dev.tenon.nn.layer.PairwiseDistance;
import dev.tenon.nn.layer.PixelShuffle;
import dev.tenon.nn.layer.PixelUnshuffle;
import dev.tenon.nn.layer.ReflectionPad1d;
import dev.tenon.nn.layer.ReflectionPad2d;
import dev.tenon.nn.layer.ReflectionPad3d;
import dev.tenon.nn.layer.ReplicationPad1d;
import dev.tenon.nn.layer.ReplicationPad2d;
import dev.tenon.nn.layer.ReplicationPad3d;
import dev.tenon.nn.layer.Unflatten;
import dev.tenon.nn.layer.Unfold;
import dev.tenon.nn.layer.Upsample;
import dev.tenon.nn.layer.ZeroPad1d;
import dev.tenon.nn.layer.ZeroPad2d;
import dev.tenon.nn.layer.ZeroPad3d;
import dev.tenon.nn.recurrent.GRU;
import dev.tenon.nn.recurrent.GRUCell;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.recurrent.LSTMCell;
import dev.tenon.nn.recurrent.Nonlinearity;
import dev.tenon.nn.recurrent.RNN;
import dev.tenon.nn.recurrent.RNNCell;
import dev.tenon.nn.recurrent.RecurrentOptions;
import dev.tenon.nn.transformer.MultiheadAttention;
import dev.tenon.nn.transformer.Transformer;
import dev.tenon.nn.transformer.TransformerDecoder;
import dev.tenon.nn.transformer.TransformerDecoderLayer;
import dev.tenon.nn.transformer.TransformerEncoder;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BinaryOperator;

/// The layers that do in training what they do in evaluation.
final class LayerGradientCases {
    private static final Tensor LINE = normal(11, 2, 4, 5);
    private static final Tensor PLANE = normal(12, 1, 4, 4, 4);
    private static final Tensor CUBE = normal(13, 1, 2, 3, 2, 3);
    private static final Tensor SEQUENCE = normal(14, 3, 2, 4);

    private final List<GradientCase> cases = new ArrayList<>();

    private LayerGradientCases() {}

    static List<GradientCase> all() {
        LayerGradientCases all = new LayerGradientCases();
        all.linear();
        all.convolutions();
        all.pools();
        all.activations();
        all.tables();
        all.arrangements();
        all.pads();
        all.recurrent();
        all.transformers();
        all.containers();
        return all.cases;
    }

    private void add(Module layer, Tensor x) {
        cases.add(GradientCase.of(layer, x));
    }

    private void add(Module layer, BinaryOperator<Tensor> forward, Tensor x, Tensor y) {
        cases.add(new GradientCase(layer, in -> forward.apply(in.get(0), in.get(1)), x, y));
    }

    private void linear() {
        add(new Linear(4, 3), normal(1, 2, 4));
        add(new Linear(4, 3, false), normal(1, 2, 3, 4));
        add(new Linear(4, 3), normal(1, 4));
        for (boolean bias : new boolean[] {true, false}) {
            Bilinear bilinear = new Bilinear(2, 3, 2, bias);
            add(bilinear, bilinear::call, normal(1, 4, 2), normal(2, 4, 3));
        }
        CosineSimilarity cosine = new CosineSimilarity(0, 1e-8);
        add(cosine, cosine::call, normal(1, 3, 2), normal(2, 3, 2));
        for (double p : new double[] {1, 2, 3}) {
            PairwiseDistance distance = new PairwiseDistance(p, 1e-6, p == 1);
            add(distance, distance::call, normal(1, 3, 2), normal(2, 3, 2));
        }
        add(new Identity(), PLANE);
    }

    private void convolutions() {
        ConvOptions strided = new ConvOptions().stride(2).padding(1);
        ConvOptions grouped = new ConvOptions().groups(2).dilation(2);
        add(new Conv1d(4, 2, 3), LINE);
        add(new Conv1d(4, 4, new int[] {2}, false, grouped), LINE);
        add(new Conv2d(4, 2, 3, strided), PLANE);
        add(new Conv2d(4, 4, new int[] {2, 1}, false, grouped), PLANE);
        add(new Conv2d(4, 2, 3, new ConvOptions().paddingSame()), normal(2, 1, 4, 2, 3));
        add(new Conv2d(4, 4, 2, new ConvOptions().groups(4)), PLANE);
        for (PaddingMode mode : PaddingMode.values()) {
            add(new Conv1d(4, 2, 3, new ConvOptions().padding(2).paddingMode(mode)), LINE);
        }
        add(new Conv3d(2, 2, 2), CUBE);
        add(new Conv3d(2, 2, new int[] {1, 2, 3}, false, new ConvOptions().padding(0, 1, 1).stride(1, 2, 1)), CUBE);
        add(new ConvTranspose1d(4, 2, 3, strided, 1), LINE);
        add(new ConvTranspose1d(4, 4, new int[] {2}, false, grouped), LINE);
        add(new ConvTranspose2d(2, 2, 2), normal(3, 1, 2, 2, 3));
        add(new ConvTranspose2d(2, 4, new int[] {2, 3}, true, strided, 1, 0), normal(3, 1, 2, 2, 3));
        add(new ConvTranspose3d(2, 2, 2, new ConvOptions().stride(2).groups(2)), normal(4, 1, 2, 2, 1, 2));
    }

    private void pools() {
        PoolOptions overlapping = new PoolOptions().stride(1).padding(1);
        add(new MaxPool1d(2), LINE);
        add(new MaxPool1d(3, overlapping), LINE);
        add(new MaxPool2d(2), PLANE);
        add(new MaxPool2d(new int[] {2, 3}, overlapping.dilation(1, 2)), PLANE);
        add(new MaxPool2d(3, new PoolOptions().stride(2).ceilMode(true)), PLANE);
        add(new MaxPool3d(2, 1), CUBE);
        add(new AvgPool1d(2), LINE);
        add(new AvgPool1d(3, overlapping.countIncludePad(false)), LINE);
        add(new AvgPool2d(2), PLANE);
        add(new AvgPool2d(new int[] {3, 2}, overlapping.divisorOverride(4)), PLANE);
        add(new AvgPool2d(3, new PoolOptions().stride(2).ceilMode(true)), PLANE);
        add(new AvgPool3d(2, 1), CUBE);
        add(new AdaptiveAvgPool1d(3), LINE);
        add(new AdaptiveAvgPool2d(3, 2), PLANE);
        add(new AdaptiveAvgPool3d(2), CUBE);
        add(new AdaptiveMaxPool1d(3), LINE);
        add(new AdaptiveMaxPool2d(3, 2), PLANE);
        add(new AdaptiveMaxPool3d(2), CUBE);
        add(new LPPool1d(2, 2), LINE);
        add(new LPPool2d(3, new int[] {2, 3}, new PoolOptions().stride(1)), PLANE.abs().add(0.5));
        add(new LPPool3d(2, 2), CUBE);
        Tensor one = Tensors.of(0L, 2L).reshape(1, 2);
        MaxUnpool1d line = new MaxUnpool1d(2);
        cases.add(new GradientCase(line, in -> line.call(in.getFirst(), one), normal(5, 1, 2)));
        var plane = Pools.maxPoolWithIndices(2, PLANE, List.of(2), new PoolOptions());
        MaxUnpool2d two = new MaxUnpool2d(2);
        cases.add(new GradientCase(two, in -> two.call(in.getFirst(), plane.indices()), plane.values()));
        var cube = Pools.maxPoolWithIndices(3, CUBE, List.of(2), new PoolOptions());
        MaxUnpool3d three = new MaxUnpool3d(2);
        cases.add(new GradientCase(three, in -> three.call(in.getFirst(), cube.indices()), cube.values()));
    }

    private void activations() {
        Tensor x = normal(15, 2, 4).mul(2);
        for (Module m : List.of(new CELU(), new CELU(2), new ELU(), new ELU(0.5), new GELU(), new GELU(true),
                new GLU(), new GLU(0), new Hardshrink(), new Hardsigmoid(), new Hardswish(), new Hardtanh(),
                new Hardtanh(-0.4, 0.3), new LeakyReLU(), new LeakyReLU(0.3), new LogSigmoid(), new LogSoftmax(0),
                new LogSoftmax(), new Mish(), new PReLU(), new ReLU(), new ReLU6(), new SELU(), new SiLU(),
                new Sigmoid(), new Softmax(), new Softmax(0), new Softmin(), new Softmin(1), new Softplus(),
                new Softplus(3), new Softshrink(), new Softshrink(0.2), new Softsign(), new Tanh(), new Tanhshrink(),
                new Threshold(0.1, 3), new RReLU().eval())) {
            add(m, x);
        }
        add(new PReLU(4, 0.3), PLANE);
        add(new Softmax2d(), PLANE);
        cases.add(new GradientCase(new RReLU(0.1, 0.5),
                in -> new RReLU(0.1, 0.5, new Generator(4)).call(in.getFirst()), x));
    }

    private void tables() {
        Tensor index = Tensors.of(0L, 3L, 1L, 3L).reshape(2, 2);
        Embedding table = new Embedding(4, 2);
        cases.add(new GradientCase(table, _ -> table.call(index)));
        Tensor flat = index.reshape(4);
        Tensor offsets = Tensors.of(0L, 1L, 1L);
        for (Bags.Mode mode : Bags.Mode.values()) {
            EmbeddingBag bag = new EmbeddingBag(4, 2, mode);
            cases.add(new GradientCase(bag, _ -> bag.call(flat, offsets, null)));
        }
        EmbeddingBag sum = new EmbeddingBag(4, 2, Bags.Mode.SUM, true, OptionalLong.of(-1));
        cases.add(new GradientCase(sum, in -> sum.call(flat, offsets, in.getFirst()), normal(6, 4)));
    }

    private void arrangements() {
        add(new Flatten(), PLANE);
        add(new Flatten(0, 2), PLANE);
        add(new Unflatten(1, 2, 2), PLANE);
        add(new PixelShuffle(2), PLANE);
        add(new PixelUnshuffle(2), PLANE);
        add(new ChannelShuffle(2), PLANE);
        add(new Unfold(new int[] {2, 1}, new ConvOptions().stride(2).padding(1)), PLANE);
        add(new Fold(new int[] {3}, new int[] {2}, new ConvOptions()), normal(1, 2, 4, 4));
        Tensor small = normal(16, 1, 1, 2, 3);
        for (Mode mode : Mode.values()) {
            add(new Upsample(new int[] {3, 5}, mode, false), small);
            add(new Upsample(new double[] {2, 1.5}, mode, false), small);
        }
        add(new Upsample(new int[] {3, 5}, Mode.LINEAR, true), small);
        add(new Upsample(new int[] {3, 5}, Mode.BICUBIC, true), small);
        add(new Upsample(new int[] {2, 3, 2}, Mode.LINEAR, false), CUBE);
        add(new Upsample(2), LINE);
    }

    private void pads() {
        add(new ConstantPad1d(7, 1, 2), LINE);
        add(new ConstantPad2d(7, 1, 0, 2, 1), PLANE);
        add(new ConstantPad3d(2, 1), CUBE);
        add(new ZeroPad1d(1, -1), LINE);
        add(new ZeroPad2d(1), PLANE);
        add(new ZeroPad3d(0, 1, 0, 0, 1, 0), CUBE);
        add(new ReflectionPad1d(2, 1), LINE);
        add(new ReflectionPad2d(1, 2, 0, 3), PLANE);
        add(new ReflectionPad3d(1), CUBE);
        add(new ReplicationPad1d(2, 1), LINE);
        add(new ReplicationPad2d(1, 2, 0, 3), PLANE);
        add(new ReplicationPad3d(1, 2, 1, 0, 0, 1), CUBE);
        add(new CircularPad1d(2, 1), LINE);
        add(new CircularPad2d(1, 2, 0, 3), PLANE);
        add(new CircularPad3d(1), CUBE);
    }

    private void recurrent() {
        RecurrentOptions deep = new RecurrentOptions().numLayers(2).bidirectional(true);
        Tensor lengths = Tensors.of(2L, 3L);
        Tensor x = normal(17, 3, 2, 2);
        Tensor state = normal(18, 4, 2, 2);
        LSTM lstm = new LSTM(2, 2, deep);
        cases.add(new GradientCase(lstm, in -> {
            var y = lstm.call(in.get(0), new LSTM.State(in.get(1), in.get(2)), lengths);
            return Tensors.cat(0, y.output().flatten(), y.state().hidden().flatten(), y.state().cell().flatten());
        }, x, state, normal(19, 4, 2, 2)));
        GRU gru = new GRU(2, 2, deep);
        add(gru, (in, h) -> {
            var y = gru.call(in, h, lengths);
            return Tensors.cat(0, y.output().flatten(), y.hidden().flatten());
        }, x, state);
        RNN rnn = new RNN(2, 2, Nonlinearity.TANH, deep.batchFirst(true).bias(false));
        add(rnn, (in, h) -> rnn.call(in, h).output(), normal(20, 2, 3, 2), state);
        add(new RNN(2, 2, Nonlinearity.RELU, new RecurrentOptions()), x);
        LSTMCell lstmCell = new LSTMCell(4, 2);
        cases.add(new GradientCase(lstmCell, in -> {
            var s = lstmCell.call(in.get(0), new LSTM.State(in.get(1), in.get(2)));
            return Tensors.cat(-1, s.hidden(), s.cell());
        }, normal(21, 2, 4), normal(22, 2, 2), normal(23, 2, 2)));
        GRUCell gruCell = new GRUCell(4, 2, false);
        add(gruCell, gruCell::call, normal(21, 2, 4), normal(22, 2, 2));
        RNNCell rnnCell = new RNNCell(4, 2);
        add(rnnCell, rnnCell::call, normal(21, 2, 4), normal(22, 2, 2));
    }

    private void transformers() {
        TransformerOptions small = new TransformerOptions().feedforward(3).dropout(0)
                .activation(TransformerOptions.Activation.GELU);
        Tensor target = normal(24, 2, 2, 4);
        MultiheadAttention attention = new MultiheadAttention(4, 2);
        cases.add(new GradientCase(attention, in -> attention.call(in.get(0), in.get(1), in.get(2)), target, SEQUENCE,
                normal(25, 3, 2, 4)));
        add(new TransformerEncoderLayer(4, 2, small), SEQUENCE);
        add(new TransformerEncoderLayer(4, 2, small.normFirst(true).batchFirst(true)), SEQUENCE);
        TransformerDecoderLayer decoder = new TransformerDecoderLayer(4, 2, small.normFirst(true));
        add(decoder, decoder::call, target, SEQUENCE);
        add(new TransformerEncoder(() -> new TransformerEncoderLayer(4, 2, small.bias(false)), 2), SEQUENCE);
        TransformerDecoder two = new TransformerDecoder(() -> new TransformerDecoderLayer(4, 2, small), 1);
        add(two, two::call, target, SEQUENCE);
        Transformer whole = new Transformer(4, 2, 1, 1, small);
        add(whole, whole::call, SEQUENCE, target);
    }

    private void containers() {
        Tensor x = normal(26, 2, 3);
        add(new Sequential(new Linear(3, 2), new Tanh(), new Linear(2, 2)), x);
        ModuleList<Linear> list = new ModuleList<>(new Linear(3, 2), new Linear(3, 2));
        cases.add(new GradientCase(list, in -> list.get(0).call(in.getFirst()).mul(list.get(1).call(in.getFirst())),
                x));
        ModuleDict<Linear> dict = new ModuleDict<>(Map.of("a", new Linear(3, 2)));
        cases.add(new GradientCase(dict, in -> dict.get("a").call(in.getFirst()).sin(), x));
        ParameterList parameters = new ParameterList(Parameter.startingAt(Tensors.ones(3)));
        cases.add(new GradientCase(parameters, in -> in.getFirst().mul(parameters.get(0).get()).cos(), x));
        ParameterDict named = new ParameterDict().put("scale", Tensors.ones(3).to(DType.F64));
        cases.add(new GradientCase(named, in -> in.getFirst().mul(named.get("scale").get()).cos(), x));
    }
}
