package dev.tenon.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Tensors;
import dev.tenon.data.DigitsDataset;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.metric.Accuracy;
import dev.tenon.nn.metric.ConfusionMatrix;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.train.Checkpoints;
import dev.tenon.nn.train.FitOptions;
import dev.tenon.nn.train.History;
import dev.tenon.nn.train.LambdaCallback;
import dev.tenon.nn.train.Trainer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.HistogramProto;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SessionLog;

class TensorBoardTest {
    @TempDir
    private Path folder;

    private static Trainer trainer() {
        var net = new Sequential().add("flatten", new Flatten()).add("fc", new Linear(784, 10))
                .add("relu", new ReLU());
        return Trainer.of(net).optimizer(p -> new Adam(p, 0.01)).loss(new CrossEntropyLoss()).metrics(new Accuracy())
                .build();
    }

    private static FitOptions options(int epochs) {
        return FitOptions.of(new DigitsDataset(1, 60)).validation(new DigitsDataset(2, 20)).batchSize(20)
                .epochs(epochs);
    }

    private List<Path> files(String name) throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve(name))) {
            return all.sorted().toList();
        }
    }

    /// The polynomial of Castagnoli, bit by bit.
    private static int crc(byte[] data, int from, int length) {
        int crc = -1;
        for (int i = from; i < from + length; i++) {
            crc ^= data[i] & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82F63B78;
            }
        }
        return ~crc;
    }

    private static int masked(int crc) {
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    @Test
    void recordsAreFramedByLengthsAndChecksums() throws IOException {
        try (EventFile f = EventFile.create(folder.resolve("new/run"))) {
            f.scalar("loss", 7, 0.25);
        }
        Path path = files("new/run").getFirst();
        assertTrue(path.getFileName().toString().startsWith("events.out.tfevents."), path.toString());
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int records = 0;
        while (b.hasRemaining()) {
            int at = b.position();
            int n = (int) b.getLong();
            assertEquals(masked(crc(bytes, at, 8)), b.getInt());
            b.position(b.position() + n);
            assertEquals(masked(crc(bytes, at + 12, n)), b.getInt());
            records++;
        }
        assertEquals(2, records);
        List<Event> events = EventFile.events(path);
        assertEquals("brain.Event:2", events.get(0).getFileVersion());
        assertEquals(7, events.get(1).getStep());
        assertEquals(0.25f, events.get(1).getSummary().getValue(0).getSimpleValue());
        assertEquals("loss", EventFile.read(path).get(1).tag());
        // Cut off at the end: the rest is read. Damaged: it is said.
        Files.write(path, Arrays.copyOf(bytes, bytes.length - 3));
        assertEquals(1, EventFile.events(path).size());
        bytes[bytes.length - 8] ^= 1;
        Files.write(path, bytes);
        assertTrue(assertThrows(IOException.class, () -> EventFile.read(path)).getMessage().contains("event 1"));
        bytes[0] ^= 1;
        Files.write(path, bytes);
        assertTrue(assertThrows(IOException.class, () -> EventFile.read(path)).getMessage().contains("length"));
    }

    @Test
    void aRunIsWrittenAsScalarsHistogramsAndAGraph() throws IOException {
        Trainer t = trainer();
        History h = t.fit(options(2).callbacks(new TensorBoard(folder.resolve("tb")).everySteps(2).histograms(true)));
        List<Event> events = EventFile.events(files("tb").getFirst());
        Map<String, TreeMap<Long, Float>> scalars = new LinkedHashMap<>();
        for (Event e : events) {
            e.getSummary().getValueList().stream().filter(v -> v.hasSimpleValue()).forEach(v ->
                    scalars.computeIfAbsent(v.getTag(), _ -> new TreeMap<>()).put(e.getStep(), v.getSimpleValue()));
        }
        assertEquals(List.of("train/loss", "train/accuracy", "train/learning_rate", "validation/loss",
                "validation/accuracy"), List.copyOf(scalars.keySet()));
        // Three steps an epoch: after 2, 4 and 6, and at the ends.
        assertEquals(List.of(2L, 3L, 4L, 6L), List.copyOf(scalars.get("train/loss").keySet()));
        assertEquals((float) h.last().get("val_accuracy"), scalars.get("validation/accuracy").get(6L));
        assertEquals((float) h.epochs().getFirst().get("loss"), scalars.get("train/loss").get(3L));

        GraphDef graph = GraphDef.parseFrom(events.stream().filter(Event::hasGraphDef).findFirst().orElseThrow()
                .getGraphDef());
        Map<String, NodeDef> nodes = graph.getNodeList().stream().collect(Collectors.toMap(NodeDef::getName, n -> n));
        assertEquals(List.of("flatten/Flatten", "fc/weight", "fc/bias"), nodes.get("fc/Linear").getInputList());
        assertEquals(List.of("fc/Linear"), nodes.get("relu/ReLU").getInputList());
        assertEquals(784, nodes.get("fc/weight").getAttrOrThrow("shape").getShape().getDim(1).getSize());

        Map<String, HistogramProto> last = new LinkedHashMap<>();
        events.forEach(e -> e.getSummary().getValueList().stream().filter(v -> v.hasHisto())
                .forEach(v -> last.put(v.getTag(), v.getHisto())));
        assertEquals(List.of("parameters/fc/weight", "gradients/fc/weight", "parameters/fc/bias", "gradients/fc/bias"),
                List.copyOf(last.keySet()));
        double[] weights = t.model().parameters().getFirst().get().toDoubleArray();
        HistogramProto w = last.get("parameters/fc/weight");
        assertEquals(weights.length, w.getNum());
        assertEquals(Arrays.stream(weights).max().orElseThrow(), w.getMax());
        assertEquals(weights.length, w.getBucketList().stream().mapToDouble(d -> d).sum());
    }

    @Test
    void bucketsHoldTheValuesBelowTheirLimits() {
        double[] values = {-3, -1e-3, -1e-3, 0, 0, 5e-13, 1e-5, 2, 2.01, 700, Double.NaN, Double.POSITIVE_INFINITY};
        HistogramProto h = Histograms.of(values);
        assertEquals(10, h.getNum());
        assertEquals(-3, h.getMin());
        assertEquals(700, h.getMax());
        double below = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < h.getBucketCount(); i++) {
            double low = below;
            double high = h.getBucketLimit(i);
            assertTrue(high > low);
            assertEquals(Arrays.stream(values).filter(v -> v >= low && v < high).count(), h.getBucket(i),
                    "below " + high);
            below = high;
        }
        assertEquals(0, Histograms.of(new double[0]).getNum());
    }

    @Test
    void aRunThatGoesOnSaysWhere() throws IOException {
        Path checkpoints = folder.resolve("checkpoints");
        for (int epochs = 1; epochs <= 2; epochs++) {
            Trainer t = trainer();
            t.resume(checkpoints);
            t.fit(options(epochs).checkpoints(Checkpoints.in(checkpoints))
                    .callbacks(new TensorBoard(folder.resolve("tb"))));
        }
        assertEquals(2, files("tb").size());
        List<Event> second = EventFile.events(files("tb").getLast());
        Event log = second.stream().filter(Event::hasSessionLog).findFirst().orElseThrow();
        assertEquals(SessionLog.SessionStatus.START, log.getSessionLog().getStatus());
        assertEquals(3, log.getStep());
    }

    @Test
    void picturesAreWritten() throws IOException {
        var confusion = new ConfusionMatrix();
        Trainer t = trainer();
        var board = new TensorBoard(folder.resolve("tb"));
        t.fit(options(1).callbacks(board, LambdaCallback.onTrainEnd(run -> {
            board.image("samples/grey", 1, Tensors.of(0f, 1, 0.5f, 2).reshape(2, 2));
            board.image("samples/colour", 2, Tensors.of(1f, 0, 0, 0, 0, 1).reshape(3, 1, 2));
            confusion.update(Tensors.eye(3), Tensors.of(0L, 1, 1));
            board.image("confusion", run.step(), ConfusionPicture.draw("t", List.of(), confusion.matrix()));
        })));
        List<Event> images = files("tb").stream().flatMap(f -> {
            try {
                return EventFile.events(f).stream();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }).filter(e -> e.getSummary().getValueCount() > 0 && e.getSummary().getValue(0).hasImage()).toList();
        assertEquals(3, images.size());
        var grey = ImageIO.read(new ByteArrayInputStream(
                images.get(0).getSummary().getValue(0).getImage().getEncodedImageString().toByteArray()));
        assertEquals(0xFFFFFF, grey.getRGB(1, 0) & 0xFFFFFF);
        assertEquals(0x808080, grey.getRGB(0, 1) & 0xFFFFFF);
        var colour = ImageIO.read(new ByteArrayInputStream(
                images.get(1).getSummary().getValue(0).getImage().getEncodedImageString().toByteArray()));
        assertArrayEquals(new int[] {0xFF0000, 0x0000FF},
                IntStream.range(0, 2).map(x -> colour.getRGB(x, 0) & 0xFFFFFF).toArray());
        assertThrows(IllegalArgumentException.class, () -> board.image("x", 1, Tensors.zeros(2, 3, 3)));
    }

    @Test
    void theConfusionMatrixIsDrawn() throws IOException {
        for (int n : new int[] {1, 2, 10, 60, ConfusionPicture.MOST}) {
            long[][] m = new long[n][n];
            for (int i = 0; i < n; i++) {
                m[i][i] = 90;
                m[i][(i + 1) % n] += 10;
            }
            var image = ConfusionPicture.draw("LeNet-5 on digits", List.of("zero", "one"), m);
            boolean blue = false;
            for (int x = 0; x < image.getWidth(); x++) {
                for (int y = 0; y < image.getHeight(); y++) {
                    int rgb = image.getRGB(x, y);
                    blue |= (rgb >> 16 & 0xFF) < 0x60 && (rgb & 0xFF) > 0xB0;
                }
            }
            assertTrue(blue, "nothing right in a picture of " + n);
        }
        ConfusionPicture.write(folder.resolve("new/m.png"), "t", List.of(), new long[][] {{3, 0}, {1, 2}});
        assertTrue(ImageIO.read(folder.resolve("new/m.png").toFile()).getWidth() >= 500);
        assertThrows(IllegalArgumentException.class, () -> ConfusionPicture.draw("t", List.of(), new long[0][0]));
        assertThrows(IllegalArgumentException.class, () ->
                ConfusionPicture.draw("t", List.of(), new long[][] {{1, 2}}));
        assertThrows(IllegalArgumentException.class, () -> ConfusionPicture.draw("t", List.of(), new long[][] {{-1}}));
    }
}
