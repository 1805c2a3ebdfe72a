package dev.tenon.data.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.data.HostArray;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files that nobody means well with, and rarer ones that are all right, made byte by byte.
@Timeout(60)
class PyTorchHostileTest {
    private static final Device DEVICE = Device.of("test:0");

    @TempDir
    Path dir;

    private Path zip(int method, Map<String, byte[]> entries) throws IOException {
        Path p = dir.resolve("x.pt");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(p))) {
            for (var e : entries.entrySet()) {
                ZipEntry entry = new ZipEntry("archive/" + e.getKey());
                entry.setMethod(method);
                if (method == ZipEntry.STORED) {
                    entry.setSize(e.getValue().length);
                    CRC32 crc = new CRC32();
                    crc.update(e.getValue());
                    entry.setCrc(crc.getValue());
                }
                out.putNextEntry(entry);
                out.write(e.getValue());
            }
        }
        return p;
    }

    private Path zip(PickleBytes pickle, byte[] storage) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("data.pkl", pickle.stop());
        entries.put("data/0", storage);
        return zip(ZipEntry.STORED, entries);
    }

    private String error(PickleBytes pickle) throws IOException {
        Path p = zip(pickle, new byte[24]);
        var e = assertThrows(DatasetFormatException.class, () -> PyTorchFile.read(p, DEVICE));
        assertEquals(p, e.path());
        return e.reason();
    }

    private static PickleBytes tensor(long elements, long offset, long[] shape, long... strides) {
        return new PickleBytes().tensor("FloatStorage", "0", elements, offset, shape, strides);
    }

    private static float[] floats(Tensor t) {
        return HostArray.of(t).toFloatArray();
    }

    @Test
    void theNewerLayoutWithItsByteOrderAndBookkeeping() throws IOException {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            for (int method : new int[] {ZipEntry.STORED, ZipEntry.DEFLATED}) {
                Map<String, byte[]> entries = new LinkedHashMap<>();
                entries.put("data.pkl", new PickleBytes().ops("}").text("w")
                        .tensor("FloatStorage", "0", 6, 0, new long[] {2, 3}, new long[] {1, 2}).ops("s").stop());
                entries.put(".format_version", "1".getBytes(StandardCharsets.US_ASCII));
                entries.put(".storage_alignment", "64".getBytes(StandardCharsets.US_ASCII));
                entries.put("byteorder", (order == ByteOrder.BIG_ENDIAN ? "big" : "little")
                        .getBytes(StandardCharsets.US_ASCII));
                ByteBuffer storage = ByteBuffer.allocate(24).order(order);
                for (int i = 0; i < 6; i++) {
                    storage.putFloat(i);
                }
                entries.put("data/0", storage.array());
                entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
                entries.put(".data/serialization_id", "0".repeat(40).getBytes(StandardCharsets.US_ASCII));
                Tensor w = PyTorchFile.stateDict(zip(method, entries), DEVICE).get("w");
                assertEquals(Shape.of(2, 3), w.shape());
                assertArrayEquals(new float[] {0, 2, 4, 1, 3, 5}, floats(w));
            }
        }
    }

    @Test
    void newerWaysToRebuildATensor() throws IOException {
        // _rebuild_tensor_v3 on untyped storage, inside a Parameter with attributes
        // the arguments: (storage, offset, size, stride, requires_grad, hooks, dtype, metadata)
        PickleBytes p = new PickleBytes().ops("}").text("w").global("torch._tensor", "_rebuild_from_type_v2").ops("(")
                .global("torch._utils", "_rebuild_tensor_v3").global("torch.nn.parameter", "Parameter").ops("((")
                .text("storage").global("torch.storage", "UntypedStorage").text("0").text("cpu").big(24).ops("tQ")
                .big(1).tuple(2).tuple(1).raw(0x89).ops("N").global("torch", "float64").ops("}t}tRs");
        ByteBuffer storage = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        storage.putDouble(1).putDouble(2).putDouble(3);
        Tensor w = PyTorchFile.stateDict(zip(p, storage.array()), DEVICE).get("w");
        assertEquals(DType.F64, w.dtype());
        assertArrayEquals(new double[] {2, 3}, HostArray.of(w).memory().toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED));
    }

    @ParameterizedTest
    @CsvSource({"os, system", "builtins, eval", "__builtin__, getattr", "posix, system", "torch, load",
        "torch.nn.modules.linear, Linear", "numpy.core.multiarray, _reconstruct", "torch.storage, _load_from_bytes"})
    void namesThatAreNotAllowed(String module, String name) throws IOException {
        String reason = error(new PickleBytes().global(module, name).text("touch /tmp/x").raw(0x85).ops("R"));
        assertTrue(reason.contains("refers to " + module + "." + name + ", which is not in the list"), reason);
        assertTrue(reason.contains("entry \"archive/data.pkl\" at byte 2"), reason);
        // as protocol 4 names them
        reason = error(new PickleBytes().text(module).text(name).raw(0x93));
        assertTrue(reason.contains("refers to " + module + "." + name), reason);
    }

    @Test
    void whatIsAllowedMakesOnlyWhatItIsFor() throws IOException {
        assertTrue(error(new PickleBytes().global("torch", "FloatStorage").ops(")R")).contains("makes no plain data"));
        assertTrue(error(new PickleBytes().global("torch._utils", "_rebuild_tensor_v2").ops(")R"))
                .contains("is called with arguments that it does not take"));
        assertTrue(error(new PickleBytes().global("torch._utils", "_rebuild_parameter").text("x").raw(0x85).ops("R"))
                .contains("does not take: [the text 'x']"));
        assertTrue(error(new PickleBytes().text("x").ops("Q")).contains("outside the pickle that is no storage"));
        assertTrue(error(new PickleBytes().global("_codecs", "encode").text("x").text("rot13").raw(0x86).ops("R"))
                .contains("only latin1"));
        assertTrue(error(new PickleBytes().global("torch._tensor", "_rebuild_from_type_v2").ops("(")
                .global("torch._tensor", "_rebuild_from_type_v2").global("torch", "Tensor").ops(")}tR"))
                .contains("rebuilds a torch.Tensor by"));
    }

    @Test
    void tensorsStayInsideTheirStorage() throws IOException {
        assertArrayEquals(new float[6], floats((Tensor) PyTorchFile.read(
                zip(tensor(6, 0, new long[] {6}, 1), new byte[24]), DEVICE)));
        assertTrue(error(tensor(6, 1, new long[] {6}, 1)).contains("reaches over the 24 bytes"));
        assertTrue(error(tensor(6, 0, new long[] {2, 3}, 4, 1)).contains("reaches over"));
        assertTrue(error(tensor(6, 0, new long[] {2}, Long.MAX_VALUE)).contains("reaches over"));
        assertTrue(error(tensor(6, Long.MAX_VALUE, new long[] {1}, 1)).contains("reaches over"));
        assertTrue(error(tensor(6, -1, new long[] {1}, 1)).contains("reaches over"));
        assertTrue(error(tensor(6, 0, new long[] {2}, -1)).contains("none is negative"));
        assertTrue(error(tensor(6, 0, new long[] {-2}, 1)).contains("negative extent"));
        assertTrue(error(tensor(6, 0, new long[] {1L << 40, 1L << 40}, 0, 0)).contains("more than 2^63"));
        assertTrue(error(tensor(6, 0, new long[] {2}, 1, 1)).contains("2 strides"));
        assertTrue(error(tensor(7, 0, new long[] {1}, 1)).contains("only 24 in"));
        assertTrue(error(tensor(-1, 0, new long[] {1}, 1)).contains("claims a storage of -1"));
        assertTrue(error(tensor(Long.MAX_VALUE, 0, new long[] {1}, 1)).contains("claims a storage"));
        assertTrue(error(new PickleBytes().tensor("ComplexFloatStorage", "0", 3, 0, new long[] {3}, new long[] {1}))
                .contains("tensor of torch.ComplexFloatStorage"));
        assertTrue(error(new PickleBytes().tensor("FloatStorage", "9", 1, 0, new long[] {1}, new long[] {1}))
                .contains("no entry archive/data/9"));
    }

    @Test
    void anExpandedTensorIsReadAndAnEndlessOneIsNot() throws IOException {
        Tensor t = (Tensor) PyTorchFile.read(zip(tensor(6, 2, new long[] {1000, 1000}, 0, 0), new byte[24]), DEVICE);
        assertEquals(1_000_000, t.elements());
        assertTrue(error(tensor(6, 2, new long[] {1L << 20, 1L << 20}, 0, 0)).contains("repeat the same elements"));
        Path p = zip(new PickleBytes().ops("}").text("w")
                .tensor("FloatStorage", "0", 6, 2, new long[] {1L << 40}, new long[] {0}).ops("s"), new byte[24]);
        try (PyTorchFile file = PyTorchFile.open(p)) {
            StoredTensor w = file.entries().get("w");
            assertThrows(DatasetFormatException.class, () -> w.read(DEVICE));
        }
        assertThrows(DatasetFormatException.class, () -> TensorFiles.open(p));
    }

    @Test
    void nestingAndSharingHaveLimits() throws IOException {
        PickleBytes deep = new PickleBytes();
        for (int i = 0; i < 100_000; i++) {
            deep.ops("]");
        }
        for (int i = 1; i < 100_000; i++) {
            deep.ops("a");
        }
        assertTrue(error(deep).contains("nested more than 128 levels"));
        // a list of two lists, each the same list of two lists, ...
        PickleBytes laughs = new PickleBytes().ops("]q\0");
        for (int i = 0; i < 100; i++) {
            laughs.ops("0](h\0h\0eq\0");
        }
        assertTrue(error(laughs).contains("unfolds to more than"));
        assertTrue(error(new PickleBytes().ops("]q\0h\0a")).contains("contains itself"));
        assertTrue(error(new PickleBytes().ops("}q\0").text("x").ops("h\0s")).contains("contains itself"));
    }

    @Test
    void copiesAreCounted() throws IOException {
        // a list of 1000, copied into a set again and again
        PickleBytes p = new PickleBytes().ops("](");
        for (int i = 0; i < 1000; i++) {
            p.ops("N");
        }
        p.ops("eq\0").global("builtins", "set").ops("q\1");
        for (int i = 0; i < 10_000; i++) {
            p.ops("h\1h\0").raw(0x85).ops("R0");
        }
        assertTrue(error(p).contains("more than 4000000 values"));
        // a long text, encoded again and again
        PickleBytes q = new PickleBytes().text("x".repeat(1_000_000)).text("latin1").raw(0x86).ops("q\0")
                .global("_codecs", "encode").ops("q\1");
        for (int i = 0; i < 1000; i++) {
            q.ops("h\1h\0R");
        }
        assertTrue(error(q).contains("more than 4000000 values"));
    }

    @Test
    void malformedPickles() throws IOException {
        assertTrue(error(new PickleBytes().ops("h\7")).contains("refers to value 7, which was not stored"));
        assertTrue(error(new PickleBytes().ops("a")).contains("needs a value, and there is none"));
        assertTrue(error(new PickleBytes().ops("t")).contains("needs a mark"));
        assertTrue(error(new PickleBytes().ops("(a")).contains("finds a mark"));
        assertTrue(error(new PickleBytes().ops("NN")).contains("1 values too many"));
        assertTrue(error(new PickleBytes().ops("}(Nu")).contains("keys and values in turn"));
        assertTrue(error(new PickleBytes().ops("}]Ns")).contains("a list of 0 as a key"));
        assertTrue(error(new PickleBytes().ops("]N").raw(0x85).ops("Rs")).contains("makes no plain data"));
        assertTrue(error(new PickleBytes().ops("NNa")).contains("appends to None"));
        assertTrue(error(new PickleBytes().ops("N}b")).contains("gives None a state"));
        assertTrue(error(new PickleBytes().raw(0x80, 9)).contains("protocol 9"));
        assertTrue(error(new PickleBytes().ops("I1\n")).contains("opcode 0x49 ('I')"));
        assertTrue(error(new PickleBytes().raw(0xFF)).contains("opcode 0xff"));
        assertTrue(error(new PickleBytes().ops("X").int32(-1)).contains("claims 4294967295 bytes"));
        assertTrue(error(new PickleBytes().raw(0x8D).int64(-1)).contains("claims 18446744073709551615 bytes"));
        assertTrue(error(new PickleBytes().raw(0x8B).int32(Integer.MAX_VALUE)).contains("claims 2147483647 bytes"));
        assertTrue(error(new PickleBytes().ops("X").int32(1).raw(0xFF)).contains("not UTF-8"));
        assertTrue(error(new PickleBytes().ops("c" + "x".repeat(2000))).contains("more than 1024"));
    }

    @Test
    void archivesAndPicklesOfOtherKinds() throws IOException {
        Path zip = zip(ZipEntry.STORED, Map.of("other.txt", new byte[1]));
        assertTrue(reason(zip).contains("no entry */data.pkl") && reason(zip).contains("archive/other.txt"));
        assertTrue(reason(zip(new PickleBytes().global("__torch__.torch.nn", "Linear"), new byte[0]))
                .contains("TorchScript"));
        Path order = zip(ZipEntry.STORED,
                Map.of("data.pkl", new PickleBytes().ops("N").stop(), "byteorder", new byte[3]));
        assertTrue(reason(order).contains("neither \"little\" nor \"big\""));
        Path plain = Files.write(dir.resolve("plain.pkl"), new PickleBytes().ops("}").stop());
        assertTrue(reason(plain).contains("does not start with the number that torch.save writes"));
        byte[] tar = new byte[1024];
        System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
        assertTrue(reason(Files.write(dir.resolve("old.tar"), tar)).contains("before 0.2"));
        Path text = Files.writeString(dir.resolve("text"), "hello");
        assertTrue(reason(text).contains("neither a zip archive nor a pickle"));
        assertTrue(reason(Files.write(dir.resolve("empty"), new byte[0])).contains("no file of torch.save"));
    }

    private static String reason(Path p) {
        return assertThrows(DatasetFormatException.class, () -> PyTorchFile.read(p, DEVICE)).reason();
    }

    // --- the older layout

    private Path legacy(PickleBytes root, PickleBytes keys, byte... storages) throws IOException {
        var out = new ByteArrayOutputStream();
        out.writeBytes(new PickleBytes().raw(0x8A, 10).bytes(new byte[] {0x6c, (byte) 0xfc, (byte) 0x9c, 0x46,
            (byte) 0xf9, 0x20, 0x6a, (byte) 0xa8, 0x50, 0x19}).stop());
        out.writeBytes(new PickleBytes().integer(1001).stop());
        out.writeBytes(new PickleBytes().ops("}").stop());
        out.writeBytes(root.stop());
        out.writeBytes(keys.stop());
        out.writeBytes(storages);
        return Files.write(dir.resolve("legacy.pt"), out.toByteArray());
    }

    private static byte[] storage(long count, int bytes) {
        return ByteBuffer.allocate(8 + bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(count).array();
    }

    private static PickleBytes keys(String... keys) {
        PickleBytes p = new PickleBytes().ops("](");
        for (String k : keys) {
            p.text(k);
        }
        return p.ops("e");
    }

    private static PickleBytes six() {
        return tensor(6, 0, new long[] {6}, 1);
    }

    @Test
    void storagesAtTheEnd() throws IOException {
        assertArrayEquals(new float[6], floats((Tensor) PyTorchFile.read(
                legacy(six(), keys("0"), storage(6, 24)), DEVICE)));
        assertTrue(reason(legacy(six(), keys("0"), storage(6, 23))).contains("damaged or cut short"));
        assertTrue(reason(legacy(six(), keys("0"), storage(7, 28))).contains("found 7 elements"));
        assertTrue(reason(legacy(six(), keys("0"), storage(-1, 24))).contains("18446744073709551615 elements"));
        assertTrue(reason(legacy(six(), keys("0"))).contains("found the end"));
        assertTrue(reason(legacy(six(), keys("0", "0"), storage(6, 24))).contains("comes twice"));
        assertTrue(reason(legacy(six(), keys("1"), storage(6, 24))).contains("no tensor refers to"));
        assertTrue(reason(legacy(six(), keys(), storage(6, 24))).contains("not among the 0"));
        assertTrue(reason(legacy(six(), new PickleBytes().ops("N"))).contains("expected the list of storages"));
    }
}
