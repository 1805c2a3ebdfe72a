/// Factorisations, inverses and norms of matrices, as `torch.linalg` has them.
@NullMarked
package dev.tenon.api.linalg;

import org.jspecify.annotations.NullMarked;
