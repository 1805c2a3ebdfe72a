/// Tests of how the modules hang together.
@NullMarked
package dev.tenon.architecture;

import org.jspecify.annotations.NullMarked;
