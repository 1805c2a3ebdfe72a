package dev.tenon.data.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is in a header, good and bad. Tensors themselves are read and written in the tests that have a device.
class SafetensorsHeaderTest {
    @TempDir
    Path dir;

    private Path file(byte[] json, long claimed, int dataBytes) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        b.putLong(claimed).put(json);
        return Files.write(dir.resolve("t.safetensors"), b.array());
    }

    private Path file(String json, int dataBytes) throws IOException {
        byte[] b = json.getBytes(StandardCharsets.UTF_8);
        return file(b, b.length, dataBytes);
    }

    private String error(Path p) {
        return assertThrows(DatasetFormatException.class, () -> Safetensors.open(p).close()).reason();
    }

    @Test
    void readsNamesTypesShapesAndText() throws IOException {
        Path p = file("""
                {"__metadata__":{"format":"pt","quote":"a\\"b\\u0041\\n"},
                 "fc.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},
                 "n":{"shape":[],"dtype":"I64","data_offsets":[0,8]},
                 "none":{"dtype":"BF16","shape":[0,5],"data_offsets":[32,32]}} \s""", 32);
        try (Safetensors s = Safetensors.open(p)) {
            assertEquals(List.of("fc.weight", "n", "none"), List.copyOf(s.entries().keySet()));
            assertEquals(new Safetensors.Entry(DType.F32, Shape.of(2, 3), 8), s.entries().get("fc.weight"));
            assertEquals(Shape.SCALAR, s.entries().get("n").shape());
            assertEquals(0, s.entries().get("none").bytes());
            assertEquals(Map.of("format", "pt", "quote", "a\"bA\n"), s.metadata());
        }
    }

    @Test
    void whatIsWrittenIsReadAndAligned() throws IOException {
        Map<String, Safetensors.Entry> entries = new LinkedHashMap<>();
        entries.put("ä \"x\"", new Safetensors.Entry(DType.U8, Shape.of(3), 0));
        entries.put("b", new Safetensors.Entry(DType.F16, Shape.of(1, 1), 3));
        byte[] json = SafetensorsHeader.write(entries, Map.of("k\\", "line\n\ttab"));
        assertEquals(0, (json.length + 8) % 64);
        SafetensorsHeader read = SafetensorsHeader.parse(dir, json, 5);
        assertEquals(entries, read.entries());
        assertEquals(Map.of("k\\", "line\n\ttab"), read.metadata());
        assertEquals("{}", new String(SafetensorsHeader.write(Map.of(), Map.of()), StandardCharsets.UTF_8).strip());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}} | takes 8
            {"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}} | as F31
            {"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}} | as f32
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}} | where it begins
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}} | where it begins
            {"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}} | malformed header
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}} | malformed header
            {"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}} | malformed header
            {"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}} | list of whole numbers
            {"a":{"dtype":"F32","shape":[["1"]],"data_offsets":[0,4]}} | list of whole numbers
            {"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}} | too large
            {"a":{"dtype":"F64","shape":[999999999999999999,5],"data_offsets":[0,4]}} | too large
            {"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}} | below 10^18
            {"a":{"dtype":"F32","shape":[1]}} | expected dtype, shape and data_offsets
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}} | expected dtype, shape and data_offsets
            {"a":5} | expected dtype, shape and data_offsets
            {"__metadata__":5} | no object of strings
            {"__metadata__":{"a":5}} | no string
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}} | gap before it
            {"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}} | cut short
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} | describes only 4
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x | malformed header
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}, | malformed header
            {"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}} | malformed header
            {"a":[[[[[[[[[[[[1]]]]]]]]]]]]} | 8 levels
            {"a | end of a string
            [] | malformed header
            """)
    void badHeadersAreNamed(String json, String expected) throws IOException {
        String message = error(file(json, 8));
        assertTrue(message.contains(expected), message);
    }

    @Test
    void overlapsAndRepeatedNamesAreNamed() throws IOException {
        String a = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},";
        String second = ":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
        assertTrue(error(file(a + "\"b\"" + second, 8)).contains("\"b\" at byte 4, inside the one before it"));
        assertTrue(error(file(a + "\"a\"" + second, 8)).contains("each name once"));
    }

    @Test
    void badLengthsTakeNoMemory() throws IOException {
        for (long claimed : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 0, 1, 100, 100_000_001}) {
            String message = error(file("{}".getBytes(StandardCharsets.UTF_8), claimed, 8));
            assertTrue(message.contains("header of " + Long.toUnsignedString(claimed)), message);
        }
        assertTrue(error(Files.write(dir.resolve("short"), new byte[5])).contains("5 bytes"));
        assertTrue(error(file(new byte[] {'{', (byte) 0xFF, '}'}, 3, 0)).contains("not UTF-8"));
    }

    @Test
    void absentFilesAndFoldersAreNamed() {
        assertThrows(NoSuchFileException.class, () -> Safetensors.open(dir.resolve("none")));
        assertThrows(FileSystemException.class, () -> Safetensors.open(dir));
    }

    @Test
    void failedWritesLeaveWhatWasThere() throws IOException {
        Path p = Files.writeString(dir.resolve("w"), "before");
        assertThrows(IOException.class, () -> AtomicFiles.write(p, channel -> {
            channel.write(ByteBuffer.wrap(new byte[100]));
            throw new IOException("the disk is full");
        }));
        assertEquals("before", Files.readString(p));
        AtomicFiles.write(p, channel -> channel.write(ByteBuffer.wrap("after".getBytes(StandardCharsets.UTF_8))));
        assertEquals("after", Files.readString(p));
        try (var files = Files.list(dir)) {
            assertEquals(1, files.count());
        }
        assertThrows(FileSystemException.class, () -> AtomicFiles.write(dir.resolve("no/such/folder"), _ -> {}));
        assertThrows(FileSystemException.class, () -> AtomicFiles.write(dir, _ -> {}));
    }
}
