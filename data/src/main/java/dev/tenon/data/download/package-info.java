/// Fetching files of weights and data sets, for those who ask: with a checksum, resumed after an interruption, kept in
/// a folder. Nothing here runs unless it is called.
@NullMarked
package dev.tenon.data.download;

import org.jspecify.annotations.NullMarked;
