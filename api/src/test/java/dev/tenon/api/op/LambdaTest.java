package dev.tenon.api.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The numbering of sub-expressions.
class LambdaTest {
    private static Expr x(int i) {
        return Exprs.in(i, DType.F32);
    }

    @Test
    void equalSubExpressionsAreOneStep() {
        Expr a = Exprs.mul(Exprs.add(x(0), x(1)), Exprs.add(x(0), x(1)));
        Lambda l = Lambda.of(a, DType.F32);
        assertEquals(4, l.steps().size());
        assertEquals(List.of(3), l.results());
        assertEquals(List.of(2, 2), l.steps().get(3).args());
        assertEquals(2, l.operands());
        assertTrue(l.reads(1));
        assertFalse(l.reads(2));
    }

    @Test
    void operandsComeBeforeWhatUsesThem() {
        Expr p = new Expr.Param(Kind.F32, 2);
        Lambda l = Lambda.of(List.of(Exprs.add(x(0), p), Exprs.unary(UnaryFn.EXP, x(3)), x(0)),
                List.of(DType.F32, DType.F16, DType.F32));
        for (int i = 0; i < l.steps().size(); i++) {
            for (int arg : l.steps().get(i).args()) {
                assertTrue(arg < i);
            }
        }
        assertEquals(3, l.params());
        assertEquals(4, l.operands());
        assertEquals(0, l.results().get(2));
    }

    @Test
    void equalityIsOfStructure() {
        Lambda a = Lambda.of(Exprs.add(x(0), Exprs.constant(Kind.F32, 1.5)), DType.F32);
        Lambda b = Lambda.of(Exprs.add(x(0), Exprs.constant(Kind.F32, 1.5)), DType.F32);
        assertEquals(a, b);
        assertEquals(a.hashCode(), b.hashCode());
        assertNotEquals(a, Lambda.of(Exprs.add(x(0), Exprs.constant(Kind.F32, 2.5)), DType.F32));
        assertNotEquals(a, Lambda.of(Exprs.add(x(0), Exprs.constant(Kind.F32, 1.5)), DType.F16));
        assertNotEquals(Lambda.of(Exprs.sub(x(0), x(1)), DType.F32), Lambda.of(Exprs.sub(x(1), x(0)), DType.F32));
        // Zeros of both signs are different constants.
        assertNotEquals(Lambda.of(Exprs.constant(Kind.F32, 0.0), DType.F32),
                Lambda.of(Exprs.constant(Kind.F32, -0.0), DType.F32));
    }

    @Test
    void sharingCostsNothing() {
        assertTimeout(Duration.ofSeconds(5), () -> {
            Expr a = x(0);
            Expr b = x(0);
            for (int i = 0; i < 200; i++) {
                a = Exprs.add(a, a);
                b = Exprs.add(b, b);
            }
            Lambda one = Lambda.of(a, DType.F32);
            assertEquals(201, one.steps().size());
            assertEquals(one, Lambda.of(b, DType.F32));
        });
    }

    @Test
    void foldingKeepsNaNAndSignedZeros() {
        assertEquals(x(0), Exprs.mul(x(0), 1));
        assertTrue(Exprs.mul(x(0), 0) instanceof Expr.Binary, "x * 0 is not 0 for NaN");
        assertTrue(Exprs.add(x(0), 0) instanceof Expr.Binary, "x + 0 is not x for -0");
        assertEquals(x(0), Exprs.neg(Exprs.neg(x(0))));
    }
}
