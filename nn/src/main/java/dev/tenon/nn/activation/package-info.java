/// Activation functions as modules; the functions themselves are methods of tensors.
@NullMarked
package dev.tenon.nn.activation;

import org.jspecify.annotations.NullMarked;
