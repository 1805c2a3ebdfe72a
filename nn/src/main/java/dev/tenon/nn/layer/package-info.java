/// Layers: modules with parameters or settings of their own.
@NullMarked
package dev.tenon.nn.layer;

import org.jspecify.annotations.NullMarked;
