package dev.tenon.graph;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.activation.Tanh;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.AvgPool2d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Identity;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.transformer.TransformerEncoderLayer;

/// The networks that graphs are tested and measured with.
final class Nets {
    private Nets() {}

    static Module mlp() {
        return new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 256), new ReLU(), new Linear(256, 10));
    }

    /// LeNet-5 for 28 x 28 images, with average pooling and tanh as in LeCun et al., 1998.
    static Module leNet5() {
        return new Sequential(conv(1, 6, 5, 1, 2, true), new Tanh(), new AvgPool2d(2), conv(6, 16, 5, 1, 0, true),
                new Tanh(), new AvgPool2d(2), new Flatten(), new Linear(400, 120), new Tanh(), new Linear(120, 84),
                new Tanh(), new Linear(84, 10));
    }

    /// ResNet-18 in the form for 32 x 32 images (He et al., 2016).
    static Module resNet18() {
        Sequential s = new Sequential(conv(3, 64, 3, 1, 1, false), new BatchNorm2d(64), new ReLU());
        int in = 64;
        for (int width : new int[] {64, 128, 256, 512}) {
            s.add(new Block(in, width, width == 64 ? 1 : 2));
            s.add(new Block(width, width, 1));
            in = width;
        }
        return new Sequential(s, new AdaptiveAvgPool2d(1), new Flatten(), new Linear(512, 10));
    }

    static Conv2d conv(int in, int out, int kernel, int stride, int padding, boolean bias) {
        return new Conv2d(in, out, new int[] {kernel, kernel}, bias,
                new ConvOptions().stride(stride).padding(padding));
    }

    /// Two convolutions of 3 x 3 around which the input is added.
    static final class Block extends Module {
        private final Module main;
        private final Module shortcut;

        Block(int in, int out, int stride) {
            main = register("main", new Sequential(conv(in, out, 3, stride, 1, false), new BatchNorm2d(out),
                    new ReLU(), conv(out, out, 3, 1, 1, false), new BatchNorm2d(out)));
            shortcut = register("shortcut", in == out && stride == 1 ? new Identity()
                    : new Sequential(conv(in, out, 1, stride, 0, false), new BatchNorm2d(out)));
        }

        @Override
        public Tensor forward(Tensor x) {
            return main.call(x).add(shortcut.call(x)).relu();
        }
    }

    /// A classifier of sequences `[n, t, 32]`.
    static final class Recurrent extends Module {
        private final LSTM lstm = register("lstm", new LSTM(32, 64));
        private final Linear head = register("head", new Linear(64, 10));

        @Override
        public Tensor forward(Tensor x) {
            Tensor y = lstm.call(x.transpose(0, 1), null).output();
            return head.call(y.select(0, -1));
        }
    }

    /// Two encoder layers over `[n, t, 64]`, and a classifier of the mean.
    static final class Transformer extends Module {
        private final Module first = register("first", new TransformerEncoderLayer(64, 4));
        private final Module second = register("second", new TransformerEncoderLayer(64, 4));
        private final Linear head = register("head", new Linear(64, 10));

        @Override
        public Tensor forward(Tensor x) {
            return head.call(second.call(first.call(x)).mean(1));
        }
    }
}
