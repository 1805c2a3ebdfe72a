package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.backend.cuda.FakeOperations.Operation;
import dev.tenon.backend.cuda.FakeOperations.Windows;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// cuDNN's backend API without cuDNN: keeps descriptors, checks what is put into them as the library does, and computes
/// what a plan describes, from the descriptions alone, in host memory whose addresses it is given.
// Addresses of memory that the tests have allocated.
@SuppressWarnings("restricted")
final class FakeCudnn implements CudnnCalls {
    static final int MISALIGNED = 2003;
    static final int UNSUPPORTED_SHAPE = 3002;
    static final int EXECUTION_FAILED = 5000;

    /// A way to compute.
    ///
    /// @param status what finishing a plan with it returns
    record Engine(Set<Integer> notes, long workspace, int status, boolean fuses) {
        static Engine of(Integer... notes) {
            return new Engine(Set.of(notes), 64, 0, true);
        }
    }

    /// The kind of descriptor that has an attribute, and the attribute's type.
    private record Rule(int kind, int type) {}

    private static final class Descriptor {
        final int kind;
        final Map<Integer, double[]> numbers = new HashMap<>();
        final Map<Integer, long[]> values = new HashMap<>();
        boolean finished;
        /// What a finished descriptor means, independent of those that it was made of.
        @Nullable Object meaning;

        Descriptor(int kind) {
            this.kind = kind;
        }

        long one(int name) {
            return values.get(name)[0];
        }

        int one(int name, int missing) {
            return values.containsKey(name) ? (int) one(name) : missing;
        }
    }

    /// A tensor between operations has no address.
    record Tensor(long id, int type, long[] dims, long[] strides, long alignment, boolean virtual, boolean byValue) {
        int elements() {
            return (int) Arrays.stream(dims).reduce(1, Math::multiplyExact);
        }
    }

    private record Choice(List<Operation> operations, Engine engine) {}

    private static final Map<Integer, Rule> RULES = new HashMap<>();
    private static final int FORWARD = CudnnCode.BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
    private static final int DATA = CudnnCode.BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
    private static final int FILTER = CudnnCode.BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
    private static final int POINTWISE = CudnnCode.BACKEND_OPERATION_POINTWISE_DESCRIPTOR;
    private static final int MATMUL = CudnnCode.BACKEND_OPERATION_MATMUL_DESCRIPTOR;
    private static final int REDUCTION = CudnnCode.BACKEND_OPERATION_REDUCTION_DESCRIPTOR;
    private static final int RESHAPE = CudnnCode.BACKEND_OPERATION_RESHAPE_DESCRIPTOR;
    private static final int NORM = CudnnCode.BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR;
    private static final int NORM_GRADIENT = CudnnCode.BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR;
    /// The first of six attributes of each: alpha, beta, convolution, and three tensors.
    private static final Map<Integer, Integer> FIRST = Map.of(FORWARD, 700, DATA, 706, FILTER, 712);

