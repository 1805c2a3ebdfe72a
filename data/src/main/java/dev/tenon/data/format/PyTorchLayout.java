package dev.tenon.data.format;

import dev.tenon.data.format.PickleReader.Misfit;
import dev.tenon.data.format.PickleReader.Tuple;
import dev.tenon.data.format.PyTorchGlobals.StorageRef;
import dev.tenon.data.format.PyTorchGlobals.StorageType;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the pickle and the storages are in a PyTorch file: in a zip archive as `NAME/data.pkl` and `NAME/data/KEY`,
/// or, before PyTorch 1.6, one after the other.
final class PyTorchLayout implements Closeable, PickleReader.Globals {
    /// What the name of the pickle in an archive ends with.
    static final String PICKLE = "/data.pkl";

    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_VERSION = 1001;
    /// The most that deflated entries may hold together; PyTorch itself stores and never deflates.
    private static final long INFLATED_LIMIT = 1L << 32;
    private static final long PICKLE_LIMIT = 1L << 28;
    private static final long SMALL = 1L << 26;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MappedFile file;
    private final Map<String, TensorStorage> storages = new LinkedHashMap<>();
    private final Map<String, ZipArchive.Content> inflated = new LinkedHashMap<>();
    private @Nullable ZipArchive zip;
    private String folder = "";
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private long expansionLimit;

    PyTorchLayout(MappedFile file) {
        this.file = file;
    }

    static PyTorchLayout open(Path path) throws IOException {
        return new PyTorchLayout(MappedFile.open(path, "a PyTorch file"));
    }

    Origin origin() {
        return file.origin();
    }

    /// Reads all but the elements.
    @Nullable Object root() throws IOException {
        MemorySegment all = file.memory();
        expansionLimit = limit(file.size());
        return file.read(() -> {
            if (ZipArchive.looksLikeOne(all)) {
                return PickleTree.of(origin(), zipRoot());
            }
            if (all.byteSize() > 2 && (all.get(ValueLayout.JAVA_BYTE, 0) & 0xFF) == 0x80) {
                return PickleTree.of(origin(), legacyRoot());
            }
            throw origin().error("is no file of torch.save: it starts like neither a zip archive nor a pickle"
                    + (looksLikeTar(all) ? "; it is a tar archive, as PyTorch wrote before 0.2: load it there and save"
                            + " it again" : ""));
        });
    }

    private static boolean looksLikeTar(MemorySegment all) {
        return all.byteSize() >= 512 && new String(all.asSlice(257, 5).toArray(ValueLayout.JAVA_BYTE),
                StandardCharsets.ISO_8859_1).equals("ustar");
    }

    // --- how much may come out

    private static long limit(long stored) {
        return SMALL + 16 * Math.min(stored, Long.MAX_VALUE / 64);
    }

    /// Tensors may repeat what is stored (tied weights, expanded ones), but not so often that a small file fills the
    /// memory.
    void checkExpansion(Collection<StoredTensor> tensors) throws DatasetFormatException {
        long sum = 0;
        for (StoredTensor t : tensors) {
            sum += t.bytes();
            if (sum < 0 || sum > expansionLimit) {
                throw origin().error("has tensors that repeat the same elements to more than " + expansionLimit
                        + " bytes, in a file of " + file.size());
            }
        }
    }

    // --- zip

    private @Nullable Object zipRoot() throws IOException {
        ZipArchive archive = ZipArchive.of(file, INFLATED_LIMIT);
        zip = archive;
        List<String> pickles = archive.entries().keySet().stream().filter(n -> n.endsWith(PICKLE)).toList();
        if (pickles.size() != 1) {
            throw origin().error("is a zip archive with " + (pickles.isEmpty() ? "no" : "more than one")
                    + " entry */data.pkl, so it is no file of torch.save; it holds "
                    + archive.entries().keySet().stream().limit(8).toList());
        }
        folder = pickles.getFirst().substring(0, pickles.getFirst().length() - PICKLE.length() + 1);
        readByteOrder(archive);
        ZipArchive.Entry pickle = archive.entries().get(pickles.getFirst());
        if (pickle.deflated() && pickle.bytes() > PICKLE_LIMIT) {
            throw archive.origin(pickle).error("decompresses to " + pickle.bytes() + " bytes; at most " + PICKLE_LIMIT
                    + " are accepted");
        }
        long stored = archive.entries().values().stream().mapToLong(ZipArchive.Entry::bytes).sum();
        expansionLimit = Math.max(limit(file.size()), 2 * stored);
        try (ZipArchive.Content content = archive.read(pickle, false)) {
            return new PickleReader(archive.origin(pickle), content.memory(), this).read();
        }
    }

    private void readByteOrder(ZipArchive archive) throws IOException {
        ZipArchive.Entry e = archive.entries().get(folder + "byteorder");
        if (e == null) {
            return;
        }
        try (ZipArchive.Content content = archive.read(e, false)) {
            byte[] word = content.memory().asSlice(0, Math.min(16, e.bytes())).toArray(ValueLayout.JAVA_BYTE);
            order = switch (new String(word, StandardCharsets.ISO_8859_1)) {
                case "little" -> ByteOrder.LITTLE_ENDIAN;
                case "big" -> ByteOrder.BIG_ENDIAN;
                default -> throw archive.origin(e).error("says neither \"little\" nor \"big\"");
            };
        }
    }

