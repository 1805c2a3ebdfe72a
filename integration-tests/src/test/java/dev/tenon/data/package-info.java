/// Loading data onto every device.
@NullMarked
package dev.tenon.data;

import org.jspecify.annotations.NullMarked;