    static {
        rule(CudnnCode.BACKEND_POINTWISE_DESCRIPTOR, CudnnCode.TYPE_POINTWISE_MODE, 0);
        rule(CudnnCode.BACKEND_POINTWISE_DESCRIPTOR, CudnnCode.TYPE_DATA_TYPE, 1);
        rule(CudnnCode.BACKEND_CONVOLUTION_DESCRIPTOR, CudnnCode.TYPE_DATA_TYPE, 100);
        rule(CudnnCode.BACKEND_CONVOLUTION_DESCRIPTOR, CudnnCode.TYPE_CONVOLUTION_MODE, 101);
        rule(CudnnCode.BACKEND_CONVOLUTION_DESCRIPTOR, CudnnCode.TYPE_INT64, 102, 103, 104, 105, 106);
        rule(CudnnCode.BACKEND_ENGINEHEUR_DESCRIPTOR, CudnnCode.TYPE_HEUR_MODE, 200);
        rule(CudnnCode.BACKEND_ENGINEHEUR_DESCRIPTOR, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 201, 202);
        rule(CudnnCode.BACKEND_ENGINECFG_DESCRIPTOR, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 300);
        rule(CudnnCode.BACKEND_EXECUTION_PLAN_DESCRIPTOR, CudnnCode.TYPE_HANDLE, 400);
        rule(CudnnCode.BACKEND_EXECUTION_PLAN_DESCRIPTOR, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 401);
        rule(CudnnCode.BACKEND_EXECUTION_PLAN_DESCRIPTOR, CudnnCode.TYPE_INT64, 402);
        FIRST.forEach((kind, first) -> {
            rule(kind, CudnnCode.TYPE_FLOAT, first, first + 1);
            rule(kind, CudnnCode.TYPE_BACKEND_DESCRIPTOR, first + 2, first + 3, first + 4, first + 5);
        });
        rule(POINTWISE, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 750, 751, 752, 753, 758);
        rule(CudnnCode.BACKEND_POINTWISE_DESCRIPTOR, CudnnCode.TYPE_INT64, 9);
        rule(CudnnCode.BACKEND_MATMUL_DESCRIPTOR, CudnnCode.TYPE_DATA_TYPE, 1500);
        rule(MATMUL, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 1520, 1521, 1522, 1523);
        rule(CudnnCode.BACKEND_REDUCTION_DESCRIPTOR, CudnnCode.TYPE_REDUCTION_OPERATOR_TYPE, 1600);
        rule(CudnnCode.BACKEND_REDUCTION_DESCRIPTOR, CudnnCode.TYPE_DATA_TYPE, 1601);
        rule(REDUCTION, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 1610, 1611, 1612);
        rule(RESHAPE, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 2200, 2201);
        rule(NORM, CudnnCode.TYPE_NORM_MODE, 2000);
        rule(NORM, CudnnCode.TYPE_NORM_FWD_PHASE, 2001);
        rule(NORM, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 2002, 2003, 2004, 2005, 2006, 2007, 2013);
        rule(NORM_GRADIENT, CudnnCode.TYPE_NORM_MODE, 2100);
        rule(NORM_GRADIENT, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 2101, 2102, 2103, 2104, 2105, 2107, 2108, 2109);
        rule(CudnnCode.BACKEND_OPERATIONGRAPH_DESCRIPTOR, CudnnCode.TYPE_HANDLE, 800);
        rule(CudnnCode.BACKEND_OPERATIONGRAPH_DESCRIPTOR, CudnnCode.TYPE_BACKEND_DESCRIPTOR, 801);
        rule(CudnnCode.BACKEND_TENSOR_DESCRIPTOR, CudnnCode.TYPE_INT64, 900, 902, 903, 906);
        rule(CudnnCode.BACKEND_TENSOR_DESCRIPTOR, CudnnCode.TYPE_DATA_TYPE, 901);
        rule(CudnnCode.BACKEND_TENSOR_DESCRIPTOR, CudnnCode.TYPE_BOOLEAN, 907, 908);
        rule(CudnnCode.BACKEND_VARIANT_PACK_DESCRIPTOR, CudnnCode.TYPE_INT64, 1000);
        rule(CudnnCode.BACKEND_VARIANT_PACK_DESCRIPTOR, CudnnCode.TYPE_VOID_PTR, 1001, 1003);
        rule(CudnnCode.BACKEND_ENGINE_DESCRIPTOR, CudnnCode.TYPE_NUMERICAL_NOTE, 1303);
    }

    private static void rule(int kind, int type, int... names) {
        for (int name : names) {
            RULES.put(name, new Rule(kind, type));
        }
    }

    /// What the heuristics name in mode A and as a way out.
    List<Engine> engines = List.of(Engine.of());
    List<Engine> fallback = List.of();
    /// Statuses of the next calls of a function, by its name.
    final Map<String, Integer> failures = new HashMap<>();
    /// The engines whose plans were run, and the number of operations of each.
    final List<Engine> executed = new ArrayList<>();
    final List<Integer> operations = new ArrayList<>();
    final List<Long> streams = new ArrayList<>();
    int packs;
    long version = 92400;
    private final Map<Long, Descriptor> descriptors = new TreeMap<>();
    private long next = 0x1000;
    private final Set<Long> handles = new HashSet<>();

    /// How many descriptors have not been destroyed.
    synchronized int alive() {
        return descriptors.size();
    }

