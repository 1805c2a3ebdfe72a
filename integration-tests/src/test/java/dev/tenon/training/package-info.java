/// Whole training runs: memory, repeatability, going on from saved state.
@NullMarked
package dev.tenon.training;

import org.jspecify.annotations.NullMarked;
