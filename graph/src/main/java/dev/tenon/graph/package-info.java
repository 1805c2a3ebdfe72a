/// Programs captured as graphs: capture, the nodes and values of a graph, and its runs.
@NullMarked
package dev.tenon.graph;

import org.jspecify.annotations.NullMarked;