    /// The bytes of a storage; decompressed once, however many tensors lie in them.
    private synchronized ZipArchive.Content content(ZipArchive archive, ZipArchive.Entry e) throws IOException {
        // PyTorch does not compare checksums of storages either, and may write none.
        if (!e.deflated()) {
            return archive.read(e, false);
        }
        ZipArchive.Content kept = inflated.get(e.name());
        if (kept == null) {
            kept = archive.read(e, true);
            inflated.put(e.name(), kept);
        }
        return new ZipArchive.Content(kept.memory(), null);
    }

    // --- one after the other

    private @Nullable Object legacyRoot() throws IOException {
        PickleReader reader = new PickleReader(origin(), file.memory(), this);
        if (!MAGIC.equals(reader.read())) {
            throw origin().error("is a pickle, but does not start with the number that torch.save writes; save it with"
                    + " torch.save, or as safetensors");
        }
        Object version = reader.read();
        if (!Long.valueOf(LEGACY_VERSION).equals(version)) {
            throw origin().error("has version " + PickleReader.describe(version) + " of PyTorch's older layout; known"
                    + " is " + LEGACY_VERSION);
        }
        reader.read(); // the machine's integer sizes; everything is written little-endian whatever it says
        Object root = reader.read();
        Object keys = reader.read();
        if (!(keys instanceof List<?> list)) {
            throw origin().error(reader.position(), "expected the list of storages, found "
                    + PickleReader.describe(keys));
        }
        long at = reader.position();
        for (Object key : list) {
            at = placeStorage(key, at);
        }
        for (TensorStorage s : storages.values()) {
            if (!s.hasSource()) {
                throw origin().error("refers to storage \"" + s.key() + "\", which is not among the " + list.size()
                        + " at its end");
            }
        }
        return root;
    }

    private long placeStorage(@Nullable Object key, long at) throws DatasetFormatException {
        TensorStorage s = key instanceof String k ? storages.get(k) : null;
        if (s == null || s.hasSource()) {
            throw origin().error("lists " + PickleReader.describe(key) + " among its storages, which "
                    + (s == null ? "no tensor refers to" : "comes twice"));
        }
        long left = file.size() - at - 8;
        long count = left < 0 ? -1 : file.memory().get(LONG, at);
        if (count < 0 || s.bytes() > left || count != s.elements()) {
            throw origin().error(at, "expected storage \"" + s.key() + "\": its " + s.elements() + " elements in "
                    + s.bytes() + " bytes, found " + (left < 0 ? "the end" : Long.toUnsignedString(count)
                            + " elements in at most " + left + " bytes") + ": the file is damaged or cut short");
        }
        MemorySegment bytes = file.memory().asSlice(at + 8, s.bytes());
        s.setSource(() -> new ZipArchive.Content(bytes, null));
        return at + 8 + s.bytes();
    }

    // --- what the pickle refers to

    @Override
    public PickleReader.Global find(String module, String name) throws Misfit {
        return PyTorchGlobals.find(module, name);
    }

    /// A storage: `("storage", type, key, location, elements)`, and in the older layout, last, what part of another
    /// storage it is.
    @Override
    public Object persistent(@Nullable Object id) throws Misfit {
        if (!(id instanceof Tuple t) || t.items().size() < 5 || !"storage".equals(t.items().get(0))
                || !(t.items().get(1) instanceof StorageType type) || !(t.items().get(4) instanceof Long elements)
                || !(t.items().get(2) instanceof String || t.items().get(2) instanceof Long)) {
            throw new Misfit("refers to something outside the pickle that is no storage: "
                    + (id instanceof Tuple t ? t.items().stream().limit(6).map(PickleReader::describe).toList()
                            : PickleReader.describe(id)));
        }
        String key = String.valueOf(t.items().get(2));
        if (t.items().size() > 5 && t.items().get(5) instanceof Tuple view) {
            throw new Misfit("has a storage that is a part of another (" + view.items().size()
                    + " values), which PyTorch before 0.4 wrote: load it there and save it again");
        }
        long bytes;
        try {
            bytes = Math.multiplyExact(elements, type.width());
        } catch (ArithmeticException e) {
            bytes = -1;
        }
        if (bytes < 0) {
            throw new Misfit("claims a storage of " + elements + " elements");
        }
        TensorStorage s = storages.get(key);
        if (s == null) {
            s = new TensorStorage(key, elements, bytes, file, order, expansionLimit);
            storages.put(key, s);
            ZipArchive archive = zip;
            if (archive != null) {
                ZipArchive.Entry e = archive.entries().get(folder + "data/" + key);
                if (e == null || e.bytes() < bytes) {
                    throw new Misfit("refers to storage \"" + key + "\" of " + bytes + " bytes; the archive has "
                            + (e == null ? "no entry " : "only " + e.bytes() + " in ") + folder + "data/" + key);
                }
                s.setSource(() -> content(archive, e));
            }
        } else if (s.bytes() != bytes) {
            throw new Misfit("gives storage \"" + key + "\" " + bytes + " bytes, and " + s.bytes() + " before");
        }
        return new StorageRef(type, s);
    }

    @Override
    public void close() {
        inflated.values().forEach(ZipArchive.Content::close);
        inflated.clear();
        file.close();
    }
}
