/// Training and storing in fewer bits: mixed precision and the scaling of losses.
@NullMarked
package dev.tenon.nn.precision;

import org.jspecify.annotations.NullMarked;
