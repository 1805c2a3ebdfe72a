/// The CPU backend.
@NullMarked
package dev.tenon.backend.cpu;

import org.jspecify.annotations.NullMarked;
