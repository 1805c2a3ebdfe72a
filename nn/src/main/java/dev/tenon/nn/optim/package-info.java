/// Optimisers, learning-rate schedules and gradient clipping.
@NullMarked
package dev.tenon.nn.optim;

import org.jspecify.annotations.NullMarked;
