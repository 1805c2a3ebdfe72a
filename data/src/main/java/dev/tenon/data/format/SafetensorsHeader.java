package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The header of a safetensors file, checked as a whole before anything is read by it.
///
/// @param entries by name, in the order of the file's header
/// @param metadata text by name
record SafetensorsHeader(Map<String, Safetensors.Entry> entries, Map<String, String> metadata) {
    private static final String METADATA = "__metadata__";

    /// Reads a header.
    ///
    /// @param dataBytes how many bytes of data the file holds behind it
    /// @throws DatasetFormatException if it is malformed or does not describe exactly these bytes
    static SafetensorsHeader parse(Path path, byte[] json, long dataBytes) throws DatasetFormatException {
        Map<String, Object> root;
        try {
            String text = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(json)).toString();
            root = HeaderParser.parse(text);
        } catch (CharacterCodingException e) {
            throw new DatasetFormatException(path, "has a header that is not UTF-8; this is no safetensors file", e);
        } catch (HeaderScanner.Misfit e) {
            throw new DatasetFormatException(path, "has a malformed header: " + e.getMessage(), e);
        }
        Map<String, Safetensors.Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (var e : root.entrySet()) {
            if (e.getKey().equals(METADATA)) {
                metadata.putAll(metadata(path, e.getValue()));
            } else {
                entries.put(e.getKey(), entry(path, e.getKey(), e.getValue()));
            }
        }
        checkCover(path, entries, dataBytes);
        return new SafetensorsHeader(Collections.unmodifiableMap(entries), Collections.unmodifiableMap(metadata));
    }

    private static Map<String, String> metadata(Path path, Object value) throws DatasetFormatException {
        Map<String, String> out = new LinkedHashMap<>();
        if (!(value instanceof Map<?, ?> m)) {
            throw new DatasetFormatException(path, "has a " + METADATA + " that is no object of strings");
        }
        for (var e : m.entrySet()) {
            if (!(e.getValue() instanceof String s)) {
                throw new DatasetFormatException(path, "has a " + METADATA + " entry \"" + e.getKey()
                        + "\" that is no string");
            }
            out.put((String) e.getKey(), s);
        }
        return out;
    }

    private static Safetensors.Entry entry(Path path, String name, Object value) throws DatasetFormatException {
        if (!(value instanceof Map<?, ?> m) || !m.keySet().equals(Set.of("dtype", "shape", "data_offsets"))
                || !(m.get("dtype") instanceof String dtypeName)) {
            throw new DatasetFormatException(path, "describes tensor \"" + name + "\" by " + value
                    + "; expected dtype, shape and data_offsets");
        }
        DType dtype = dtype(path, name, dtypeName);
        long[] dims = numbers(path, name, "shape", m.get("shape"));
        long[] offsets = numbers(path, name, "data_offsets", m.get("data_offsets"));
        if (offsets.length != 2 || offsets[0] > offsets[1]) {
            throw new DatasetFormatException(path, "places tensor \"" + name + "\" at " + m.get("data_offsets")
                    + "; expected where it begins and where it ends");
        }
        long length = offsets[1] - offsets[0];
        Shape shape;
        long needed;
        try {
            shape = Shape.of(dims);
            needed = Math.multiplyExact(shape.elements(), dtype.bytes());
        } catch (TensorException | ArithmeticException e) {
            throw new DatasetFormatException(path, "gives tensor \"" + name + "\" the shape " + m.get("shape")
                    + ", which is too large", e);
        }
        if (needed != length) {
            throw new DatasetFormatException(path, "gives tensor \"" + name + "\" " + length + " bytes; " + dtype
                    + " of shape " + shape + " takes " + needed);
        }
        return new Safetensors.Entry(dtype, shape, offsets[0]);
    }

    private static DType dtype(Path path, String name, String word) throws DatasetFormatException {
        if (!word.equals(word.toUpperCase(Locale.ROOT)) || word.length() > 4) {
            throw unknown(path, name, word);
        }
        for (DType d : DType.values()) {
            if (d.name().equals(word)) {
                return d;
            }
        }
        throw unknown(path, name, word);
    }

    private static DatasetFormatException unknown(Path path, String name, String word) {
        return new DatasetFormatException(path, "stores tensor \"" + name + "\" as " + word + "; known are "
                + List.of(DType.values()) + ": convert the file");
    }

    private static long[] numbers(Path path, String name, String what, @Nullable Object value)
            throws DatasetFormatException {
        if (!(value instanceof List<?> list) || list.stream().anyMatch(v -> !(v instanceof Long))) {
            throw new DatasetFormatException(path, "describes tensor \"" + name + "\" with " + what + " " + value
                    + "; expected a list of whole numbers");
        }
        return list.stream().mapToLong(v -> (Long) v).toArray();
    }

    /// The format wants every byte to belong to exactly one tensor: nothing can hide in a gap, nothing is read twice.
    private static void checkCover(Path path, Map<String, Safetensors.Entry> entries, long dataBytes)
            throws DatasetFormatException {
        List<Map.Entry<String, Safetensors.Entry>> inOrder = new ArrayList<>(entries.entrySet());
        inOrder.sort(Comparator.<Map.Entry<String, Safetensors.Entry>>comparingLong(e -> e.getValue().offset())
                .thenComparingLong(e -> e.getValue().bytes()));
        long end = 0;
        for (var e : inOrder) {
            long from = e.getValue().offset();
            if (from != end) {
                throw new DatasetFormatException(path, "places tensor \"" + e.getKey() + "\" at byte " + from
                        + (from < end ? ", inside the one before it" : ", with a gap before it")
                        + "; expected byte " + end);
            }
            end = from + e.getValue().bytes();
        }
        if (end != dataBytes) {
            throw new DatasetFormatException(path, end > dataBytes
                    ? "is cut short: the header describes " + end + " bytes of tensors, the file has " + dataBytes
                            + "; fetch or copy it again"
                    : "has " + dataBytes + " bytes of data, of which the header describes only " + end);
        }
    }

    /// The header as bytes, filled up with spaces so that the data behind it is aligned to 64 bytes.
    static byte[] write(Map<String, Safetensors.Entry> entries, Map<String, String> metadata) {
        StringBuilder s = new StringBuilder("{");
        if (!metadata.isEmpty()) {
            s.append(HeaderParser.quoted(METADATA)).append(":{");
            String separator = "";
            for (var e : metadata.entrySet()) {
                s.append(separator).append(HeaderParser.quoted(e.getKey())).append(':')
                        .append(HeaderParser.quoted(e.getValue()));
                separator = ",";
            }
            s.append('}');
        }
        for (var e : entries.entrySet()) {
            Safetensors.Entry t = e.getValue();
            s.append(s.length() > 1 ? "," : "").append(HeaderParser.quoted(e.getKey()))
                    .append(":{\"dtype\":\"").append(t.dtype().name())
                    .append("\",\"shape\":").append(t.shape().toString().replace(" ", ""))
                    .append(",\"data_offsets\":[").append(t.offset()).append(',').append(t.offset() + t.bytes())
                    .append("]}");
        }
        byte[] json = s.append('}').toString().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 8 + 63) / 64 * 64 - 8;
        byte[] out = Arrays.copyOf(json, padded);
        Arrays.fill(out, json.length, padded, (byte) ' ');
        return out;
    }
}
