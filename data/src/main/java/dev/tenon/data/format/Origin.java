package dev.tenon.data.format;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where bytes come from, for messages: a file, or a part of one.
///
/// @param path the file
/// @param part what of the file, as it stands in a message (`entry "a.npy"`), or empty for all of it
record Origin(Path path, String part) {
    /// All of a file.
    static Origin of(Path path) {
        return new Origin(path, "");
    }

    DatasetFormatException error(String reason) {
        return error(reason, null);
    }

    DatasetFormatException error(String reason, @Nullable Throwable cause) {
        return new DatasetFormatException(path, part.isEmpty() ? reason : part + " " + reason, cause);
    }

    /// @param offset where in the file, or in the part, it was found
    DatasetFormatException error(long offset, String reason) {
        return error("at byte " + offset + ": " + reason);
    }
}
