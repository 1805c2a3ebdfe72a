/// The reference backend: plain scalar Java, computed in double precision. It is the oracle against which other
/// backends are tested and the template for writing one.
@NullMarked
package dev.tenon.tck.reference;

import org.jspecify.annotations.NullMarked;
