package dev.tenon.api.spi;

import java.util.List;
import java.util.Optional;

/// What an engine that plans ahead knows of the operands and results of an op; see
/// [DeviceRuntime#prepareFormatted(dev.tenon.api.op.Op, List, List, FormatRequest)].
///
/// @param given for each operand the format in which it lies; empty for a tensor as its type says
/// @param kept for each operand whether it stays the same from run to run: it is brought to a format only once
/// @param readers for each result who reads it
public record FormatRequest(List<Optional<Format>> given, List<Boolean> kept, List<Readers> readers) {
    /// Who reads a result.
    public enum Readers {
        /// Nobody: it need not be computed.
        NONE,
        /// Ops alone that [DeviceRuntime#takesFormats] says may take a format.
        FORMATTED,
        /// Others: a result in a format will be brought back.
        PLAIN
    }

    /// Copies the lists.
    public FormatRequest {
        given = List.copyOf(given);
        kept = List.copyOf(kept);
        readers = List.copyOf(readers);
    }
}
