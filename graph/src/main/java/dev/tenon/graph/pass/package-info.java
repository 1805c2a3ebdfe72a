/// Passes: rewrites of a graph that leave what it computes as it is and make it cheaper.
@NullMarked
package dev.tenon.graph.pass;

import org.jspecify.annotations.NullMarked;
