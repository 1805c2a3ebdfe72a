/// Data sets of images.
@NullMarked
package dev.tenon.data.image;

import org.jspecify.annotations.NullMarked;
