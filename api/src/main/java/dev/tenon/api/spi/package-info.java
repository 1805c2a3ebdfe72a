/// What a backend, a gradient engine or a graph recorder implements.
@NullMarked
package dev.tenon.api.spi;

import org.jspecify.annotations.NullMarked;
