/// Modules, losses, optimisers and training.
@NullMarked
package dev.tenon.nn;

import org.jspecify.annotations.NullMarked;
