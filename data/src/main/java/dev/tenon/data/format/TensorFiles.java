package dev.tenon.data.format;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Files of named tensors, whatever their format. When reading, a format is known by the file's first bytes; when
/// writing, by the ending of its name.
///
/// ```java
/// Map<String, Tensor> state = TensorFiles.read(Path.of("model.pt"));
/// TensorFiles.write(Path.of("model.safetensors"), state);
/// ```
public final class TensorFiles {
    /// A format of files of tensors.
    public enum Format {
        /// [Safetensors]; `.safetensors`.
        SAFETENSORS,
        /// [PyTorchFile], of which the state dict is read; `.pt`, `.pth`, `.bin`, `.ckpt`. Not written.
        PYTORCH,
        /// [Npz]; `.npz`.
        NPZ,
        /// [Npy], one tensor, named like the file without `.npy`.
        NPY;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Hears how far a conversion is.
    @FunctionalInterface
    public interface Progress {
        /// A tensor is being written.
        ///
        /// @param name the tensor
        /// @param done bytes of tensors written so far, with this one
        /// @param total bytes of tensors in all
        void writing(String name, long done, long total);
    }

    private static final byte[] NUMPY = NpyHeader.MAGIC;

    private TensorFiles() {}

    // --- formats

    /// The format of a file, by its first bytes.
    ///
    /// @throws DatasetFormatException if it is none of those that are read
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static Format format(Path path) throws IOException {
        try (MappedFile file = MappedFile.open(path, "a file of tensors")) {
            return file.read(() -> format(file));
        }
    }

    private static Format format(MappedFile file) throws IOException {
        MemorySegment m = file.memory();
        // Before the others: the length of the header may begin with the bytes of a pickle or an archive, but is never
        // so large that its upper half is not zero.
        if (m.byteSize() > 8 && m.get(ValueLayout.JAVA_BYTE, 8) == '{'
                && m.get(ValueLayout.JAVA_INT_UNALIGNED, 4) == 0) {
            return Format.SAFETENSORS;
        }
        if (m.byteSize() >= NUMPY.length && m.asSlice(0, NUMPY.length).mismatch(MemorySegment.ofArray(NUMPY)) < 0) {
            return Format.NPY;
        }
        if (ZipArchive.looksLikeOne(m)) {
            boolean pickled = ZipArchive.of(file, Long.MAX_VALUE).entries().keySet().stream()
                    .anyMatch(n -> n.endsWith(PyTorchLayout.PICKLE));
            return pickled ? Format.PYTORCH : Format.NPZ;
        }
        if (m.byteSize() > 2 && m.get(ValueLayout.JAVA_BYTE, 0) == (byte) 0x80) {
            return Format.PYTORCH;
        }
        throw file.origin().error("is no file of tensors: its first bytes are those of neither safetensors, PyTorch"
                + " (.pt) nor NumPy (.npz, .npy)");
    }

