/// Runs of training as TensorBoard files and pictures.
@NullMarked
package dev.tenon.report;

import org.jspecify.annotations.NullMarked;
