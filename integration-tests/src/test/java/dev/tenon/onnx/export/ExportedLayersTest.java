package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
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
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Resizing;
import dev.tenon.nn.layer.AdaptiveAvgPool1d;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.AdaptiveAvgPool3d;
import dev.tenon.nn.layer.AdaptiveMaxPool2d;
import dev.tenon.nn.layer.AvgPool1d;
import dev.tenon.nn.layer.AvgPool2d;
import dev.tenon.nn.layer.AvgPool3d;
import dev.tenon.nn.layer.BatchNorm1d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.BatchNorm3d;
import dev.tenon.nn.layer.ChannelShuffle;
import dev.tenon.nn.layer.CircularPad2d;
import dev.tenon.nn.layer.ConstantPad2d;
import dev.tenon.nn.layer.Conv1d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Conv3d;
import dev.tenon.nn.layer.ConvTranspose1d;
import dev.tenon.nn.layer.ConvTranspose2d;
import dev.tenon.nn.layer.ConvTranspose3d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.GroupNorm;
import dev.tenon.nn.layer.InstanceNorm2d;
import dev.tenon.nn.layer.LPPool2d;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.LocalResponseNorm;
import dev.tenon.nn.layer.MaxPool1d;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.layer.MaxPool3d;
import dev.tenon.nn.layer.PixelShuffle;
import dev.tenon.nn.layer.PixelUnshuffle;
import dev.tenon.nn.layer.RMSNorm;
import dev.tenon.nn.layer.ReflectionPad2d;
import dev.tenon.nn.layer.ReplicationPad2d;
import dev.tenon.nn.layer.Unflatten;
import dev.tenon.nn.layer.Unfold;
import dev.tenon.nn.layer.Upsample;
import dev.tenon.nn.layer.ZeroPad2d;
import dev.tenon.nn.recurrent.GRU;
import dev.tenon.nn.recurrent.GRUCell;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.recurrent.LSTMCell;
import dev.tenon.nn.recurrent.RNN;
import dev.tenon.nn.recurrent.RNNCell;
import dev.tenon.nn.recurrent.RecurrentOptions;
import dev.tenon.nn.transformer.MultiheadAttention;
import dev.tenon.nn.transformer.TransformerEncoder;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Layers in evaluation mode, exported, agree in ONNX Runtime.
class ExportedLayersTest {
    private final List<DynamicTest> tests = new ArrayList<>();

    private void layer(Supplier<Module> maker, long... input) {
        Module m = Exported.spread(maker.get());
        tests.add(DynamicTest.dynamicTest(m + " of " + Shape.of(input), () -> {
            try (Scope _ = Scope.open()) {
                Tensor x = Tensors.randn(Shape.of(input), DType.F32, Device.getDefault(), new Generator(5));
                Exported.check(m.toString(), m, x);
            }
        }));
    }

    private void rows(Supplier<Module> maker) {
        layer(maker, 5, 6);
    }

    private void line(Supplier<Module> maker) {
        layer(maker, 2, 4, 12);
    }

    private void image(Supplier<Module> maker) {
        layer(maker, 2, 4, 9, 11);
    }

    private void volume(Supplier<Module> maker) {
        layer(maker, 2, 4, 5, 6, 7);
    }

