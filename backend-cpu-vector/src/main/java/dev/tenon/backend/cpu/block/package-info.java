/// Functions over contiguous blocks of elements, by raw address: what elementwise programs and reductions are made of.
@NullMarked
package dev.tenon.backend.cpu.block;

import org.jspecify.annotations.NullMarked;
