package dev.tenon.nn.train;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Dataset;
import dev.tenon.data.Sample;
import dev.tenon.data.TensorDataset;
import dev.tenon.nn.precision.GradScaler;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a model is trained: data, length, and what happens beside it. Methods change this and return it; [Trainer#fit]
/// reads it when it begins.
///
/// ```java
/// trainer.fit(FitOptions.of(train).validation(test).epochs(10).batchSize(64)
///         .callbacks(new EarlyStopping("val_loss").patience(3), new CsvLog(path)));
/// ```
public final class FitOptions {
    final @Nullable Dataset<Sample> dataset;
    final @Nullable DataLoader loader;
    @Nullable Dataset<Sample> validationSet;
    @Nullable DataLoader validationLoader;
    double validationSplit;
    int validationEvery = 1;
    int epochs = 1;
    int initialEpoch;
    int batchSize = 32;
    boolean dropLast;
    int workers = 1;
    boolean shuffle = true;
    long seed;
    double @Nullable [] classWeights;
    double @Nullable [] sampleWeights;
    int accumulate = 1;
    double clipNorm = Double.NaN;
    double clipValue = Double.NaN;
    @Nullable DType autocast;
    @Nullable GradScaler scaler;
    double averageDecay = Double.NaN;
    @Nullable Device device;
    @Nullable Checkpoints checkpoints;
    boolean detectAnomalies;
    boolean stopOnNaN = true;
    final List<Callback> callbacks = new ArrayList<>();

    private FitOptions(@Nullable Dataset<Sample> dataset, @Nullable DataLoader loader) {
        this.dataset = dataset;
        this.loader = loader;
    }

    /// Trains on a data set, shuffled anew in every epoch.
    public static FitOptions of(Dataset<Sample> train) {
        return new FitOptions(train, null);
    }

    /// Trains on the batches of a loader, in its order and of its size, on its device.
    public static FitOptions of(DataLoader train) {
        return new FitOptions(null, train);
    }

    /// Trains on the rows of tensors, shuffled anew in every epoch.
    public static FitOptions of(Tensor inputs, Tensor targets) {
        return new FitOptions(new TensorDataset(inputs, targets), null);
    }

    private static int atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException("fit: " + name + " " + value + ": expected at least " + least);
        }
        return value;
    }

    private static double above0(String name, double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException("fit: " + name + " " + value + ": expected above 0");
        }
        return value;
    }

    private static double[] weights(String name, double[] values) {
        for (double v : values) {
            if (!(v >= 0) || Double.isInfinite(v)) {
                throw new IllegalArgumentException("fit: " + name + ": weight " + v
                        + ": expected a finite number, at least 0");
            }
        }
        return values.clone();
    }

    // --- data

    /// Measures on a data set after the epochs.
    public FitOptions validation(Dataset<Sample> set) {
        validationSet = set;
        return this;
    }

    /// Measures on the batches of a loader after the epochs.
    public FitOptions validation(DataLoader batches) {
        validationLoader = batches;
        return this;
    }

    /// Keeps a share of the data set, chosen at random by the seed, for validation.
    ///
    /// @throws IllegalArgumentException if it is not between 0 and 1
    public FitOptions validationSplit(double share) {
        if (!(share > 0 && share < 1)) {
            throw new IllegalArgumentException("fit: validationSplit " + share + ": expected between 0 and 1");
        }
        validationSplit = share;
        return this;
    }

    /// Validates after every n-th epoch and the last one; by default after each.
    public FitOptions validationEvery(int n) {
        validationEvery = atLeast("validationEvery", n, 1);
        return this;
    }

    /// Samples per batch, by default 32; a loader has its own.
    public FitOptions batchSize(int samples) {
        batchSize = atLeast("batchSize", samples, 1);
        return this;
    }

    /// Whether a last batch of fewer samples is left out of training; by default it is not. Batch normalisation cannot
    /// take one of a single sample. A loader has its own.
    public FitOptions dropLast(boolean drop) {
        dropLast = drop;
        return this;
    }

    /// Threads that read and collate, by default 1; a loader has its own.
    public FitOptions workers(int threads) {
        workers = atLeast("workers", threads, 0);
        return this;
    }

    /// Whether a data set is shuffled; by default it is.
    public FitOptions shuffle(boolean on) {
        shuffle = on;
        return this;
    }

    /// The seed of the order and of the validation split, by default 0.
    public FitOptions seed(long s) {
        seed = s;
        return this;
    }

    // --- length

    /// The number of the last epoch, by default 1.
    public FitOptions epochs(int n) {
        epochs = atLeast("epochs", n, 1);
        return this;
    }

    /// How many epochs are taken as done already, by default 0; orders and schedules begin there.
    public FitOptions initialEpoch(int done) {
        initialEpoch = atLeast("initialEpoch", done, 0);
        return this;
    }

    // --- losses and gradients

    /// A factor for each class on the losses of its samples. The loss of a batch is the sum of the weighted losses
    /// divided by their number, as in Keras.
    public FitOptions classWeights(double... perClass) {
        classWeights = weights("classWeights", perClass);
        return this;
    }

    /// A factor for each sample of the training set, by its index. The loss of a batch is the sum of the weighted
    /// losses divided by their number, as in Keras.
    public FitOptions sampleWeights(double... perSample) {
        sampleWeights = weights("sampleWeights", perSample);
        return this;
    }

    /// How many batches make a step of the optimiser; their losses are averaged. By default 1.
    public FitOptions accumulate(int batches) {
        accumulate = atLeast("accumulate", batches, 1);
        return this;
    }

    /// Scales the gradients so that their norm, all taken as one vector, is at most this.
    public FitOptions clipNorm(double most) {
        clipNorm = above0("clipNorm", most);
        return this;
    }

    /// Limits each element of the gradients to plus and minus this.
    public FitOptions clipValue(double most) {
        clipValue = above0("clipValue", most);
        return this;
    }

    /// Mixed precision: products and convolutions in 16 bits. With `F16` the loss is scaled by a [GradScaler].
    ///
    /// @param dtype `BF16` or `F16`
    /// @throws IllegalArgumentException for another dtype
    public FitOptions autocast(DType dtype) {
        if (dtype != DType.BF16 && dtype != DType.F16) {
            throw new IllegalArgumentException("fit: autocast " + dtype + ": expected bf16 or f16");
        }
        autocast = dtype;
        return this;
    }

    /// The scaler of the loss; without one, mixed precision with `F16` takes one with the usual settings.
    public FitOptions scaler(GradScaler gradScaler) {
        scaler = gradScaler;
        return this;
    }

    /// Keeps running means of the weights. Validation, [ModelCheckpoint] and [EarlyStopping] use them, and the model
    /// has them when training ends.
    ///
    /// @param decay such as 0.999
    /// @throws IllegalArgumentException if it is not from 0 to 1
    public FitOptions average(double decay) {
        if (!(decay >= 0 && decay <= 1)) {
            throw new IllegalArgumentException("fit: average " + decay + ": expected a decay from 0 to 1");
        }
        averageDecay = decay;
        return this;
    }

    // --- how

    /// Where the model is moved to and trained; by default it is trained where it is.
    public FitOptions device(Device target) {
        device = target;
        return this;
    }

    /// Where and when checkpoints are written that a run can go on from.
    public FitOptions checkpoints(Checkpoints where) {
        checkpoints = where;
        return this;
    }

    /// What happens beside training; added to those given before, see [Callback] for the order.
    public FitOptions callbacks(Callback... more) {
        callbacks.addAll(List.of(more));
        return this;
    }

    /// Whether the result of every op is checked for NaN, so that the message of a [DivergedException] names the op and
    /// the layer. Slow.
    public FitOptions detectAnomalies(boolean on) {
        detectAnomalies = on;
        return this;
    }

    /// Whether a loss that is no finite number ends training, by default true. The losses are looked at after each
    /// epoch and before each checkpoint; the step is known all the same.
    public FitOptions stopOnNaN(boolean on) {
        stopOnNaN = on;
        return this;
    }
}
