/// The OpenCL backend.
@NullMarked
package dev.tenon.backend.opencl;

import org.jspecify.annotations.NullMarked;
