package dev.tenon.nn.functional;

/// What stands in the margin that padding adds.
public enum PaddingMode {
    /// Zeros.
    ZEROS,
    /// The elements next to the edge, mirrored at the edge element.
    REFLECT,
    /// The edge element.
    REPLICATE,
    /// The elements of the opposite edge.
    CIRCULAR
}
