/// Tensors, shapes and dtypes: what a user of Tenon sees first.
@NullMarked
package dev.tenon.api;

import org.jspecify.annotations.NullMarked;
