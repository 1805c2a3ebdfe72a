/// Datasets, samplers and loaders.
@NullMarked
package dev.tenon.data;

import org.jspecify.annotations.NullMarked;
