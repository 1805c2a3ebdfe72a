/// The gradient engine.
@NullMarked
package dev.tenon.autograd;

import org.jspecify.annotations.NullMarked;
