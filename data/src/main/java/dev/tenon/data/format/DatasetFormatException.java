package dev.tenon.data.format;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The content of a data file is not what its format promises: malformed, cut short, or larger than allowed.
public final class DatasetFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable Path path;
    private final String reason;

    /// @param path the file
    /// @param reason what is wrong, what was expected, and what to do
    public DatasetFormatException(Path path, String reason) {
        this(path, reason, null);
    }

    /// @param path the file
    /// @param reason what is wrong, what was expected, and what to do
    /// @param cause the error found underneath, or null
    public DatasetFormatException(Path path, String reason, @Nullable Throwable cause) {
        super(path + ": " + Objects.requireNonNull(reason, "reason"), cause);
        this.path = path;
        this.reason = reason;
    }

    /// The file; null after deserialisation.
    public @Nullable Path path() {
        return path;
    }

    /// What is wrong, without the path.
    public String reason() {
        return reason;
    }
}
