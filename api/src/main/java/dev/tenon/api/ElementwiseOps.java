package dev.tenon.api;

import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.List;

/// Operations on each element by itself. Operands broadcast and are promoted as in PyTorch; values follow C99 for NaN,
/// infinities and signed zeros; integers wrap.
public sealed interface ElementwiseOps permits Tensor {

    /// This plus another tensor, broadcast. Of truth values: or.
    default Tensor add(Tensor other) {
        return ElementwiseFormulas.ADD.apply((Tensor) this, other);
    }

    /// [#add(Tensor)] with a number.
    default Tensor add(double other) {
        return ElementwiseFormulas.ADD.apply((Tensor) this, other);
    }

    /// [#add(Tensor)] with a number.
    default Tensor add(long other) {
        return ElementwiseFormulas.ADD.apply((Tensor) this, other);
    }

    /// [#add(Tensor)] in place.
    default Tensor add_(Tensor other) {
        return ElementwiseFormulas.ADD.applyInPlace((Tensor) this, other);
    }

    /// [#add(Tensor)] in place with a number.
    default Tensor add_(double other) {
        return ElementwiseFormulas.ADD.applyInPlace((Tensor) this, other);
    }

    /// This minus another tensor, broadcast.
    default Tensor sub(Tensor other) {
        return ElementwiseFormulas.SUB.apply((Tensor) this, other);
    }

    /// [#sub(Tensor)] with a number.
    default Tensor sub(double other) {
        return ElementwiseFormulas.SUB.apply((Tensor) this, other);
    }

    /// [#sub(Tensor)] with a number.
    default Tensor sub(long other) {
        return ElementwiseFormulas.SUB.apply((Tensor) this, other);
    }

    /// [#sub(Tensor)] in place.
    default Tensor sub_(Tensor other) {
        return ElementwiseFormulas.SUB.applyInPlace((Tensor) this, other);
    }

    /// [#sub(Tensor)] in place with a number.
    default Tensor sub_(double other) {
        return ElementwiseFormulas.SUB.applyInPlace((Tensor) this, other);
    }

    /// This times another tensor, broadcast. Of truth values: and.
    default Tensor mul(Tensor other) {
        return ElementwiseFormulas.MUL.apply((Tensor) this, other);
    }

    /// [#mul(Tensor)] with a number.
    default Tensor mul(double other) {
        return ElementwiseFormulas.MUL.apply((Tensor) this, other);
    }

    /// [#mul(Tensor)] with a number.
    default Tensor mul(long other) {
        return ElementwiseFormulas.MUL.apply((Tensor) this, other);
    }

    /// [#mul(Tensor)] in place.
    default Tensor mul_(Tensor other) {
        return ElementwiseFormulas.MUL.applyInPlace((Tensor) this, other);
    }

    /// [#mul(Tensor)] in place with a number.
    default Tensor mul_(double other) {
        return ElementwiseFormulas.MUL.applyInPlace((Tensor) this, other);
    }

    /// This divided by another tensor, broadcast; integers give `F32`.
    default Tensor div(Tensor other) {
        return ElementwiseFormulas.DIV.apply((Tensor) this, other);
    }

    /// [#div(Tensor)] with a number.
    default Tensor div(double other) {
        return ElementwiseFormulas.DIV.apply((Tensor) this, other);
    }

    /// [#div(Tensor)] with a number.
    default Tensor div(long other) {
        return ElementwiseFormulas.DIV.apply((Tensor) this, other);
    }

    /// [#div(Tensor)] in place.
    default Tensor div_(Tensor other) {
        return ElementwiseFormulas.DIV.applyInPlace((Tensor) this, other);
    }

    /// [#div(Tensor)] in place with a number.
    default Tensor div_(double other) {
        return ElementwiseFormulas.DIV.applyInPlace((Tensor) this, other);
    }

    /// The quotient rounded towards minus infinity; an integer divided by zero is 0.
    default Tensor floorDivide(Tensor other) {
        return ElementwiseFormulas.FLOOR_DIVIDE.apply((Tensor) this, other);
    }