    private int call(String name) {
        Integer status = failures.remove(name);
        return status == null ? 0 : status;
    }

    @Override
    public long version() {
        return version;
    }

    @Override
    public String errorString(int status) {
        return "FAKE_STATUS";
    }

    @Override
    public String lastError() {
        return "a remark";
    }

    @Override
    public synchronized int create(MemorySegment slot) {
        handles.add(next);
        slot.set(ADDRESS, 0, MemorySegment.ofAddress(next++));
        return call("cudnnCreate");
    }

    @Override
    public synchronized int destroy(long h) {
        return handles.remove(h) ? 0 : CudnnCode.STATUS_BAD_PARAM;
    }

    @Override
    public synchronized int setStream(long h, long stream) {
        streams.add(stream);
        return handles.contains(h) ? call("cudnnSetStream") : CudnnCode.STATUS_BAD_PARAM;
    }

    @Override
    public synchronized int createDescriptor(int kind, MemorySegment slot) {
        int status = call("create " + kind);
        if (status != 0) {
            return status;
        }
        packs += kind == CudnnCode.BACKEND_VARIANT_PACK_DESCRIPTOR ? 1 : 0;
        slot.set(ADDRESS, 0, MemorySegment.ofAddress(next));
        descriptors.put(next++, new Descriptor(kind));
        return 0;
    }

    @Override
    public synchronized int destroyDescriptor(long descriptor) {
        return descriptors.remove(descriptor) == null ? CudnnCode.STATUS_BAD_PARAM : 0;
    }

    @Override
    public synchronized int setAttribute(long descriptor, int name, int type, long count, MemorySegment values) {
        Descriptor d = descriptors.get(descriptor);
        Rule r = RULES.get(name);
        boolean real = type == CudnnCode.TYPE_FLOAT || type == CudnnCode.TYPE_DOUBLE;
        boolean typed = r != null && (r.type == type || r.type == CudnnCode.TYPE_FLOAT && real);
        if (d == null || d.finished || !typed || r.kind != d.kind || count < 1) {
            return CudnnCode.STATUS_BAD_PARAM;
        }
        long[] v = new long[(int) count];
        double[] n = new double[(int) count];
        for (int i = 0; i < count; i++) {
            switch (type) {
                case CudnnCode.TYPE_FLOAT -> n[i] = values.getAtIndex(JAVA_FLOAT, i);
                case CudnnCode.TYPE_DOUBLE -> n[i] = values.getAtIndex(JAVA_DOUBLE, i);
                case CudnnCode.TYPE_BOOLEAN -> v[i] = values.get(JAVA_BYTE, i);
                case CudnnCode.TYPE_HANDLE, CudnnCode.TYPE_INT64, CudnnCode.TYPE_VOID_PTR,
                    CudnnCode.TYPE_BACKEND_DESCRIPTOR -> v[i] = values.getAtIndex(JAVA_LONG, i);
                default -> v[i] = values.getAtIndex(JAVA_INT, i);
            }
            if (type == CudnnCode.TYPE_HANDLE && !handles.contains(v[i])
                    || type == CudnnCode.TYPE_BACKEND_DESCRIPTOR && meaning(v[i]) == null) {
                return CudnnCode.STATUS_BAD_PARAM;
            }
        }
        d.values.put(name, v);
        d.numbers.put(name, n);
        return call("set " + name);
    }

    private @Nullable Object meaning(long descriptor) {
        Descriptor d = descriptors.get(descriptor);
        return d == null ? null : d.meaning;
    }

    private <T> T meaning(Class<T> type, Descriptor d, int name) {
        return type.cast(meaning(d.one(name)));
    }

