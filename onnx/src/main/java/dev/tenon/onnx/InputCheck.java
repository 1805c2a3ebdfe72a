package dev.tenon.onnx;

/// Holds what a model is given against what it declares.
final class InputCheck {
    private InputCheck() {}

    /// The value under the element type that the model declares.
    ///
    /// @throws IllegalArgumentException if it does not fit
    static OnnxValue check(ValueInfo info, OnnxValue value) {
        return check(info, info.type(), value);
    }

    private static OnnxValue check(ValueInfo info, ValueType type, OnnxValue value) {
        return switch (type) {
            case ValueType.OfTensor t -> tensor(info, t, value);
            case ValueType.OfSequence s when value instanceof OnnxValue.Sequence v ->
                new OnnxValue.Sequence(v.values().stream().map(e -> check(info, s.element(), e)).toList());
            case ValueType.OfOptional o -> {
                OnnxValue inner = value instanceof OnnxValue.Optional v ? v.value() : value;
                yield new OnnxValue.Optional(inner == null ? null : check(info, o.element(), inner));
            }
            case ValueType.OfMap _ when value instanceof OnnxValue.OfMap -> value;
            case ValueType.Undeclared _ -> value;
            default -> throw misfit(info, value);
        };
    }

    private static OnnxValue tensor(ValueInfo info, ValueType.OfTensor t, OnnxValue value) {
        if (value instanceof OnnxValue.Strings s && t.element() == OnnxType.STRING && t.admits(s.shape())) {
            return s;
        }
        if (!(value instanceof OnnxValue.OfTensor v) || t.element() == OnnxType.STRING
                || v.tensor().dtype() != t.element().dtype()) {
            throw misfit(info, value);
        }
        // Types that Tenon holds in a wider one may come under the name of that one.
        boolean renamed = v.type() == t.element() || v.type() == OnnxType.of(v.tensor().dtype());
        OnnxValue typed = v.type() == t.element() ? v : new OnnxValue.OfTensor(t.element(), v.tensor(), v.constant());
        if (!renamed || t.element().isComplex() && (v.tensor().rank() == 0 || v.tensor().size(-1) != 2)
                || !t.admits(typed.shape())) {
            throw misfit(info, value);
        }
        return typed;
    }

    private static IllegalArgumentException misfit(ValueInfo info, OnnxValue value) {
        return new IllegalArgumentException("input '" + info.name() + "': got " + value + ", the model declares "
                + info.type());
    }
}
