/// Other projects' test cases, run on every device: expected results that nobody of this project computed.
@NullMarked
package dev.tenon.conformance;

import org.jspecify.annotations.NullMarked;
