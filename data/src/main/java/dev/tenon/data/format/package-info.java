/// Readers for data files: IDX and numeric delimited text.
@NullMarked
package dev.tenon.data.format;

import org.jspecify.annotations.NullMarked;
