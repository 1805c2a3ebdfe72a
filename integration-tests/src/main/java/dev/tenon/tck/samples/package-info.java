/// What the suite runs: for each family of ops a table of sample calls, and how close their results must be.
@NullMarked
package dev.tenon.tck.samples;

import org.jspecify.annotations.NullMarked;
