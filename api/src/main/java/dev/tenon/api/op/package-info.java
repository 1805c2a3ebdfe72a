/// The vocabulary: every operation as data, with its shape and dtype inference.
@NullMarked
package dev.tenon.api.op;

import org.jspecify.annotations.NullMarked;
