/// Dispatch and memory. Not exported; no other module relies on it.
@NullMarked
package dev.tenon.api.internal;

import org.jspecify.annotations.NullMarked;