    @TestFactory
    List<DynamicTest> layers() {
        image(() -> new AdaptiveAvgPool2d(3));
        line(() -> new AdaptiveAvgPool1d(4));
        volume(() -> new AdaptiveAvgPool3d(2));
        image(() -> new AdaptiveMaxPool2d(3));
        image(() -> new AvgPool2d(3, 2));
        image(() -> new AvgPool2d(3, new PoolOptions().stride(2).padding(1).ceilMode(true)));
        image(() -> new AvgPool2d(3, new PoolOptions().stride(2).padding(1).ceilMode(true).countIncludePad(false)));
        image(() -> new AvgPool2d(3, new PoolOptions().divisorOverride(5)));
        line(() -> new AvgPool1d(3, 2));
        volume(() -> new AvgPool3d(2));
        image(() -> new MaxPool2d(3, 2));
        image(() -> new MaxPool2d(3, new PoolOptions().stride(2).padding(1).ceilMode(true)));
        line(() -> new MaxPool1d(3, 1));
        volume(() -> new MaxPool3d(2));
        image(() -> new LPPool2d(2, 2));
        rows(() -> new BatchNorm1d(6));
        image(() -> new BatchNorm2d(4));
        volume(() -> new BatchNorm3d(4));
        image(() -> new InstanceNorm2d(4));
        image(() -> new GroupNorm(2, 4));
        rows(() -> new LayerNorm(6));
        image(() -> new LayerNorm(9, 11));
        rows(() -> new RMSNorm(6));
        image(() -> new LocalResponseNorm(3));
        rows(() -> new Linear(6, 3));
        layer(() -> new Linear(6, 3, false), 2, 5, 6);
        line(() -> new Conv1d(4, 3, 3, 2, 1));
        image(() -> new Conv2d(4, 6, 3, 2, 1));
        image(() -> new Conv2d(4, 8, 3, new ConvOptions().groups(2).dilation(2)));
        volume(() -> new Conv3d(4, 3, 2));
        line(() -> new ConvTranspose1d(4, 3, 3));
        image(() -> new ConvTranspose2d(4, 6, 3));
        volume(() -> new ConvTranspose3d(4, 3, 2));
        image(() -> new ChannelShuffle(2));
        image(() -> new PixelShuffle(2));
        layer(() -> new PixelUnshuffle(2), 2, 3, 8, 6);
        image(() -> new CircularPad2d(1, 2, 2, 1));
        image(() -> new ConstantPad2d(1.5, 1, 2, 2, 1));
        image(() -> new ZeroPad2d(1, -1, 2, 0));
        image(() -> new ReflectionPad2d(1, 2, 2, 1));
        image(() -> new ReplicationPad2d(1, 2, 2, 1));
        image(() -> new Dropout(0.5));
        image(() -> new Flatten());
        rows(() -> new Unflatten(1, 2, 3));
        image(() -> new Unfold(new int[] {3, 3}, new ConvOptions()));
        image(() -> new Upsample(2));
        image(() -> new Upsample(new int[] {13, 17}, Resizing.Mode.LINEAR, false));
        image(() -> new Upsample(new int[] {13, 17}, Resizing.Mode.BICUBIC, true));
        rows(() -> new CELU(0.7));
        rows(() -> new ELU(0.7));
        rows(() -> new GELU());
        rows(() -> new GELU(true));
        rows(() -> new GLU());
        rows(() -> new Hardshrink());
        rows(() -> new Hardsigmoid());
        rows(() -> new Hardswish());
        rows(() -> new Hardtanh());
        rows(() -> new LeakyReLU(0.2));
        rows(() -> new LogSigmoid());
        rows(() -> new LogSoftmax(1));
        rows(() -> new Mish());
        rows(() -> new PReLU());
        rows(() -> new RReLU());
        rows(() -> new ReLU());
        rows(() -> new ReLU6());
        rows(() -> new SELU());
        rows(() -> new SiLU());
        rows(() -> new Sigmoid());
        rows(() -> new Softmax(1));
        image(() -> new Softmax2d());
        rows(() -> new Softmin(1));
        rows(() -> new Softplus());
        rows(() -> new Softplus(2));
        rows(() -> new Softshrink());
        rows(() -> new Softsign());
        rows(() -> new Tanh());
        rows(() -> new Tanhshrink());
        rows(() -> new Threshold(0.1, 20));
        layer(() -> new GRU(6, 5), 7, 2, 6);
        layer(() -> new LSTM(6, 5, new RecurrentOptions().numLayers(2).bidirectional(true)), 7, 2, 6);
        layer(() -> new RNN(6, 5), 7, 2, 6);
        rows(() -> new GRUCell(6, 5));
        rows(() -> new LSTMCell(6, 5));
        rows(() -> new RNNCell(6, 5));
        layer(() -> new MultiheadAttention(8, 2), 5, 2, 8);
        layer(() -> new TransformerEncoderLayer(8, 2, new TransformerOptions().feedforward(16)), 5, 2, 8);
        layer(() -> new TransformerEncoder(() -> new TransformerEncoderLayer(8, 2, new TransformerOptions()
                .feedforward(16).normFirst(true).activation(TransformerOptions.Activation.GELU)), 2), 5, 2, 8);
        return tests;
    }
}
