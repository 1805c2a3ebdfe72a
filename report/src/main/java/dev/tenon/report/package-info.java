/// Runs of training as TensorBoard files, pictures and lines on a terminal.
@NullMarked
package dev.tenon.report;

import org.jspecify.annotations.NullMarked;
