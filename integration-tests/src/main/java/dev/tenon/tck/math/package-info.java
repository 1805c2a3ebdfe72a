/// Scalar mathematics in double precision, simple rather than fast: what the reference backend computes with and what
/// tests compare with.
@NullMarked
package dev.tenon.tck.math;

import org.jspecify.annotations.NullMarked;
