package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.linalg.Linalg;

/// Products of matrices, determinants.
final class Matrices {
    private Matrices() {}

    static void register(Operators r) {
        r.same("MatMul", 1, c -> c.x(0).matmul(c.x(1)));
        r.same("Gemm", 1, Matrices::gemm);
        r.same("Einsum", 12, c -> Tensors.einsum(c.attr("equation", "").replace(" ", ""),
                c.all().toArray(Tensor[]::new)));
        r.same("Det", 11, c -> Linalg.det(c.x(0)));
        r.plain("MatMulInteger", 10, c -> centred(c, 0, 2, true).matmul(centred(c, 1, 3, false)));
    }

    private static Tensor gemm(Call c) {
        Tensor a = c.flag("transA", false) ? c.x(0).mT() : c.x(0);
        Tensor b = c.flag("transB", false) ? c.x(1).mT() : c.x(1);
        Tensor y = scaled(a.matmul(b), c.attr("alpha", 1.0));
        return c.has(2) ? y.add(scaled(c.x(2), c.attr("beta", 1.0))) : y;
    }

    private static Tensor scaled(Tensor x, double factor) {
        return factor == 1 ? x : x.mul(factor);
    }

    /// A quantised matrix less its zero point, which may be one for each row, or each column.
    static Tensor centred(Call c, int matrix, int zero, boolean rows) {
        Tensor x = c.x(matrix).to(DType.I32);
        if (!c.has(zero)) {
            return x;
        }
        Tensor z = c.x(zero).to(DType.I32);
        return x.sub(rows && z.rank() == 1 && z.elements() > 1 ? z.unsqueeze(1) : z);
    }
}
