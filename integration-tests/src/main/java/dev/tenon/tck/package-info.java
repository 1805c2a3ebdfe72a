/// The suite every backend passes.
@NullMarked
package dev.tenon.tck;

import org.jspecify.annotations.NullMarked;
