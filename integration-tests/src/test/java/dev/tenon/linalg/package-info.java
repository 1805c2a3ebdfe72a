/// Tests of factorisations, inverses and norms of matrices.
package dev.tenon.linalg;
