/// Tenon beside other frameworks, timed in turn in one run.
@NullMarked
package dev.tenon.benchmarks;

import org.jspecify.annotations.NullMarked;