    @Override
    public synchronized int getAttribute(long descriptor, int name, int type, long requested, MemorySegment count,
            MemorySegment values) {
        Descriptor d = descriptors.get(descriptor);
        Rule r = RULES.get(name);
        if (d == null || !d.finished || r == null || r.kind != d.kind || r.type != type) {
            return CudnnCode.STATUS_BAD_PARAM;
        }
        List<?> all = switch (name) {
            case CudnnCode.ATTR_ENGINEHEUR_RESULTS -> (List<?>) d.meaning;
            case CudnnCode.ATTR_ENGINECFG_ENGINE -> List.of(((Choice) d.meaning).engine);
            case CudnnCode.ATTR_ENGINE_NUMERICAL_NOTE -> List.copyOf(((Engine) d.meaning).notes);
            case CudnnCode.ATTR_EXECUTION_PLAN_WORKSPACE_SIZE -> List.of(((Choice) d.meaning).engine.workspace);
            default -> throw new IllegalStateException("attribute " + name);
        };
        count.set(JAVA_LONG, 0, requested == 0 ? all.size() : Math.min(requested, all.size()));
        for (int i = 0; i < Math.min(requested, all.size()); i++) {
            switch (all.get(i)) {
                case Integer n -> values.setAtIndex(JAVA_INT, i, n);
                case Long n -> values.setAtIndex(JAVA_LONG, i, n);
                default -> {
                    Descriptor given = descriptors.get(values.getAtIndex(JAVA_LONG, i));
                    boolean engine = all.get(i) instanceof Engine;
                    if (given == null || given.finished || given.kind != (engine
                            ? CudnnCode.BACKEND_ENGINE_DESCRIPTOR : CudnnCode.BACKEND_ENGINECFG_DESCRIPTOR)) {
                        return CudnnCode.STATUS_BAD_PARAM;
                    }
                    given.meaning = all.get(i);
                    given.finished = true;
                }
            }
        }
        return call("get " + name);
    }

    @Override
    public synchronized int finish(long descriptor) {
        Descriptor d = descriptors.get(descriptor);
        if (d == null || d.finished) {
            return CudnnCode.STATUS_BAD_PARAM;
        }
        int status = call("finish " + d.kind);
        if (status != 0) {
            return status;
        }
        try {
            Object meaning = understand(d);
            if (meaning instanceof Integer failure) {
                return failure;
            }
            d.meaning = meaning;
        } catch (NullPointerException e) {
            // An attribute is missing.
            return CudnnCode.STATUS_BAD_PARAM;
        }
        d.finished = true;
        return 0;
    }

