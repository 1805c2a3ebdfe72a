/// Recurrent layers and their cells.
@NullMarked
package dev.tenon.nn.recurrent;

import org.jspecify.annotations.NullMarked;
