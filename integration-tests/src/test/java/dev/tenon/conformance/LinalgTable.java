package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.ProductOps;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.linalg.Linalg;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Products of vectors and matrices, norms, factorisations.
final class LinalgTable {
    private LinalgTable() {}

    static void fill() {
        products();
        norms();
        factorisations();
        pseudoInverses();
    }

    private static final int[] NO_AXES = new int[0];

    /// A number as the order of a norm; a name as it is.
    private static Tensor matrixNorm(Tensor x, Object order, int[] axes, boolean keep) {
        return order instanceof String s && !s.endsWith("inf")
                ? Linalg.matrixNorm(x, s, axes, keep)
                : Linalg.matrixNorm(x, Json.number(order), axes, keep);
    }

    private static Tensor typed(Args a) {
        return a.dtype("dtype") == null ? a.x() : a.x().to(a.dtype("dtype", a.x().dtype()));
    }

    private static void norms() {
        add("norm", "input p dim keepdim dtype", a -> {
            int[] axes = ReductionTable.axes(a);
            boolean keep = a.b("keepdim", false);
            // Frobenius' norm over any axes is the Euclidean one.
            if (a.s("p", "fro").equals("fro")) {
                return typed(a).norm(2, axes, keep);
            }
            return a.s("p", "").equals("nuc")
                    ? Linalg.matrixNorm(typed(a), "nuc", a.has("dim") ? axes : new int[] {0, 1}, keep)
                    : typed(a).norm(a.f("p"), axes, keep);
        });
        add("linalg.norm", "input ord dim keepdim dtype", a -> {
            Tensor x = typed(a);
            int[] axes = ReductionTable.axes(a);
            boolean keep = a.b("keepdim", false);
            Object order = a.get("ord");
            if (order == null) {
                return x.norm(2, axes, keep);
            }
            if (axes.length == 2 || axes.length == 0 && x.rank() == 2) {
                return matrixNorm(x, order, axes.length == 2 ? axes : new int[] {0, 1}, keep);
            }
            return Linalg.vectorNorm(x, a.f("ord"), axes, keep);
        });
        add("linalg.vector_norm", "input ord dim keepdim dtype", a -> Linalg.vectorNorm(
                typed(a), a.f("ord", 2), ReductionTable.axes(a), a.b("keepdim", false)));
        add("linalg.matrix_norm", "input ord dim keepdim dtype", a -> {
            Object order = a.get("ord");
            return matrixNorm(typed(a), order == null ? "fro" : order,
                    a.has("dim") ? a.ints("dim") : new int[] {-2, -1}, a.b("keepdim", false));
        });
        add("linalg.cond", "input p", a -> Linalg.cond(a.x()));
        add("renorm", "input p dim maxnorm",
                a -> Linalg.renorm(a.x(), a.f("p"), a.axis("dim"), a.f("maxnorm")));
    }

    private static void factorisations() {
        for (String name : new String[] {"cholesky", "linalg.cholesky"}) {
            add(name, "input upper", a -> Linalg.cholesky(a.x(), a.b("upper", false)));
        }
        add("cholesky_solve", "input input2 upper",
                a -> Linalg.choleskySolve(a.x(), a.t("input2"), a.b("upper", false)));
        add("cholesky_inverse", "input upper", a -> Linalg.choleskyInverse(a.x(), a.b("upper", false)));
        add("linalg.det", "input", a -> Linalg.det(a.x()));
        add("logdet", "input", a -> Linalg.logdet(a.x()));
        add("linalg.slogdet", "input", a -> {
            var d = Linalg.slogdet(a.x());
            return List.of(d.sign(), d.logAbs());
        });
        add("linalg.inv", "input", a -> Linalg.inv(a.x()));
        add("linalg.solve", "input B left", a -> Linalg.solve(a.x(), a.t("B")));
        add("linalg.solve_triangular", "input B upper left unitriangular", a -> Linalg.solveTriangular(
                a.x(), a.t("B"), a.b("upper", false), a.b("left", true), a.b("unitriangular", false)));
        add("linalg.matrix_power", "input n", a -> Linalg.matrixPower(a.x(), a.i("n")));
        add("matrix_exp", "input", a -> Linalg.matrixExp(a.x()));
        add("linalg.eigvalsh", "input UPLO", a -> Linalg.eigvalsh(a.x(), a.s("UPLO", "L").equals("U")));
        add("linalg.svdvals", "input driver", a -> Linalg.svdvals(a.x()));
        add("linalg.tensorinv", "input ind", a -> Linalg.tensorInv(a.x(), (int) a.i("ind", 2)));
        add("linalg.tensorsolve", "input B dims",
                a -> Linalg.tensorSolve(a.x(), a.t("B"), a.has("dims") ? a.ints("dims") : NO_AXES));
    }

    private static @Nullable Tensor bound(Args a, String name) {
        return a.has(name) ? ElementwiseTable.operand(a, name, a.x()) : null;
    }

    private static Tensor matrix(Args a) {
        return a.b("hermitian", false) ? Linalg.symmetric(a.x()) : a.x();
    }

    private static void pseudoInverses() {
        add("pinverse", "input rcond", a -> Linalg.pinv(a.x(), null,
                Tensors.number(a.f("rcond", 1e-15), a.x())));
        add("linalg.pinv", "input rcond hermitian atol rtol",
                a -> Linalg.pinv(matrix(a), bound(a, "atol"), bound(a, "rtol")));
        add("linalg.matrix_rank", "input tol hermitian atol rtol",
                a -> Linalg.matrixRank(matrix(a), bound(a, "atol"), bound(a, "rtol")));
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
