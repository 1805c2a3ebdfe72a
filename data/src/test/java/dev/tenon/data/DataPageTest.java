package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import dev.tenon.data.image.Cifar;
import dev.tenon.data.image.ImageDataset;
import dev.tenon.data.text.LabelledLines;
import dev.tenon.data.text.TextWindows;
import dev.tenon.data.text.Tokenizer;
import dev.tenon.data.text.Vocabulary;
import dev.tenon.data.transform.Mixup;
import dev.tenon.data.transform.Normalize;
import dev.tenon.data.transform.OneHot;
import dev.tenon.data.transform.RandAugment;
import dev.tenon.data.transform.RandomCrop;
import dev.tenon.data.transform.RandomErasing;
import dev.tenon.data.transform.RandomHorizontalFlip;
import dev.tenon.data.transform.ToTensor;
import dev.tenon.data.transform.Transform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The code of `docs/data.md`, which must be the code of this file.
class DataPageTest {
    @TempDir
    private Path root;

    private static String joined(String code) {
        return code.lines().map(String::strip).filter(s -> !s.isEmpty()).collect(Collectors.joining("\n"));
    }

    @Test
    void thePageShowsWhatIsRunHere() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "data.md"));
        String source = joined(Files.readString(Path.of("src/test/java/dev/tenon/data/DataPageTest.java")));
        Matcher blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(page);
        int count = 0;
        while (blocks.find()) {
            String code = joined(blocks.group(1));
            assertTrue(source.contains(code), () -> "not in this test: " + code);
            count++;
        }
        assertEquals(5, count);
    }

    @Test
    void imagesAndBatches() throws IOException {
        byte[] file = new byte[10 * 3073];
        new Random(3).nextBytes(file);
        for (int i = 0; i < 10; i++) {
            file[i * 3073] = (byte) i;
        }
        for (int f = 1; f <= 5; f++) {
            Files.write(root.resolve("data_batch_" + f + ".bin"), file);
        }

        ImageDataset cifar = Cifar.cifar10(root, true);
        List<Dataset<Sample>> parts = cifar.stratifiedSplit(cifar.labels(), 1, 0.9, 0.1);

        double[] mean = {0.4914, 0.4822, 0.4465};
        double[] std = {0.2470, 0.2435, 0.2616};
        Transform still = new ToTensor().then(new Normalize(mean, std));
        Dataset<Sample> train = parts.get(0).transform(Transform.compose(
            new RandomCrop(32, 4), new RandomHorizontalFlip(), new RandAugment(), still, new RandomErasing(0.25)));
        Dataset<Sample> test = parts.get(1).transform(still);

        // five of each class: 4.5 of them to train, rounded down, and the rest to the first part
        assertEquals(50, train.size());
        assertEquals(0, test.size());
        long pixels = 0;
        String report = "";
        try (var loader = DataLoader.builder(train.transform(new OneHot(10)))
                .batchSize(32).shuffle(7).workers(2).transform(new Mixup(0.2)).build()) {
            for (int e = 0; e < 2; e++) {
                try (Epoch epoch = loader.nextEpoch()) {
                    for (Batch batch : epoch) {
                        try (batch) {
                            pixels += batch.input().elements();
                        }
                    }
                    report = epoch.report();
                }
            }
        }
        assertEquals(2 * 50 * 3072, pixels);
        assertTrue(report.startsWith("epoch 1: 2 batches, 50 samples, 2 workers"), report);

        long number;
        LoaderState state;
        try (var loader = DataLoader.builder(train).batchSize(8).shuffle(7).build()) {
            var batches = loader.iterator();
            batches.next().close();
            batches.next().close();
            state = loader.state();
        }
        Map<String, String> saved = state.toMap();

        try (var loader = DataLoader.builder(train).batchSize(8).shuffle(7).workers(2).build()) {
            loader.load(LoaderState.of(saved));
            try (Batch third = loader.iterator().next()) {
                number = third.number();
            }
        }
        assertEquals(2, number);
    }

    @Test
    void texts() throws IOException {
        Shape shape;
        long[] lengths;
        String text = "to be or not to be, that is the question";
        Path file = Files.writeString(root.resolve("films.tsv"), "good\ta fine film\nbad\tdull\n");

        Tokenizer characters = Tokenizer.characters();
        Vocabulary alphabet = Vocabulary.characters(text);
        Dataset<Sample> windows = new TextWindows(alphabet.encode(characters.tokens(text)), 16, 1);

        LabelledLines lines = LabelledLines.read(file, "\t", Tokenizer.words());
        Vocabulary words = lines.vocabulary(1);
        try (var loader = DataLoader.builder(lines.encoded(words), Collator.padded(100, words.id(Vocabulary.PADDING)))
                .batchSize(2).build()) {
            try (Batch batch = loader.iterator().next()) {
                shape = batch.input().shape();
                lengths = batch.tensors().get(2).toLongArray();
            }
        }
        assertEquals(text.length() - 16, windows.size());
        assertEquals(Shape.of(2, 3), shape);
        assertArrayEquals(new long[] {3, 1}, lengths);
    }

    @Test
    void onesOwn() throws Exception {
        Dataset<Sample> squares = new Dataset<>() {
            @Override
            public long size() {
                return 1000;
            }

            @Override
            public Sample get(long index) {
                float x = index / 1000f;
                return new Sample(HostArray.of(x), HostArray.of(x * x));
            }
        };
        Dataset<Sample> noisy = squares.transform((sample, random) ->
            new Sample(HostArray.of(sample.input().toFloatArray()[0] + 0.01f * random.nextFloat()), sample.target()));

        assertEquals(0.25f, noisy.get(500).target().toFloatArray()[0]);
        assertEquals(0.505f, noisy.get(500).input().toFloatArray()[0], 0.0051f);
        assertTrue(Arrays.stream(new long[] {1, 2}).allMatch(i -> i < noisy.size()));
    }
}
