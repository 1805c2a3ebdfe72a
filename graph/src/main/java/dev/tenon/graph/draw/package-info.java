/// Graphs as pictures: Graphviz text, SVG and PNG.
@NullMarked
package dev.tenon.graph.draw;

import org.jspecify.annotations.NullMarked;