    /// [#floorDivide(Tensor)] with a number.
    default Tensor floorDivide(double other) {
        return ElementwiseFormulas.FLOOR_DIVIDE.apply((Tensor) this, other);
    }

    /// [#floorDivide(Tensor)] with a number.
    default Tensor floorDivide(long other) {
        return ElementwiseFormulas.FLOOR_DIVIDE.apply((Tensor) this, other);
    }

    /// The remainder with the sign of the divisor, as Python's `%`; an integer modulo zero is 0.
    default Tensor remainder(Tensor other) {
        return ElementwiseFormulas.REMAINDER.apply((Tensor) this, other);
    }

    /// [#remainder(Tensor)] with a number.
    default Tensor remainder(double other) {
        return ElementwiseFormulas.REMAINDER.apply((Tensor) this, other);
    }

    /// [#remainder(Tensor)] with a number.
    default Tensor remainder(long other) {
        return ElementwiseFormulas.REMAINDER.apply((Tensor) this, other);
    }

    /// The remainder with the sign of this, as C's `fmod` and Java's `%`; an integer modulo zero is 0.
    default Tensor fmod(Tensor other) {
        return ElementwiseFormulas.FMOD.apply((Tensor) this, other);
    }

    /// [#fmod(Tensor)] with a number.
    default Tensor fmod(double other) {
        return ElementwiseFormulas.FMOD.apply((Tensor) this, other);
    }

    /// [#fmod(Tensor)] with a number.
    default Tensor fmod(long other) {
        return ElementwiseFormulas.FMOD.apply((Tensor) this, other);
    }

    /// The quotient rounded towards zero; an integer divided by zero is 0.
    default Tensor truncDivide(Tensor other) {
        return ElementwiseFormulas.TRUNC_DIVIDE.apply((Tensor) this, other);
    }

    /// The larger of both; NaN if either is NaN.
    default Tensor maximum(Tensor other) {
        return ElementwiseFormulas.MAXIMUM.apply((Tensor) this, other);
    }

    /// [#maximum(Tensor)] with a number.
    default Tensor maximum(double other) {
        return ElementwiseFormulas.MAXIMUM.apply((Tensor) this, other);
    }

    /// [#maximum(Tensor)] with a number.
    default Tensor maximum(long other) {
        return ElementwiseFormulas.MAXIMUM.apply((Tensor) this, other);
    }

    /// The smaller of both; NaN if either is NaN.
    default Tensor minimum(Tensor other) {
        return ElementwiseFormulas.MINIMUM.apply((Tensor) this, other);
    }

    /// [#minimum(Tensor)] with a number.
    default Tensor minimum(double other) {
        return ElementwiseFormulas.MINIMUM.apply((Tensor) this, other);
    }

    /// [#minimum(Tensor)] with a number.
    default Tensor minimum(long other) {
        return ElementwiseFormulas.MINIMUM.apply((Tensor) this, other);
    }

    /// The magnitude of this with the sign of another tensor.
    default Tensor copysign(Tensor other) {
        return ElementwiseFormulas.COPYSIGN.apply((Tensor) this, other);
    }

    /// [#copysign(Tensor)] with a number.
    default Tensor copysign(double other) {
        return ElementwiseFormulas.COPYSIGN.apply((Tensor) this, other);
    }

    /// [#copysign(Tensor)] with a number.
    default Tensor copysign(long other) {
        return ElementwiseFormulas.COPYSIGN.apply((Tensor) this, other);
    }

    /// Whether both are equal; false if either is NaN.
    default Tensor eq(Tensor other) {
        return ElementwiseFormulas.EQ.apply((Tensor) this, other);
    }

    /// [#eq(Tensor)] with a number.
    default Tensor eq(double other) {
        return ElementwiseFormulas.EQ.apply((Tensor) this, other);
    }

    /// [#eq(Tensor)] with a number.
    default Tensor eq(long other) {
        return ElementwiseFormulas.EQ.apply((Tensor) this, other);
    }