    private Object understand(Descriptor d) {
        return switch (d.kind) {
            case CudnnCode.BACKEND_TENSOR_DESCRIPTOR -> {
                Tensor t = new Tensor(d.one(906), (int) d.one(901), d.values.get(902), d.values.get(903), d.one(900),
                        d.one(907, 0) != 0, d.one(908, 0) != 0);
                yield t.dims.length == t.strides.length && t.dims.length >= 4 ? t : CudnnCode.STATUS_BAD_PARAM;
            }
            case CudnnCode.BACKEND_CONVOLUTION_DESCRIPTOR -> {
                Windows w = new Windows((int) d.one(100), d.values.get(103), d.values.get(105), d.values.get(104),
                        d.values.get(102));
                long n = d.one(106);
                yield d.one(101) == CudnnCode.CROSS_CORRELATION && w.stride().length == n && w.before().length == n
                        && w.after().length == n && w.dilation().length == n ? w : CudnnCode.STATUS_BAD_PARAM;
            }
            case FORWARD -> convolution(d, 700, 2, 704, 703, 705);
            case DATA -> convolution(d, 706, 0, 710, 709, 711);
            case FILTER -> convolution(d, 712, 1, 716, 715, 717);
            case CudnnCode.BACKEND_POINTWISE_DESCRIPTOR -> new int[] {d.one(0, -1), (int) d.one(1), d.one(9, -1)};
            case CudnnCode.BACKEND_MATMUL_DESCRIPTOR ->
                d.one(1500) == CudnnCode.DATA_FLOAT ? "product" : CudnnCode.STATUS_BAD_PARAM;
            case CudnnCode.BACKEND_REDUCTION_DESCRIPTOR -> new int[] {(int) d.one(1600), (int) d.one(1601)};
            case POINTWISE -> {
                int[] f = meaning(int[].class, d, 750);
                yield fitting(new FakeOperations.Pointwise(f[0], f[1], f[2], tensor(d, 751), optional(d, 752),
                        optional(d, 758), tensor(d, 753)));
            }
            case MATMUL -> {
                meaning(String.class, d, 1523);
                yield fitting(new FakeOperations.Product(tensor(d, 1520), tensor(d, 1521), tensor(d, 1522)));
            }
            case REDUCTION -> {
                int[] r = meaning(int[].class, d, 1612);
                yield fitting(new FakeOperations.Reduction(r[0], r[1], tensor(d, 1610), tensor(d, 1611)));
            }
            case RESHAPE -> fitting(new FakeOperations.View(tensor(d, 2200), tensor(d, 2201)));
            case NORM -> fitting(new FakeOperations.Norm((int) d.one(2000), (int) d.one(2001), tensor(d, 2002),
                    tensor(d, 2005), tensor(d, 2006), tensor(d, 2007), tensor(d, 2003), tensor(d, 2004),
                    tensor(d, 2013)));
            case NORM_GRADIENT -> fitting(new FakeOperations.NormGradient((int) d.one(2100), tensor(d, 2101),
                    tensor(d, 2102), tensor(d, 2103), tensor(d, 2104), tensor(d, 2105), tensor(d, 2107),
                    tensor(d, 2108), tensor(d, 2109)));
            case CudnnCode.BACKEND_OPERATIONGRAPH_DESCRIPTOR -> {
                d.one(800);
                yield Arrays.stream(d.values.get(801)).mapToObj(o -> (Operation) meaning(o)).toList();
            }
            case CudnnCode.BACKEND_ENGINEHEUR_DESCRIPTOR -> {
                List<?> ops = meaning(List.class, d, 201);
                yield (d.one(200) == CudnnCode.HEUR_MODE_A ? engines : fallback).stream()
                        .filter(e -> e.fuses || ops.size() == 1)
                        .map(e -> new Choice(ops.stream().map(Operation.class::cast).toList(), e)).toList();
            }
            case CudnnCode.BACKEND_EXECUTION_PLAN_DESCRIPTOR -> {
                d.one(400);
                Choice c = meaning(Choice.class, d, 401);
                yield c.engine.status == 0 ? c : c.engine.status;
            }
            case CudnnCode.BACKEND_VARIANT_PACK_DESCRIPTOR ->
                d.values.get(1000).length == d.values.get(1001).length && d.values.get(1003).length == 1
                        ? d : CudnnCode.STATUS_BAD_PARAM;
            default -> CudnnCode.STATUS_BAD_PARAM;
        };
    }

    private Tensor tensor(Descriptor d, int name) {
        return meaning(Tensor.class, d, name);
    }

    private @Nullable Tensor optional(Descriptor d, int name) {
        return d.values.containsKey(name) ? tensor(d, name) : null;
    }

    private static Object fitting(Operation o) {
        return o.fits() ? o : CudnnCode.STATUS_BAD_PARAM;
    }

    private Object convolution(Descriptor d, int first, int role, int xName, int wName, int yName) {
        return fitting(new FakeOperations.Convolution(role, d.numbers.get(first)[0], d.numbers.get(first + 1)[0],
                tensor(d, xName), tensor(d, wName), tensor(d, yName), meaning(Windows.class, d, first + 2)));
    }

    @Override
    public synchronized int execute(long h, long plan, long variantPack) {
        Descriptor p = descriptors.get(plan);
        Descriptor v = descriptors.get(variantPack);
        int status = call("cudnnBackendExecute");
        if (status != 0 || !handles.contains(h) || p == null || v == null || !p.finished || !v.finished) {
            return status != 0 ? status : CudnnCode.STATUS_BAD_PARAM;
        }
        Choice c = (Choice) p.meaning;
        if (c == null) {
            return CudnnCode.STATUS_BAD_PARAM;
        }
        Map<Long, Long> places = new HashMap<>();
        for (int i = 0; i < v.values.get(1000).length; i++) {
            places.put(v.values.get(1000)[i], v.values.get(1001)[i]);
        }
        if (c.engine.workspace > 0) {
            MemorySegment.ofAddress(v.one(1003)).reinterpret(c.engine.workspace).fill((byte) -1);
        }
        executed.add(c.engine);
        operations.add(c.operations.size());
        HostValues values = new HostValues(places);
        for (Operation o : c.operations) {
            if (!o.tensors().stream().allMatch(values::hasPlace)) {
                return MISALIGNED;
            }
            o.compute(values);
        }
        return 0;
    }
}
