package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.ProductOps;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;

/// Products of vectors and matrices, norms, factorisations.
final class LinalgTable {
    private LinalgTable() {}

    static void fill() {
        products();
    }

    private static void products() {
        add("matmul", "input other", a -> a.x().matmul(a.t("other")));
        add("__rmatmul__", "input other", a -> a.t("other").matmul(a.x()));
        add("mm", "input mat2", a -> a.x().mm(a.t("mat2")));
        add("bmm", "input mat2", a -> a.x().bmm(a.t("mat2")));
        add("mv", "input vec", a -> a.x().mv(a.t("vec")));
        add("dot", "input other", a -> a.x().dot(a.t("other")));
        add("outer", "input vec2", a -> a.x().outer(a.t("vec2")));
        add("inner", "input other", a -> a.x().inner(a.t("other")));
        add("kron", "input other", a -> a.x().kron(a.t("other")));
        add("addmm", "input mat1 mat2 beta alpha",
                a -> a.x().addmm(a.t("mat1"), a.t("mat2"), a.f("beta", 1), a.f("alpha", 1)));
        add("addmv", "input mat vec beta alpha",
                a -> a.x().addmv(a.t("mat"), a.t("vec"), a.f("beta", 1), a.f("alpha", 1)));
        add("addbmm", "input batch1 batch2 beta alpha",
                a -> a.x().addbmm(a.t("batch1"), a.t("batch2"), a.f("beta", 1), a.f("alpha", 1)));
        add("baddbmm", "input batch1 batch2 beta alpha",
                a -> a.x().baddbmm(a.t("batch1"), a.t("batch2"), a.f("beta", 1), a.f("alpha", 1)));
        add("addr", "input vec1 vec2 beta alpha",
                a -> a.x().addr(a.t("vec1"), a.t("vec2"), a.f("beta", 1), a.f("alpha", 1)));
        add("tensordot", "input other dims", a -> {
            if (a.get("dims") instanceof List<?> l) {
                return a.x().tensordot(a.t("other"), ints(l.get(0)), ints(l.get(1)));
            }
            return a.x().tensordot(a.t("other"), a.axis("dims", 2));
        });
        add("einsum", "operands equation", a -> a.get("operands") instanceof String e
                ? Tensors.einsum(e, a.ts("equation").toArray(Tensor[]::new))
                : Tensors.einsum(a.s("equation", ""), a.ts("operands").toArray(Tensor[]::new)));
        add("cross", "input other dim", a -> a.x().cross(a.t("other"), a.has("dim") ? a.axis("dim") : three(a)));
        add("linalg.cross", "input other dim", a -> a.x().cross(a.t("other"), a.axis("dim", -1)));
        add("linalg.vecdot", "input other dim", a -> a.x().vecdot(a.t("other"), a.axis("dim", -1)));
        add("linalg.multi_dot", "tensors", a -> ProductOps.multiDot(a.ts("tensors")));
        add("cdist", "input x2 p compute_mode", a -> a.x().cdist(a.t("x2"), a.f("p", 2)));
    }

    private static int[] ints(Object list) {
        return list instanceof List<?> l
                ? l.stream().mapToInt(o -> ((Long) o).intValue()).toArray()
                : new int[] {((Long) list).intValue()};
    }

    /// The first axis of extent 3.
    private static int three(Args a) {
        Shape s = a.x().shape();
        for (int i = 0; i < s.rank(); i++) {
            if (s.dim(i) == 3) {
                return i;
            }
        }
        return 0;
    }
}