    /// Whether both differ; true if either is NaN.
    default Tensor ne(Tensor other) {
        return ElementwiseFormulas.NE.apply((Tensor) this, other);
    }

    /// [#ne(Tensor)] with a number.
    default Tensor ne(double other) {
        return ElementwiseFormulas.NE.apply((Tensor) this, other);
    }

    /// [#ne(Tensor)] with a number.
    default Tensor ne(long other) {
        return ElementwiseFormulas.NE.apply((Tensor) this, other);
    }

    /// Whether this is less.
    default Tensor lt(Tensor other) {
        return ElementwiseFormulas.LT.apply((Tensor) this, other);
    }

    /// [#lt(Tensor)] with a number.
    default Tensor lt(double other) {
        return ElementwiseFormulas.LT.apply((Tensor) this, other);
    }

    /// [#lt(Tensor)] with a number.
    default Tensor lt(long other) {
        return ElementwiseFormulas.LT.apply((Tensor) this, other);
    }

    /// Whether this is less or equal.
    default Tensor le(Tensor other) {
        return ElementwiseFormulas.LE.apply((Tensor) this, other);
    }

    /// [#le(Tensor)] with a number.
    default Tensor le(double other) {
        return ElementwiseFormulas.LE.apply((Tensor) this, other);
    }

    /// [#le(Tensor)] with a number.
    default Tensor le(long other) {
        return ElementwiseFormulas.LE.apply((Tensor) this, other);
    }

    /// Whether this is greater.
    default Tensor gt(Tensor other) {
        return ElementwiseFormulas.GT.apply((Tensor) this, other);
    }

    /// [#gt(Tensor)] with a number.
    default Tensor gt(double other) {
        return ElementwiseFormulas.GT.apply((Tensor) this, other);
    }

    /// [#gt(Tensor)] with a number.
    default Tensor gt(long other) {
        return ElementwiseFormulas.GT.apply((Tensor) this, other);
    }

    /// Whether this is greater or equal.
    default Tensor ge(Tensor other) {
        return ElementwiseFormulas.GE.apply((Tensor) this, other);
    }

    /// [#ge(Tensor)] with a number.
    default Tensor ge(double other) {
        return ElementwiseFormulas.GE.apply((Tensor) this, other);
    }

    /// [#ge(Tensor)] with a number.
    default Tensor ge(long other) {
        return ElementwiseFormulas.GE.apply((Tensor) this, other);
    }

    /// Whether both are not zero.
    default Tensor logicalAnd(Tensor other) {
        return ElementwiseFormulas.LOGICAL_AND.apply((Tensor) this, other);
    }

    /// Whether either is not zero.
    default Tensor logicalOr(Tensor other) {
        return ElementwiseFormulas.LOGICAL_OR.apply((Tensor) this, other);
    }

    /// Whether exactly one is not zero.
    default Tensor logicalXor(Tensor other) {
        return ElementwiseFormulas.LOGICAL_XOR.apply((Tensor) this, other);
    }

    /// Whether the value is zero.
    default Tensor logicalNot() {
        return ElementwiseFormulas.LOGICAL_NOT.apply((Tensor) this);
    }

    /// Conjunction bit by bit.
    default Tensor bitwiseAnd(Tensor other) {
        return ElementwiseFormulas.BITWISE_AND.apply((Tensor) this, other);
    }

    /// Disjunction bit by bit.
    default Tensor bitwiseOr(Tensor other) {
        return ElementwiseFormulas.BITWISE_OR.apply((Tensor) this, other);
    }

    /// Exclusive disjunction bit by bit.
    default Tensor bitwiseXor(Tensor other) {
        return ElementwiseFormulas.BITWISE_XOR.apply((Tensor) this, other);
    }

    /// Complement bit by bit; of truth values, the negation.
    default Tensor bitwiseNot() {
        return ElementwiseFormulas.BITWISE_NOT.apply((Tensor) this);
    }

    /// The negative.
    default Tensor neg() {
        return ElementwiseFormulas.NEG.apply((Tensor) this);
    }

    /// [#neg()] in place.
    default Tensor neg_() {
        return ElementwiseFormulas.NEG.applyInPlace((Tensor) this);
    }

