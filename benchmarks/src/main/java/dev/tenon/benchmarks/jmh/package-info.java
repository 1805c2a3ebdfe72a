/// Kernels one by one under JMH, by size, dtype and layout: `./tenon bench --jmh`.
@NullMarked
package dev.tenon.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
