package dev.tenon.kernel;

import dev.tenon.api.DType;
import org.jspecify.annotations.Nullable;

/// The matrix units of an NVIDIA GPU, of which a warp asks the product of two small matrices with one instruction.
///
/// @param capability the device's compute capability, such as 80 for 8.0
/// @param tf32 whether numbers of `F32` may be rounded to TF32 (10 bits of mantissa) to be multiplied there
/// @param tile how products are cut; null for the usual way
public record TensorCores(int capability, boolean tf32, @Nullable MmaTile tile) {
    /// The first generation whose units the kernels here know.
    public static final int FIRST = 75;

    /// Checks the generation.
    public TensorCores {
        if (capability < FIRST) {
            throw new IllegalArgumentException("tensor cores of compute capability " + capability + ": at least "
                    + FIRST);
        }
    }

    /// Those that cut products in the usual way.
    public TensorCores(int capability, boolean tf32) {
        this(capability, tf32, null);
    }

    /// Whether the device copies to shared memory by itself.
    boolean copies() {
        return capability >= 80;
    }

    /// Whether they multiply numbers of a dtype, with sums in `F32`.
    boolean multiply(DType dtype) {
        return switch (dtype) {
            case F16 -> true;
            case BF16 -> capability >= 80;
            case F32 -> tf32 && capability >= 80;
            default -> false;
        };
    }

    /// The helper that multiplies fragments of a dtype.
    static String helper(DType dtype) {
        return switch (dtype) {
            case F16 -> "mma_f16";
            case BF16 -> "mma_bf16";
            default -> "mma_tf32";
        };
    }

    /// The text of a helper function; each `asm` is one instruction. In all of them a fragment is made of words of 32
    /// bits: two numbers of 16 bits that follow each other along the depth, or one of 32. Of a left matrix of 16 rows
    /// and 8 words lane l holds (row l / 4, word l % 4), (row l / 4 + 8, word l % 4) and the same 4 words further on;
    /// of a right one of 8 columns and 8 words (column l / 4, word l % 4) and 4 words further on; of the sums rows
    /// l / 4 and l / 4 + 8 of columns 2 (l % 4) and 2 (l % 4) + 1. That is one `m16n8k16` of 16-bit numbers, or two
    /// `m16n8k8`, or one `m16n8k8` of TF32. Source: PTX ISA, section on `mma` and `ldmatrix`.
    static String text(String helper) {
        return switch (helper) {
            case "mma_f16" -> """
                    DEVICE void mma_f16(f32* c, const u32* a, const u32* b) {
                    #if __CUDA_ARCH__ >= 800
                    %s#else
                    %s%s#endif
                    }
                    """.formatted(mma("m16n8k16", "f16", "0123", "01"), mma("m16n8k8", "f16", "01", "0"),
                    mma("m16n8k8", "f16", "23", "1"));
            case "mma_bf16" -> """
                    DEVICE void mma_bf16(f32* c, const u32* a, const u32* b) {
                    %s}
                    """.formatted(mma("m16n8k16", "bf16", "0123", "01"));
            case "mma_tf32" -> """
                    DEVICE void mma_tf32(f32* c, const u32* a, const u32* b) {
                    %s}
                    """.formatted(mma("m16n8k8", "tf32", "0123", "01"));
            case "tf32_bits" -> """
                    DEVICE u32 tf32_bits(f32 x) {
                        u32 b;
                        asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(b) : "f"(x));
                        return b;
                    }
                    """;
            case "pair_f16" -> """
                    DEVICE u32 pair_f16(f32 low, f32 high) {
                        return (u32)f32_to_f16_(low) | (u32)f32_to_f16_(high) << 16;
                    }
                    """;
            case "pair_bf16" -> """
                    DEVICE u32 pair_bf16(f32 low, f32 high) {
                        return (u32)bf16_bits(low) | (u32)bf16_bits(high) << 16;
                    }
                    """;
            // Four matrices of 8 rows of 4 words, in shared memory; lane l names the beginning of row l % 8 of matrix
            // l / 8, which is aligned to 16 bytes, and is given row l / 4, word l % 4 of each.
            case "load_matrices" -> loadMatrices(helper, "");
            // The same of matrices of 16-bit numbers that lie transposed: rows are then positions along the depth.
            case "load_transposed" -> loadMatrices(helper, ".trans");
            // 16 bytes to shared memory, both aligned so, of which the last ones are zeros where there are fewer to
            // copy. They are there for the thread that asked for them once it has waited, for others after a barrier.
            case "copy_async" -> """
                    DEVICE void copy_async(u32* to, const void* from, int bytes) {
                        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                            : : "r"((u32)__cvta_generic_to_shared(to)), "l"(__cvta_generic_to_global(from)), "r"(bytes)
                            : "memory");
                    }
                    """;
            // What was begun since the last time is one group; of the groups all but the last n are waited for.
            case "commit_copies" -> """
                    #define commit_copies() asm volatile("cp.async.commit_group;" : : : "memory")
                    """;
            case "wait_copies" -> """
                    #define wait_copies(n) asm volatile("cp.async.wait_group %0;" : : "n"(n) : "memory")
                    """;
            default -> throw new IllegalArgumentException(helper);
        };
    }

    private static String loadMatrices(String name, String transposed) {
        return """
                DEVICE void %s(u32* r, const u32* p) {
                    asm volatile("ldmatrix.sync.aligned.m8n8.x4%s.shared.b16 {%%0, %%1, %%2, %%3}, [%%4];"
                        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                        : "r"((u32)__cvta_generic_to_shared(p)) : "memory");
                }
                """.formatted(name, transposed);
    }

    private static String mma(String shape, String type, String a, String b) {
        StringBuilder left = new StringBuilder();
        StringBuilder right = new StringBuilder();
        StringBuilder inputs = new StringBuilder();
        int n = 4;
        for (char i : a.toCharArray()) {
            left.append(left.isEmpty() ? "%" : ", %").append(n++);
            inputs.append(inputs.isEmpty() ? "" : ", ").append("\"r\"(a[").append(i).append("])");
        }
        for (char i : b.toCharArray()) {
            right.append(right.isEmpty() ? "%" : ", %").append(n++);
            inputs.append(", \"r\"(b[").append(i).append("])");
        }
        return "    asm volatile(\"mma.sync.aligned." + shape + ".row.col.f32." + type + "." + type
                + ".f32 {%0, %1, %2, %3}, {" + left + "}, {" + right + "}, {%0, %1, %2, %3};\"\n"
                + "        : \"+f\"(c[0]), \"+f\"(c[1]), \"+f\"(c[2]), \"+f\"(c[3])\n        : " + inputs + ");\n";
    }
}