    /// The absolute value.
    default Tensor abs() {
        return ElementwiseFormulas.ABS.apply((Tensor) this);
    }

    /// [#abs()] in place.
    default Tensor abs_() {
        return ElementwiseFormulas.ABS.applyInPlace((Tensor) this);
    }

    /// -1, 0 or 1; NaN stays NaN.
    default Tensor sign() {
        return ElementwiseFormulas.SIGN.apply((Tensor) this);
    }

    /// The square root; NaN of negative numbers.
    default Tensor sqrt() {
        return ElementwiseFormulas.SQRT.apply((Tensor) this);
    }

    /// [#sqrt()] in place.
    default Tensor sqrt_() {
        return ElementwiseFormulas.SQRT.applyInPlace((Tensor) this);
    }

    /// 1 / sqrt(x).
    default Tensor rsqrt() {
        return ElementwiseFormulas.RSQRT.apply((Tensor) this);
    }

    /// 1 / x.
    default Tensor reciprocal() {
        return ElementwiseFormulas.RECIPROCAL.apply((Tensor) this);
    }

    /// e^x.
    default Tensor exp() {
        return ElementwiseFormulas.EXP.apply((Tensor) this);
    }

    /// [#exp()] in place.
    default Tensor exp_() {
        return ElementwiseFormulas.EXP.applyInPlace((Tensor) this);
    }

    /// e^x - 1 without cancellation near 0.
    default Tensor expm1() {
        return ElementwiseFormulas.EXPM1.apply((Tensor) this);
    }

    /// The natural logarithm.
    default Tensor log() {
        return ElementwiseFormulas.LOG.apply((Tensor) this);
    }

    /// [#log()] in place.
    default Tensor log_() {
        return ElementwiseFormulas.LOG.applyInPlace((Tensor) this);
    }

    /// The logarithm to base 2.
    default Tensor log2() {
        return ElementwiseFormulas.LOG2.apply((Tensor) this);
    }

    /// The logarithm to base 10.
    default Tensor log10() {
        return ElementwiseFormulas.LOG10.apply((Tensor) this);
    }

    /// log(1 + x) without cancellation near 0.
    default Tensor log1p() {
        return ElementwiseFormulas.LOG1P.apply((Tensor) this);
    }

    /// The error function.
    default Tensor erf() {
        return ElementwiseFormulas.ERF.apply((Tensor) this);
    }

    /// 1 - erf(x) without cancellation.
    default Tensor erfc() {
        return ElementwiseFormulas.ERFC.apply((Tensor) this);
    }

    /// The inverse of the error function.
    default Tensor erfinv() {
        return ElementwiseFormulas.ERFINV.apply((Tensor) this);
    }

    /// log |gamma(x)|.
    default Tensor lgamma() {
        return ElementwiseFormulas.LGAMMA.apply((Tensor) this);
    }

    /// The derivative of log gamma.
    default Tensor digamma() {
        return ElementwiseFormulas.DIGAMMA.apply((Tensor) this);
    }

    /// The largest integer not above.
    default Tensor floor() {
        return ElementwiseFormulas.FLOOR.apply((Tensor) this);
    }

    /// The smallest integer not below.
    default Tensor ceil() {
        return ElementwiseFormulas.CEIL.apply((Tensor) this);
    }

    /// The nearest integer, ties to even.
    default Tensor round() {
        return ElementwiseFormulas.ROUND.apply((Tensor) this);
    }

    /// The nearest integer towards zero.
    default Tensor trunc() {
        return ElementwiseFormulas.TRUNC.apply((Tensor) this);
    }

    /// x²; of truth values as `I64`.
    default Tensor square() {
        Tensor self = (Tensor) this;
        return self.dtype() == DType.BOOL ? self.to(DType.I64) : ElementwiseFormulas.SQUARE.apply((Tensor) this);
    }

    /// Whether the value is NaN.
    default Tensor isNaN() {
        return ElementwiseFormulas.IS_NAN.apply((Tensor) this);
    }

