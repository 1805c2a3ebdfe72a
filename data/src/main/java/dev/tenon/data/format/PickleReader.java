package dev.tenon.data.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads Python pickles of plain data, protocols 2 to 5, and executes nothing: names of Python objects are looked up in
/// a short list, and what is not in it is an error. Each opcode costs at most a small constant; copies and objects are
/// counted against a limit, so no short file makes a large tree.
///
/// Values: `null`, `Boolean`, `Long`, `BigInteger`, `Double`, `String`, `byte[]`, `ArrayList` (list), [Tuple],
/// `LinkedHashMap` (dictionary), [PySet], and whatever [Globals] makes.
///
/// Source of the format: Python's `pickletools`.
final class PickleReader {
    /// So many values at most in one pickle.
    private static final int MAX_VALUES = 4_000_000;
    private static final int MAX_LONG_BYTES = 1024;
    private static final Object MARK = new Object();
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(
            ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble BIG_DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(
            ByteOrder.BIG_ENDIAN);

    /// An immutable sequence.
    record Tuple(List<@Nullable Object> items) {}

    /// A set; what it contains may come twice.
    record PySet(List<@Nullable Object> items) {}

    /// A Python object that may be named.
    interface Global {
        /// Its full name.
        String name();
    }

    /// A Python object that may be called.
    interface Callable extends Global {
        /// @throws Misfit if the arguments are not what it takes
        @Nullable Object call(List<@Nullable Object> arguments, PickleReader reader) throws Misfit;
    }

    /// Something that takes a state after it was made.
    interface Stateful {
        void setState(@Nullable Object state) throws Misfit;
    }

    /// What a pickle may refer to.
    interface Globals {
        /// The object of that name.
        ///
        /// @throws Misfit if there is none
        Global find(String module, String name) throws Misfit;

        /// The object that is kept outside the pickle.
        ///
        /// @throws Misfit if there is none
        Object persistent(@Nullable Object id) throws Misfit;
    }

    /// What is wrong at the current place.
    static final class Misfit extends Exception {
        private static final long serialVersionUID = 1L;

        Misfit(String message) {
            super(message);
        }
    }

    private final Origin origin;
    private final MemorySegment in;
    private final Globals globals;
    private long at;
    private ArrayList<@Nullable Object> stack = new ArrayList<>();
    private Map<Integer, @Nullable Object> memo = new HashMap<>();
    private long values;

    /// @param in where the pickle is; reading starts at its first byte
    PickleReader(Origin origin, MemorySegment in, Globals globals) {
        this.origin = origin;
        this.in = in;
        this.globals = globals;
    }

    /// Where the next byte is read.
    long position() {
        return at;
    }

    /// Reads one pickle; the next call goes on behind it.
    ///
    /// @throws DatasetFormatException if it is malformed or refers to anything that is not allowed
    @Nullable Object read() throws DatasetFormatException {
        long opcodeAt = at;
        stack = new ArrayList<>();
        memo = new HashMap<>();
        try {
            while (true) {
                opcodeAt = at;
                int opcode = u8();
                if (opcode == '.') {
                    Object result = pop();
                    if (!stack.isEmpty()) {
                        throw new Misfit("the pickle stops with " + stack.size() + " values too many");
                    }
                    return result;
                }
                execute(opcode);
            }
        } catch (Misfit e) {
            throw origin.error(opcodeAt, e.getMessage());
        } finally {
            stack = new ArrayList<>();
            memo = new HashMap<>();
        }
    }

    private void execute(int opcode) throws Misfit {
        switch (opcode) {
            case 0x80 -> protocol();
            case 0x95 -> take(8); // FRAME: a hint for readers of streams
            case '(' -> push(MARK);
            case '0' -> popAny();
            case '1' -> popMark();
            case '2' -> push(top());
            case 'N' -> push(null);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'K' -> push((long) u8());
            case 'M' -> push((long) (in.get(SHORT, take(2)) & 0xFFFF));
            case 'J' -> push((long) in.get(INT, take(4)));
            case 0x8A -> push(integer(u8()));
            case 0x8B -> push(integer(length(4)));
            case 'G' -> push(in.get(BIG_DOUBLE, take(8)));
            case 'X' -> push(text(length(4)));
            case 0x8C -> push(text(u8()));
            case 0x8D -> push(text(length(8)));
            // Python 2's strings are bytes that are mostly text.
            case 'T' -> push(latin1(length(4)));
            case 'U' -> push(latin1(u8()));
            case 'B' -> push(bytes(length(4)));
            case 'C' -> push(bytes(u8()));
            case 0x8E, 0x96 -> push(bytes(length(8)));
            case '}' -> push(new LinkedHashMap<@Nullable Object, @Nullable Object>(2));
            case ']' -> push(new ArrayList<@Nullable Object>(0));
            case ')' -> push(new Tuple(List.of()));
            case 0x8F -> push(new PySet(new ArrayList<>(0)));
            case 0x91 -> push(new PySet(popMark()));
            case 't' -> push(new Tuple(popMark()));
            case 0x85, 0x86, 0x87 -> push(new Tuple(popLast(opcode - 0x84)));
            case 'l' -> push(new ArrayList<>(popMark()));
            case 'd' -> {
                List<@Nullable Object> items = popMark();
                var map = new LinkedHashMap<@Nullable Object, @Nullable Object>();
                putAll(map, items);
                push(map);
            }
            case 'a' -> append(popLast(1));
            case 'e' -> append(popMark());
            case 's' -> setItems(popLast(2));
            case 'u' -> setItems(popMark());
            case 0x90 -> addItems(popMark());
            case 'c' -> push(globals.find(line(), line()));
            case 0x93 -> {
                List<@Nullable Object> names = popLast(2);
                push(globals.find(string(names.get(0)), string(names.get(1))));
            }
            case 'R', 0x81 -> {
                Object arguments = pop();
                push(call(pop(), arguments));
            }
            case 'b' -> build(pop());
            case 'Q' -> push(globals.persistent(pop()));
            case 'q' -> remember(u8());
            case 'r' -> remember(in.get(INT, take(4)));
            case 0x94 -> remember(memo.size());
            case 'h' -> push(recall(u8()));
            case 'j' -> push(recall(in.get(INT, take(4))));
            default -> throw new Misfit(String.format("opcode 0x%02x%s is not one of those that PyTorch writes (pickle"
                    + " protocols 2 to 5, plain data)", opcode,
                    opcode > ' ' && opcode < 0x7F ? " ('" + (char) opcode + "')" : ""));
        }
    }

    // --- bytes

    private long take(long n) throws Misfit {
        if (n > in.byteSize() - at) {
            throw new Misfit("needs " + n + " bytes more, of which there are " + (in.byteSize() - at)
                    + ": it is cut short");
        }
        long from = at;
        at += n;
        return from;
    }

    private int u8() throws Misfit {
        return in.get(ValueLayout.JAVA_BYTE, take(1)) & 0xFF;
    }

    private long length(int width) throws Misfit {
        long n = width == 4 ? in.get(INT, take(4)) & 0xFFFFFFFFL : in.get(LONG, take(8));
        if (n < 0 || n > in.byteSize() - at) {
            throw new Misfit("claims " + Long.toUnsignedString(n) + " bytes, of which there are "
                    + (in.byteSize() - at) + ": it is damaged or cut short");
        }
        return n;
    }

    private void protocol() throws Misfit {
        int version = u8();
        if (version < 2 || version > 5) {
            throw new Misfit("pickle protocol " + version + " is not read; 2 to 5 are");
        }
    }

    private byte[] bytes(long n) throws Misfit {
        if (n > Integer.MAX_VALUE - 8) {
            throw new Misfit("a text or byte string of " + n + " bytes is more than an array holds");
        }
        // Strings are copies of the file's bytes; through the memo they are shared, so the file's size bounds them.
        return in.asSlice(take(n), n).toArray(ValueLayout.JAVA_BYTE);
    }

    private String text(long n) throws Misfit {
        byte[] utf8 = bytes(n);
        try {
            return StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new Misfit("a text is not UTF-8");
        }
    }

    private String latin1(long n) throws Misfit {
        return new String(bytes(n), StandardCharsets.ISO_8859_1);
    }

    private String line() throws Misfit {
        long start = at;
        while (u8() != '\n') {
            if (at - start > 1024) {
                throw new Misfit("a name of more than 1024 characters");
            }
        }
        return new String(in.asSlice(start, at - start - 1).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private Object integer(long n) throws Misfit {
        if (n > MAX_LONG_BYTES) {
            throw new Misfit("an integer of " + n + " bytes; at most " + MAX_LONG_BYTES + " are accepted");
        }
        byte[] little = bytes(n);
        byte[] big = new byte[little.length + 1];
        big[0] = (byte) (little.length > 0 && little[little.length - 1] < 0 ? -1 : 0);
        for (int i = 0; i < little.length; i++) {
            big[little.length - i] = little[i];
        }
        BigInteger value = new BigInteger(big);
        return value.bitLength() < 64 ? (Object) value.longValue() : value;
    }

    // --- stack

    /// Counts values that are made or copied.
    ///
    /// @throws Misfit if they are too many
    void count(long n) throws Misfit {
        values += n;
        if (values > MAX_VALUES) {
            throw new Misfit("holds more than " + MAX_VALUES + " values; no file of weights does");
        }
    }

    private void push(@Nullable Object value) throws Misfit {
        count(1);
        stack.add(value);
    }

    private @Nullable Object popAny() throws Misfit {
        if (stack.isEmpty()) {
            throw new Misfit("needs a value, and there is none");
        }
        return stack.removeLast();
    }

    private @Nullable Object pop() throws Misfit {
        Object value = popAny();
        if (value == MARK) {
            throw new Misfit("needs a value, and finds a mark");
        }
        return value;
    }

    private @Nullable Object top() throws Misfit {
        Object value = pop();
        stack.add(value);
        return value;
    }

    private List<@Nullable Object> popMark() throws Misfit {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw new Misfit("needs a mark, and there is none");
        }
        List<@Nullable Object> tail = stack.subList(mark + 1, stack.size());
        List<@Nullable Object> items = new ArrayList<>(tail);
        tail.clear();
        stack.removeLast();
        return items;
    }

    private List<@Nullable Object> popLast(int n) throws Misfit {
        List<@Nullable Object> items = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            items.add(pop());
        }
        return items.reversed();
    }

    private void remember(int index) throws Misfit {
        count(1);
        memo.put(index, top());
    }

    private @Nullable Object recall(int index) throws Misfit {
        Object value = memo.get(index);
        if (value == null && !memo.containsKey(index)) {
            throw new Misfit("refers to value " + Integer.toUnsignedString(index) + ", which was not stored");
        }
        return value;
    }

    // --- containers

    private static String string(@Nullable Object o) throws Misfit {
        if (o instanceof String s) {
            return s;
        }
        throw new Misfit("expected a name, found " + describe(o));
    }

    private void append(List<@Nullable Object> items) throws Misfit {
        switch (top()) {
            case ArrayList<?> list -> asList(list).addAll(items);
            case null, default -> throw new Misfit("appends to " + describe(top()) + "; expected a list");
        }
    }

    private void addItems(List<@Nullable Object> items) throws Misfit {
        if (!(top() instanceof PySet set)) {
            throw new Misfit("adds to " + describe(top()) + "; expected a set");
        }
        set.items.addAll(items);
    }

    private void setItems(List<@Nullable Object> items) throws Misfit {
        if (!(top() instanceof LinkedHashMap<?, ?> map)) {
            throw new Misfit("sets items of " + describe(top()) + "; expected a dictionary");
        }
        putAll(asMap(map), items);
    }

    /// Puts keys and values that follow each other. Keys are numbers, texts, truth values or `None`: of nothing else
    /// the hash is sure to be cheap.
    private static void putAll(Map<@Nullable Object, @Nullable Object> map, List<@Nullable Object> items)
            throws Misfit {
        if (items.size() % 2 != 0) {
            throw new Misfit("a dictionary needs keys and values in turn, and has " + items.size());
        }
        for (int i = 0; i < items.size(); i += 2) {
            put(map, items.get(i), items.get(i + 1));
        }
    }

    static void put(Map<@Nullable Object, @Nullable Object> map, @Nullable Object key, @Nullable Object value)
            throws Misfit {
        switch (key) {
            case String _, Long _, Double _, Boolean _, BigInteger _ -> map.put(key, value);
            case null -> map.put(null, value);
            default -> throw new Misfit("a dictionary has " + describe(key) + " as a key; only texts and numbers are"
                    + " read");
        }
    }

    @SuppressWarnings("unchecked") // lists and maps on the stack are made here, of these types
    static ArrayList<@Nullable Object> asList(ArrayList<?> list) {
        return (ArrayList<@Nullable Object>) list;
    }

    @SuppressWarnings("unchecked") // see asList
    static Map<@Nullable Object, @Nullable Object> asMap(LinkedHashMap<?, ?> map) {
        return (Map<@Nullable Object, @Nullable Object>) map;
    }

    // --- calls

    private @Nullable Object call(@Nullable Object function, @Nullable Object arguments) throws Misfit {
        if (!(arguments instanceof Tuple tuple)) {
            throw new Misfit("calls with " + describe(arguments) + "; expected a tuple of arguments");
        }
        return call(function, tuple.items);
    }

    @Nullable Object call(@Nullable Object function, List<@Nullable Object> arguments) throws Misfit {
        if (!(function instanceof Callable c)) {
            throw new Misfit("calls " + describe(function) + ", which makes no plain data");
        }
        return c.call(arguments, this);
    }

    /// Attributes of dictionaries and tensors (`_metadata` of state dicts, hooks) are no data: they are dropped.
    private void build(@Nullable Object state) throws Misfit {
        switch (top()) {
            case Stateful s -> s.setState(state);
            case LinkedHashMap<?, ?> _, StoredTensor _ -> { }
            case null, default -> throw new Misfit("gives " + describe(top()) + " a state, which it does not take");
        }
    }

    /// What a value is, for messages; never its content, which may be large.
    static String describe(@Nullable Object o) {
        return switch (o) {
            case null -> "None";
            case Boolean b -> b ? "True" : "False";
            case Long n -> "the number " + n;
            case Double d -> "the number " + d;
            case BigInteger _ -> "a large integer";
            case String s -> "the text '" + (s.length() > 60 ? s.substring(0, 60) + "..." : s) + "'";
            case byte[] b -> b.length + " bytes";
            case List<?> list -> "a list of " + list.size();
            case Tuple t -> "a tuple of " + t.items.size();
            case PySet s -> "a set of " + s.items.size();
            case Map<?, ?> map -> "a dictionary of " + map.size();
            case Global g -> g.name();
            case StoredTensor t -> "a tensor " + t.dtype() + " " + t.shape();
            default -> "a value of another kind";
        };
    }
}