    /// The format that a name asks for.
    ///
    /// @throws IllegalArgumentException if the ending is that of no format, or of one that is not written
    public static Format formatToWrite(Path path) {
        String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".safetensors")) {
            return Format.SAFETENSORS;
        }
        if (name.endsWith(".npz")) {
            return Format.NPZ;
        }
        if (name.endsWith(".npy")) {
            return Format.NPY;
        }
        boolean pickled = List.of(".pt", ".pth", ".bin", ".ckpt").stream().anyMatch(name::endsWith);
        throw new IllegalArgumentException(path + ": " + (pickled
                ? "PyTorch's files are read and not written; PyTorch reads .safetensors (safetensors.torch.load_file)"
                : "the ending names no format that is written") + "; give a name that ends in .safetensors, .npz or"
                + " .npy");
    }

    // --- reading

    /// Opens a file of any format; tensors are read when they are asked for.
    ///
    /// @param keys lead to the state dict in a PyTorch checkpoint, from the top; none to find it
    /// @throws DatasetFormatException if it is malformed or of no format that is read
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IllegalArgumentException if there are keys and it is not a PyTorch file
    /// @throws IOException if reading fails
    public static TensorFile open(Path path, String... keys) throws IOException {
        Format format = format(path);
        if (keys.length > 0 && format != Format.PYTORCH) {
            throw new IllegalArgumentException(path + " is a " + format + " file, in which no keys " + List.of(keys)
                    + " lead anywhere; only PyTorch checkpoints are nested");
        }
        return switch (format) {
            case SAFETENSORS -> Safetensors.open(path);
            case NPZ -> Npz.open(path);
            case PYTORCH -> StateDict.of(path, keys);
            case NPY -> new SingleArray(path, Npy.readHeader(path));
        };
    }

    /// Reads all tensors of a file to the default device.
    ///
    /// @return tensors by name, in the file's order
    /// @throws DatasetFormatException if it is malformed or of no format that is read
    /// @throws IOException if reading fails
    public static Map<String, Tensor> read(Path path) throws IOException {
        return read(path, Device.getDefault());
    }

    /// Reads all tensors of a file.
    ///
    /// @return tensors by name, in the file's order
    /// @throws DatasetFormatException if it is malformed or of no format that is read
    /// @throws IOException if reading fails
    public static Map<String, Tensor> read(Path path, Device device) throws IOException {
        try (TensorFile file = open(path)) {
            return file.readAll(device);
        }
    }

    private record StateDict(PyTorchFile file, Path path, Map<String, StoredTensor> entries) implements TensorFile {
        static StateDict of(Path path, String... keys) throws IOException {
            PyTorchFile file = PyTorchFile.open(path);
            try {
                Map<String, StoredTensor> entries = file.entries(keys);
                file.checkExpansion(entries.values());
                return new StateDict(file, path, entries);
            } catch (IOException e) {
                file.close();
                throw e;
            }
        }

        @Override
        public Map<String, TensorType> types() {
            Map<String, TensorType> out = new LinkedHashMap<>();
            entries.forEach((name, t) -> out.put(name, TensorType.of(t.dtype(), t.shape())));
            return Collections.unmodifiableMap(out);
        }

        @Override
        public Tensor read(String name, Device device) throws IOException {
            return TensorMaps.get(path, entries, name).read(device);
        }

        @Override
        public Map<String, Tensor> readAll(Device device) throws IOException {
            return file.readAll(entries, device);
        }

        @Override
        public void close() {
            file.close();
        }
    }

    private record SingleArray(Path path, Npy.Header header) implements TensorFile {
        @Override
        public Map<String, TensorType> types() {
            String name = String.valueOf(path.getFileName());
            return Map.of(name.endsWith(".npy") ? name.substring(0, name.length() - 4) : name,
                    TensorType.of(header.dtype(), header.shape()));
        }

        @Override
        public Tensor read(String name, Device device) throws IOException {
            TensorMaps.get(path, types(), name);
            return Npy.read(path, device);
        }

        @Override
        public void close() {
            // It is opened when it is read.
        }
    }

    // --- writing

    /// Writes tensors in the format that the name's ending asks for.
    ///
    /// @param tensors by name; the file holds them in the map's order
    /// @throws IllegalArgumentException if the ending is that of no format that is written, or the format cannot hold
    ///     these tensors: bf16 in NumPy's, more than one in `.npy`
    /// @throws IOException if the file cannot be written; what was there before is still there
    public static void write(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, TensorMaps.types(tensors), Map.of(), TensorMaps.source(tensors));
    }

    /// Writes tensors that are given one after the other, in the format that the name's ending asks for.
    ///
    /// @param types what the file will hold, by name, in this order
    /// @param metadata text by name, which only safetensors keeps
    /// @param source gives each tensor, once, in the same order
    /// @throws IllegalArgumentException as [#write(Path, Map)], or if a tensor is not of the type that was announced
    /// @throws IOException if a tensor cannot be read, or the file not be written
    public static void write(Path path, Map<String, TensorType> types, Map<String, String> metadata,
            TensorSource source) throws IOException {
        switch (formatToWrite(path)) {
            case NPZ -> Npz.write(path, types, source, false);
            case NPY -> {
                if (types.size() != 1) {
                    throw new IllegalArgumentException(path + ": a .npy file holds one tensor, there are "
                            + types.size() + "; write .npz");
                }
                String name = types.keySet().iterator().next();
                try (Tensor t = source.read(name)) {
                    TensorMaps.check(name, types.getOrDefault(name, t.type()), t);
                    Npy.write(path, t);
                }
            }
            default -> Safetensors.write(path, types, metadata, source);
        }
    }

    /// Copies the tensors of an open file into another, which may be of another format; only one is in memory at a
    /// time.
    ///
    /// @param to the new file; the ending of its name chooses the format
    /// @param dtype what floating-point tensors become, or null to leave them as they are; others stay as they are
    /// @param device where dtypes are converted
    /// @param progress hears of each tensor that is written
    /// @return what the new file holds
    /// @throws IllegalArgumentException as [#write(Path, Map)]
    /// @throws IOException if the one cannot be read, or the other not be written; what was there before is still there
    public static Map<String, TensorType> convert(TensorFile from, Path to, @Nullable DType dtype,
            Device device, Progress progress) throws IOException {
        formatToWrite(to);
        if (dtype != null && !dtype.isFloating()) {
            throw new IllegalArgumentException("convert: floating-point tensors cannot become " + dtype
                    + "; give f64, f32, f16 or bf16");
        }
        Map<String, TensorType> types = new LinkedHashMap<>(from.types());
        types.replaceAll((_, t) -> dtype != null && t.dtype().isFloating() ? t.withDType(dtype) : t);
        long total = types.values().stream().mapToLong(t -> t.elements() * t.dtype().bytes()).sum();
        long[] done = {0};
        write(to, types, from.metadata(), name -> {
            Tensor read = from.read(name, device);
            DType wanted = types.getOrDefault(name, read.type()).dtype();
            done[0] += read.elements() * wanted.bytes();
            progress.writing(name, done[0], total);
            if (read.dtype() == wanted) {
                return read;
            }
            try (read) {
                return Context.noGrad(() -> read.to(wanted));
            }
        });
        return Collections.unmodifiableMap(types);
    }
}
