package dev.tenon.report;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.tenon.data.format.DatasetFormatException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.HistogramProto;
import org.tensorflow.proto.SessionLog;
import org.tensorflow.proto.Summary;

/// A file that TensorBoard reads: a sequence of events, each framed by its length and checksums,
///
/// ```text
/// 8 bytes   length of the event, little-endian
/// 4 bytes   masked CRC-32C of the length
/// n bytes   the event, a protocol buffer
/// 4 bytes   masked CRC-32C of the event
/// ```
///
/// where masking turns c into (c rotated right by 15) + 0xa282ead8. Each event is written at once, so what was written
/// before a process was killed can be read.
public final class EventFile implements Closeable {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final int MASK = 0xa282ead8;
    private static final long LARGEST = 1L << 30;

    private final Path path;
    private final FileChannel channel;

    private EventFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /// Begins a new file in a folder, under a name of its own that TensorBoard recognises.
    ///
    /// @throws IOException if the file cannot be written
    public static EventFile create(Path folder) throws IOException {
        Files.createDirectories(folder);
        // TensorBoard reads the files of a folder in the order of their names: the time comes first.
        String name = String.format(Locale.ROOT, "events.out.tfevents.%010d.tenon.%d.%d",
                System.currentTimeMillis() / 1000, ProcessHandle.current().pid(), COUNT.getAndIncrement());
        Path path = folder.resolve(name);
        EventFile file = new EventFile(path,
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        file.write(Event.newBuilder().setFileVersion("brain.Event:2"));
        return file;
    }

    /// Where the file is.
    public Path path() {
        return path;
    }

    /// Writes a number.
    ///
    /// @param tag the name of the curve; a part before `/` groups curves
    public void scalar(String tag, long step, double value) throws IOException {
        summary(step, Summary.Value.newBuilder().setTag(tag).setSimpleValue((float) value));
    }

    /// Writes a picture.
    ///
    /// @param png the picture in PNG format
    /// @param channels 1 grey, 3 colours, 4 colours and opacity
    public void image(String tag, long step, byte[] png, int height, int width, int channels) throws IOException {
        summary(step, Summary.Value.newBuilder().setTag(tag).setImage(Summary.Image.newBuilder().setHeight(height)
                .setWidth(width).setColorspace(channels).setEncodedImageString(ByteString.copyFrom(png))));
    }

    /// Writes how values are distributed; those that are not finite are left out.
    public void histogram(String tag, long step, double[] values) throws IOException {
        HistogramProto histogram = Histograms.of(values);
        summary(step, Summary.Value.newBuilder().setTag(tag).setHisto(histogram));
    }

    /// Writes a graph of operations.
    void graph(GraphDef graph) throws IOException {
        write(Event.newBuilder().setGraphDef(graph.toByteString()));
    }

    /// Says that a run goes on from a step: what earlier files say of later steps counts no more.
    void restart(long step) throws IOException {
        write(Event.newBuilder().setStep(step)
                .setSessionLog(SessionLog.newBuilder().setStatus(SessionLog.SessionStatus.START)));
    }

    private void summary(long step, Summary.Value.Builder value) throws IOException {
        write(Event.newBuilder().setStep(step).setSummary(Summary.newBuilder().addValue(value)));
    }

    private void write(Event.Builder event) throws IOException {
        byte[] data = event.setWallTime(System.currentTimeMillis() / 1000.0).build().toByteArray();
        ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length).putInt(masked(record.array(), 0, 8)).put(data).putInt(masked(data, 0, data.length));
        record.flip();
        while (record.hasRemaining()) {
            channel.write(record);
        }
    }

    private static int masked(byte[] data, int offset, int length) {
        var crc = new CRC32C();
        crc.update(data, offset, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }

    /// An event of a file, as far as it is of the kinds that are written here.
    ///
    /// @param step the step
    /// @param tag the name of the curve; empty for what has none
    /// @param message the whole event as a protocol buffer, `tensorflow.Event`
    public record Entry(long step, String tag, byte[] message) {}

    /// Reads a file. A record that was cut off at the end is left out.
    ///
    /// @throws IOException if reading fails or a checksum is wrong
    public static List<Entry> read(Path path) throws IOException {
        List<Entry> out = new ArrayList<>();
        for (Event e : events(path)) {
            out.add(new Entry(e.getStep(), e.getSummary().getValueCount() == 0 ? "" : e.getSummary().getValue(0)
                    .getTag(), e.toByteArray()));
        }
        return out;
    }

    static List<Event> events(Path path) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        List<Event> out = new ArrayList<>();
        while (all.remaining() >= 12) {
            int at = all.position();
            long length = all.getLong();
            if (all.getInt() != masked(all.array(), at, 8) || length < 0 || length > LARGEST) {
                throw new DatasetFormatException(path, "the checksum of the length of event " + out.size()
                        + " is wrong: it is damaged or no file of TensorBoard's");
            }
            if (all.remaining() < length + 4) {
                break;
            }
            byte[] data = new byte[(int) length];
            all.get(data);
            if (all.getInt() != masked(data, 0, data.length)) {
                throw new DatasetFormatException(path, "the checksum of event " + out.size() + " is wrong");
            }
            try {
                out.add(Event.parseFrom(data));
            } catch (InvalidProtocolBufferException e) {
                throw new DatasetFormatException(path, "event " + out.size() + " is malformed: " + e.getMessage());
            }
        }
        return out;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
