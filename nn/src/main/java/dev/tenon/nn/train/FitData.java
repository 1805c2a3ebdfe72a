package dev.tenon.nn.train;

import dev.tenon.api.Device;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Dataset;
import dev.tenon.data.Sample;
import dev.tenon.data.Sampler;
import java.util.Arrays;
import java.util.PrimitiveIterator;
import org.jspecify.annotations.Nullable;

/// The loaders of a fit. Those made here are closed here.
///
/// @param train what is trained on
/// @param validation what is measured on, or null
/// @param classWeights empty if there are none
/// @param sampleWeights by index in what is trained on; empty if there are none
record FitData(DataLoader train, @Nullable DataLoader validation, float[] classWeights, float[] sampleWeights,
        boolean ownsTrain, boolean ownsValidation) implements AutoCloseable {
    static FitData of(FitOptions o, Device device) {
        Dataset<Sample> set = o.dataset;
        Dataset<Sample> held = o.validationSet;
        float[] weights = floats(o.sampleWeights);
        int sources = (held != null ? 1 : 0) + (o.validationLoader != null ? 1 : 0) + (o.validationSplit > 0 ? 1 : 0);
        if (sources > 1) {
            throw new IllegalArgumentException("fit: validation data was given more than once: choose one of a set,"
                    + " a loader and a split");
        }
        long given = o.loader != null ? o.loader.samples() : set == null ? 0 : set.size();
        if (weights.length > 0 && o.loader == null && weights.length != given) {
            throw new IllegalArgumentException("fit: " + weights.length + " sampleWeights for a data set of " + given
                    + " samples");
        }
        if (o.validationSplit > 0) {
            if (set == null) {
                throw new IllegalArgumentException("fit: validationSplit needs a data set; with a loader, give"
                        + " validation(...) a loader or a set of its own");
            }
            long[] order = order(set.size(), o.seed);
            int kept = (int) Math.round(order.length * o.validationSplit);
            if (kept < 1 || kept >= order.length) {
                throw new IllegalArgumentException("fit: validationSplit " + o.validationSplit + " of " + set.size()
                        + " samples leaves nothing on one side");
            }
            long[] chosen = Arrays.copyOf(order, order.length - kept);
            held = set.subset(Arrays.copyOfRange(order, chosen.length, order.length));
            set = set.subset(chosen);
            weights = weights.length == 0 ? weights : chosen(weights, chosen);
        }
        DataLoader train = o.loader != null ? o.loader : loader(o, set, device, o.shuffle, o.dropLast);
        DataLoader validation = held != null ? loader(o, held, device, false, false) : o.validationLoader;
        if (train.size() == 0) {
            throw new IllegalArgumentException("fit: there is nothing to train on: the data has no batches");
        }
        return new FitData(train, validation, floats(o.classWeights), weights, o.loader == null, held != null);
    }

    private static DataLoader loader(FitOptions o, @Nullable Dataset<Sample> set, Device device, boolean shuffle,
            boolean dropLast) {
        if (set == null) {
            throw new IllegalStateException("options have a data set or a loader");
        }
        DataLoader.Builder b = DataLoader.builder(set).batchSize(o.batchSize).workers(o.workers).pinMemory(true)
                .dropLast(dropLast).device(device);
        if (o.workers > 0) {
            b.prefetch(Math.max(4, 2 * o.workers));
        }
        return (shuffle ? b.shuffle(o.seed) : b.seed(o.seed)).build();
    }

    private static long[] order(long n, long seed) {
        PrimitiveIterator.OfLong order = Sampler.random(n, seed).indices(0);
        long[] out = new long[(int) n];
        for (int i = 0; i < out.length; i++) {
            out[i] = order.nextLong();
        }
        return out;
    }

    private static float[] chosen(float[] weights, long[] indices) {
        float[] out = new float[indices.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = weights[(int) indices[i]];
        }
        return out;
    }

    private static float[] floats(double @Nullable [] values) {
        float[] out = new float[values == null ? 0 : values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) (values == null ? 0 : values[i]);
        }
        return out;
    }

    boolean isWeighted() {
        return classWeights.length > 0 || sampleWeights.length > 0;
    }

    @Override
    public void close() {
        if (ownsTrain) {
            train.close();
        }
        if (ownsValidation && validation != null) {
            validation.close();
        }
    }
}