    /// Whether the value is infinite.
    default Tensor isInf() {
        return ElementwiseFormulas.IS_INF.apply((Tensor) this);
    }

    /// Whether the value is neither infinite nor NaN.
    default Tensor isFinite() {
        return ElementwiseFormulas.IS_FINITE.apply((Tensor) this);
    }

    /// This to the power of another tensor, broadcast. Integer bases with a negative exponent give 0, 1 or -1.
    default Tensor pow(Tensor exponent) {
        return ElementwiseFormulas.POW.apply((Tensor) this, exponent);
    }

    /// This to the power of a number.
    default Tensor pow(double exponent) {
        Tensor self = (Tensor) this;
        if (exponent == 2) {
            return self.dtype().isFloating() ? square() : ElementwiseFormulas.POW.apply(self, exponent);
        }
        if (exponent == 0.5) {
            return sqrt();
        }
        return ElementwiseFormulas.POW.apply(self, exponent);
    }

    /// This to the power of an integer; integer tensors stay integers.
    default Tensor pow(long exponent) {
        return exponent == 2 ? square() : ElementwiseFormulas.POW.apply((Tensor) this, exponent);
    }

    /// A number minus this.
    default Tensor rsub(double minuend) {
        return ElementwiseFormulas.RSUB.apply(minuend, (Tensor) this);
    }

    /// A number divided by this.
    default Tensor rdiv(double dividend) {
        return ElementwiseFormulas.DIV.apply(dividend, (Tensor) this);
    }

    /// Values below `min` become `min`, those above `max` become `max`; NaN stays NaN.
    default Tensor clamp(double min, double max) {
        return ElementwiseFormulas.CLAMP.apply((Tensor) this, min, max);
    }

    /// Values below `min` become `min`.
    default Tensor clampMin(double min) {
        return ElementwiseFormulas.CLAMP_MIN.apply((Tensor) this, min);
    }

    /// Values above `max` become `max`.
    default Tensor clampMax(double max) {
        return ElementwiseFormulas.CLAMP_MAX.apply((Tensor) this, max);
    }

    /// This where the condition is not zero, elsewhere another tensor; all broadcast.
    default Tensor where(Tensor condition, Tensor otherwise) {
        return ElementwiseFormulas.WHERE.applyAll(List.of(condition, (Tensor) this, otherwise));
    }

    /// This plus `weight` times the difference of `end` to this.
    default Tensor lerp(Tensor end, Tensor weight) {
        return ElementwiseFormulas.LERP.applyAll(List.of((Tensor) this, end, weight));
    }

    /// The values converted to another dtype; this tensor itself if it has that dtype. From floating to integral
    /// they are
    /// truncated towards zero.
    default Tensor to(DType dtype) {
        Tensor self = (Tensor) this;
        return self.dtype() == dtype ? self : Dispatcher.run(CopyOp.to(dtype), self);
    }

    /// The tensor on another device; this tensor itself if it is there.
    default Tensor to(Device device) {
        Tensor self = (Tensor) this;
        return self.device() == device ? self : Dispatcher.run(CopyOp.to(device), self);
    }

    /// Copies the values of another tensor, broadcast and converted, into this one.
    default Tensor copy_(Tensor source) {
        Tensor self = (Tensor) this;
        Tensor s = source.to(self.device());
        s = s.shape().equals(self.shape()) ? s : s.expand(self.shape());
        Dispatcher.applyInto(CopyOp.to(self.dtype()), List.of(s), List.of(self));
        return self;
    }

    /// Sets every element to a number.
    default Tensor fill_(double value) {
        Tensor self = (Tensor) this;
        DType d = self.dtype();
        Scalars number = d.isFloating() ? Scalars.of(value) : Scalars.ofBits((long) value);
        Lambda fill = Lambda.of(new Expr.Param(d.kind(), 0), d);
        Dispatcher.applyInto(new MapOp("fill", fill, self.shape(), number), List.of(), List.of(self));
        return self;
    }

    /// Sets every element to zero.
    default Tensor zero_() {
        return fill_(0);
    }
}
