/// Tests of the OpenCL backend that need the reference backend.
@NullMarked
package dev.tenon.opencl;

import org.jspecify.annotations.NullMarked;
