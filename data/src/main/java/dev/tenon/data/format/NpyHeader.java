package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/// The text in front of an array: a Python dictionary of exactly `descr`, `fortran_order` and `shape`.
final class NpyHeader extends HeaderScanner {
    static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MAX_AXES = 64;
    private static final int ALIGNMENT = 64;

    private final Origin origin;

    private NpyHeader(Origin origin, String text) {
        super(text);
        this.origin = origin;
    }

    /// Reads a header.
    ///
    /// @param start where the text begins in the file, for messages
    static Npy.Header parse(Origin origin, byte[] bytes, Charset charset, int start) throws DatasetFormatException {
        NpyHeader p = new NpyHeader(origin, new String(bytes, charset));
        try {
            return p.dictionary();
        } catch (Misfit e) {
            throw origin.error(start + p.at, e.getMessage());
        }
    }

    private Npy.Header dictionary() throws Misfit, DatasetFormatException {
        need('{');
        Set<String> seen = new HashSet<>();
        String descr = "";
        boolean fortran = false;
        Shape shape = Shape.SCALAR;
        while (!take('}')) {
            String key = string();
            if (!seen.add(key)) {
                throw expected("each key once, and '" + key + "' came before");
            }
            need(':');
            switch (key) {
                case "descr" -> descr = descr();
                case "fortran_order" -> fortran = truth();
                case "shape" -> shape = shape();
                default -> throw expected("only 'descr', 'fortran_order' and 'shape', after '" + printable(key) + "'");
            }
            if (!take(',')) {
                need('}');
                break;
            }
        }
        skipSpace();
        if (at < text.length()) {
            throw expected("nothing after the dictionary");
        }
        if (seen.size() != 3) {
            throw expected("'descr', 'fortran_order' and 'shape' before the end, of which there are only " + seen);
        }
        return header(descr, fortran, shape);
    }

    private String string() throws Misfit {
        skipSpace();
        char quote = at < text.length() ? text.charAt(at) : 0;
        int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
        if (end < 0 || text.substring(at, end).indexOf('\\') >= 0) {
            throw expected("a string in quotes, without escapes");
        }
        String s = text.substring(at + 1, end);
        at = end + 1;
        return s;
    }

    private String descr() throws Misfit {
        skipSpace();
        if (at < text.length() && text.charAt(at) == '[') {
            throw new Misfit("the array has records (a structured dtype); save each field as an array of its own");
        }
        return string();
    }

    private boolean truth() throws Misfit {
        skipSpace();
        for (boolean b : new boolean[] {true, false}) {
            String word = b ? "True" : "False";
            if (text.startsWith(word, at)) {
                at += word.length();
                return b;
            }
        }
        throw expected("True or False");
    }

    private Shape shape() throws Misfit {
        need('(');
        long[] dims = new long[8];
        int n = 0;
        while (!take(')')) {
            if (n == MAX_AXES) {
                throw expected("at most " + MAX_AXES + " axes");
            }
            dims = n < dims.length ? dims : Arrays.copyOf(dims, 2 * n);
            dims[n++] = number();
            if (!take(',')) {
                need(')');
                if (n == 1) {
                    throw expected("a comma after the only axis");
                }
                break;
            }
        }
        try {
            return Shape.of(Arrays.copyOf(dims, n));
        } catch (RuntimeException e) {
            throw new Misfit("a shape whose number of elements does not fit 63 bits: " + e.getMessage());
        }
    }

    private long number() throws Misfit {
        skipSpace();
        long value = digits("a whole number of at most 18 digits");
        // Python 2 wrote long integers with this suffix.
        if (at < text.length() && text.charAt(at) == 'L') {
            at++;
        }
        return value;
    }

    private Npy.Header header(String descr, boolean fortran, Shape shape) throws DatasetFormatException {
        char mark = descr.isEmpty() ? 0 : descr.charAt(0);
        boolean marked = "<>=|".indexOf(mark) >= 0;
        String type = marked ? descr.substring(1) : descr;
        ByteOrder order = switch (mark) {
            case '>' -> ByteOrder.BIG_ENDIAN;
            case '<' -> ByteOrder.LITTLE_ENDIAN;
            default -> ByteOrder.nativeOrder();
        };
        DType dtype = switch (type) {
            case "f8" -> DType.F64;
            case "f4" -> DType.F32;
            case "f2" -> DType.F16;
            case "i8" -> DType.I64;
            case "i4" -> DType.I32;
            case "i2" -> DType.I16;
            case "i1" -> DType.I8;
            case "u1" -> DType.U8;
            case "b1", "?" -> DType.BOOL;
            default -> throw origin.error("holds elements of NumPy's type '" + printable(descr) + "'" + advice(type));
        };
        HostBytes.claimed(origin, () -> Math.multiplyExact(shape.elements(), dtype.bytes()),
                "a shape " + shape + " of " + dtype);
        return new Npy.Header(dtype, shape, order, fortran);
    }

    private static String advice(String type) {
        String known = "; known are f2 f4 f8 i1 i2 i4 i8 u1 and bool: convert it with ";
        return switch (type.isEmpty() ? 0 : type.charAt(0)) {
            case 'O' -> ", which are pickled Python objects and are never read; save numbers";
            case 'u' -> known + (type.equals("u2") ? "astype('i4')" : "astype('i8')");
            case 'V' -> ", which are bytes without a meaning (bfloat16 is saved so)" + known + "astype('f4'), or use"
                    + " safetensors, which has bf16";
            case 'c' -> " (complex numbers); save the real and the imaginary part as two arrays";
            case 'S', 'U' -> " (text); read it with another tool";
            default -> known + "astype";
        };
    }

    private static String descr(DType dtype, ByteOrder order) {
        String mark = dtype.bytes() == 1 ? "|" : order == ByteOrder.BIG_ENDIAN ? ">" : "<";
        return mark + switch (dtype) {
            case F64 -> "f8";
            case F32 -> "f4";
            case F16 -> "f2";
            case I64 -> "i8";
            case I32 -> "i4";
            case I16 -> "i2";
            case I8 -> "i1";
            case U8 -> "u1";
            case BOOL -> "b1";
            case BF16 -> throw new IllegalArgumentException("npy: NumPy has no bf16; convert the tensor with"
                    + " to(DType.F32), which keeps every value, or write safetensors");
        };
    }

    /// All bytes in front of the elements: magic, version, length and text, filled up so that the elements are aligned.
    static byte[] write(Npy.Header header) {
        String dims = header.shape().stream().mapToObj(d -> d + ",").collect(Collectors.joining(" "));
        if (header.shape().rank() > 1) {
            dims = dims.substring(0, dims.length() - 1);
        }
        String dictionary = "{'descr': '" + descr(header.dtype(), header.order()) + "', 'fortran_order': "
                + (header.fortranOrder() ? "True" : "False") + ", 'shape': (" + dims + "), }";
        boolean small = dictionary.length() + ALIGNMENT <= 0xFFFF;
        int prefix = MAGIC.length + 2 + (small ? 2 : 4);
        int total = (prefix + dictionary.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer out = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC).put((byte) (small ? 1 : 2)).put((byte) 0);
        if (small) {
            out.putShort((short) (total - prefix));
        } else {
            out.putInt(total - prefix);
        }
        out.put(dictionary.getBytes(StandardCharsets.US_ASCII));
        while (out.remaining() > 1) {
            out.put((byte) ' ');
        }
        return out.put((byte) '\n').array();
    }
}
