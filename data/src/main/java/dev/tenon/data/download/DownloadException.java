package dev.tenon.data.download;

import java.io.IOException;
import java.net.URI;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A file could not be fetched, or is not the one that was expected.
public final class DownloadException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable URI source;

    /// @param source the address
    /// @param reason what is wrong, what was expected, and what to do
    /// @param cause the error found underneath, or null
    public DownloadException(URI source, String reason, @Nullable Throwable cause) {
        super(source + ": " + Objects.requireNonNull(reason, "reason"), cause);
        this.source = source;
    }

    /// The address; null after deserialisation.
    public @Nullable URI source() {
        return source;
    }
}
