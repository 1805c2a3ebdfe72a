/// Graphs of models and training steps.
@NullMarked
package dev.tenon.graph;

import org.jspecify.annotations.NullMarked;
