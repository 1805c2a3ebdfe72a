/// Attention with several heads, and the layers of transformers.
@NullMarked
package dev.tenon.nn.transformer;

import org.jspecify.annotations.NullMarked;
