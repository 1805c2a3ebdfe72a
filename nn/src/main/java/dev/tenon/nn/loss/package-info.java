/// Losses as objects that hold their settings.
@NullMarked
package dev.tenon.nn.loss;

import org.jspecify.annotations.NullMarked;
