/// Turns ops into C-like kernel text, one dialect for each language.
@NullMarked
package dev.tenon.kernel;

import org.jspecify.annotations.NullMarked;
