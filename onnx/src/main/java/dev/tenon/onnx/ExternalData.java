package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The files beside a model that hold its large tensors. They must lie in the model's folder or below it.
final class ExternalData {
    /// Larger tensors do not fit a Java buffer.
    private static final long LARGEST = Integer.MAX_VALUE - 16;

    private final @Nullable Path folder;

    /// @param folder the folder of the model, or null for a model that is in no file
    ExternalData(@Nullable Path folder) {
        this.folder = folder;
    }

    /// The bytes of a tensor.
    ByteBuffer read(TensorProto proto, long bytes, String what) throws OnnxException {
        Map<String, String> entries = new HashMap<>();
        for (StringStringEntryProto e : proto.getExternalDataList()) {
            entries.put(e.getKey(), e.getValue());
        }
        String location = entries.get("location");
        if (location == null || location.isEmpty()) {
            throw new OnnxException(what + ": its data is external, and no location is given");
        }
        long offset = number(entries, "offset", 0, what);
        long length = number(entries, "length", bytes, what);
        if (length != bytes) {
            throw new OnnxException(what + ": takes " + bytes + " bytes, its external data has length " + length);
        }
        if (bytes > LARGEST) {
            throw new OnnxException(what + ": " + bytes + " bytes are more than the 2 GiB a tensor may have");
        }
        Path file = resolve(location, what);
        try (FileChannel in = FileChannel.open(file)) {
            if (offset > in.size() || bytes > in.size() - offset) {
                throw new OnnxException(what + ": bytes " + offset + " to " + (offset + bytes) + " of " + file
                        + ", which has " + in.size());
            }
            ByteBuffer b = ByteBuffer.allocate((int) bytes);
            while (b.hasRemaining()) {
                if (in.read(b, offset + b.position()) < 0) {
                    throw new OnnxException(what + ": " + file + " ended while it was read");
                }
            }
            return b.flip();
        } catch (OnnxException e) {
            throw e;
        } catch (IOException e) {
            throw new OnnxException(what + ": cannot read its external data " + file + ": " + e, e);
        }
    }

    private static long number(Map<String, String> entries, String key, long otherwise, String what)
            throws OnnxException {
        String text = entries.get(key);
        try {
            long n = text == null ? otherwise : Long.parseLong(text.strip());
            if (n < 0) {
                throw new OnnxException(what + ": " + key + " " + n + " of its external data is negative");
            }
            return n;
        } catch (NumberFormatException e) {
            throw new OnnxException(what + ": " + key + " \"" + text + "\" of its external data is no number", e);
        }
    }

    private Path resolve(String location, String what) throws OnnxException {
        if (folder == null) {
            throw new OnnxException(what + ": its data is external (" + location
                    + "), and the model was not read from a file");
        }
        try {
            Path given = Path.of(location);
            if (given.isAbsolute() || !folder.resolve(given).normalize().startsWith(folder.normalize())) {
                throw new OnnxException(what + ": its external data \"" + location
                        + "\" lies outside of the model's folder " + folder + ", which is not allowed");
            }
            Path real = folder.resolve(given).toRealPath();
            if (!real.startsWith(folder.toRealPath())) {
                throw new OnnxException(what + ": its external data \"" + location
                        + "\" is a link out of the model's folder " + folder + ", which is not allowed");
            }
            return real;
        } catch (InvalidPathException e) {
            throw new OnnxException(what + ": its external data \"" + location + "\" is no path", e);
        } catch (OnnxException e) {
            throw e;
        } catch (IOException e) {
            throw new OnnxException(what + ": cannot find its external data \"" + location + "\" in " + folder
                    + ": " + e, e);
        }
    }
}
