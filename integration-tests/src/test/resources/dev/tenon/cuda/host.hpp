// What CUDA C++ needs to run on a processor: a coroutine for each thread of a block, one block after the other. All run
// in one thread, in turn, from one barrier to the next.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>

using namespace std;

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(n)
#define __align__(n) __attribute__((aligned(n)))

struct Index { unsigned x; };
static Index threadIdx, blockIdx, blockDim;

static const int MOST = 1024, STACK = 128 << 10;
static ucontext_t scheduler, threads_[MOST];
static char* stacks;
static bool ended[MOST];
// How many of a block, and of a warp, have come to their barrier, and how often it has opened.
static int came, open_, running, warp_came[MOST / 32], warp_open[MOST / 32], warp_running[MOST / 32];
static bool moved;

static void yield_() {
    int i = threadIdx.x;
    swapcontext(&threads_[i], &scheduler);
    threadIdx.x = i;
}

// Who has ended is not waited for.
static void arrive(int& came, int& opened, int running) {
    if (came == running && running > 0) {
        came = 0;
        opened++;
        moved = true;
    }
}

static void wait_at(int& came, int& opened, int& running) {
    int seen = opened;
    came++;
    moved = true;
    arrive(came, opened, running);
    while (opened == seen) {
        yield_();
    }
}

static void __syncthreads() { wait_at(came, open_, running); }

static void __syncwarp() {
    int w = threadIdx.x / 32;
    wait_at(warp_came[w], warp_open[w], warp_running[w]);
}

// Copies to shared memory that a thread has begun: nothing has arrived before it waits for them, and what was there is
// gone at once.
struct Copy { char* to; char bytes[16]; int group; };
static const int COPIES = 256;
static Copy copies[MOST][COPIES];
static int copying[MOST], copy_group[MOST];

static void (*entry_)(void*);
static void* closure_;

static void thread_() {
    int i = threadIdx.x;
    entry_(closure_);
    ended[i] = true;
    moved = true;
    arrive(came, open_, --running);
    arrive(warp_came[i / 32], warp_open[i / 32], --warp_running[i / 32]);
    threadIdx.x = i;
}

template <typename K> static void run_blocks(int groups, int threads, K kernel) {
    stacks = (char*)malloc((size_t)threads * STACK);
    entry_ = [](void* k) { (*(K*)k)(); };
    closure_ = &kernel;
    blockDim.x = threads;
    for (int g = 0; g < groups; g++) {
        blockIdx.x = g;
        came = 0;
        running = threads;
        for (int t = 0; t < threads; t++) {
            ended[t] = false;
            copying[t] = 0;
            warp_came[t / 32] = 0;
            warp_running[t / 32] = t % 32 + 1;
            getcontext(&threads_[t]);
            threads_[t].uc_stack.ss_sp = stacks + (size_t)t * STACK;
            threads_[t].uc_stack.ss_size = STACK;
            threads_[t].uc_link = &scheduler;
            makecontext(&threads_[t], thread_, 0);
        }
        while (running > 0) {
            moved = false;
            for (int t = 0; t < threads; t++) {
                if (!ended[t]) {
                    threadIdx.x = t;
                    swapcontext(&scheduler, &threads_[t]);
                }
            }
            if (!moved) {
                fprintf(stderr, "threads of block %d wait at different barriers\n", g);
                abort();
            }
        }
    }
    free(stacks);
}

// What the lanes of a warp give each other.
static unsigned long long given[MOST][4];

template <typename T> static T __shfl_down_sync(unsigned mask, T x, int n) {
    unsigned i = threadIdx.x;
    memcpy(&given[i], &x, sizeof(T));
    __syncwarp();
    T y;
    memcpy(&y, &given[i % 32 + n < 32 ? i + n : i], sizeof(T));
    __syncwarp();
    return y;
}

template <typename T, typename F> static T bits(F x) {
    T y;
    memcpy(&y, &x, sizeof(T));
    return y;
}
#define __float_as_uint(x) bits<unsigned>(x)
#define __uint_as_float(x) bits<float>(x)
#define __double_as_longlong(x) bits<long long>(x)
#define __longlong_as_double(x) bits<double>(x)

// Instructions of PTX, under their names. Numbers of 16 bits by hand: the processor may know none.
static float half_value(unsigned short h) {
    int e = h >> 10 & 31, m = h & 1023;
    float v = e == 31 ? (m ? NAN : INFINITY) : ldexp(e ? m + 1024 : m, (e ? e : 1) - 25);
    return h & 0x8000 ? -v : v;
}
static float bfloat_value(unsigned short h) { return bits<float>((unsigned)h << 16); }
static void cvt_f32_f16(float& x, unsigned short h) { x = half_value(h); }
static void cvt_rn_f16_f32(unsigned short& h, float x) {
    unsigned short s = bits<unsigned>(x) >> 16 & 0x8000;
    float a = fabs(x);
    if (x != x) {
        h = 0x7fff;
    } else if (a >= 65520) {
        h = s | 0x7c00;
    } else {
        int e = max(a == 0 ? -14 : ilogb(a), -14);
        // Carries from the mantissa run over into the exponent.
        h = s | ((e + 14 << 10) + (int)nearbyint(ldexp(a, 10 - e)));
    }
}
static void cvt_rn_bf16_f32(unsigned short& h, float x) {
    unsigned b = bits<unsigned>(x);
    h = x != x ? 0x7fff : b + 0x7fff + (b >> 16 & 1) >> 16;
}
// To nearest, ties away from zero; the 13 bits below are zeros.
static void cvt_rna_tf32_f32(unsigned& b, float x) {
    unsigned y = bits<unsigned>(x);
    b = x - x == 0 ? y + 0x1000 & ~0x1fffu : x != x ? 0x7fffffff : y;
}

// Addresses in shared memory have 32 bits: the distance from something that lies there too.
static char shared_[16];
static unsigned __cvta_generic_to_shared(const void* p) { return (unsigned)((const char*)p - shared_); }
static const void* __cvta_generic_to_global(const void* p) { return p; }

static void aligned_16(const void* p, const char* what) {
    if ((unsigned long)p & 15) {
        fprintf(stderr, "%s: an address that is not aligned to 16 bytes\n", what);
        abort();
    }
}

// Lanes 8 i to 8 i + 7 give the addresses of the 8 rows of matrix i. Lane l gets of each matrix the elements 2 (l % 4)
// and 2 (l % 4) + 1 of row l / 4.
static void ldmatrix_sync_aligned_m8n8_x4_shared_b16(unsigned& r0, unsigned& r1, unsigned& r2, unsigned& r3,
        unsigned at) {
    int i = threadIdx.x, warp = i / 32 * 32, l = i % 32;
    aligned_16(shared_ + (int)at, "ldmatrix");
    given[i][0] = at;
    __syncwarp();
    unsigned* to[] = {&r0, &r1, &r2, &r3};
    for (int m = 0; m < 4; m++) {
        memcpy(to[m], shared_ + (int)given[warp + m * 8 + l / 4][0] + l % 4 * 4, 4);
    }
    __syncwarp();
}
// The same of the transposed matrices: of each the elements l / 4 of rows 2 (l % 4) and 2 (l % 4) + 1.
static void ldmatrix_sync_aligned_m8n8_x4_trans_shared_b16(unsigned& r0, unsigned& r1, unsigned& r2, unsigned& r3,
        unsigned at) {
    int i = threadIdx.x, warp = i / 32 * 32, l = i % 32;
    aligned_16(shared_ + (int)at, "ldmatrix");
    given[i][0] = at;
    __syncwarp();
    unsigned* to[] = {&r0, &r1, &r2, &r3};
    for (int m = 0; m < 4; m++) {
        for (int e = 0; e < 2; e++) {
            memcpy((char*)to[m] + e * 2, shared_ + (int)given[warp + m * 8 + l % 4 * 2 + e][0] + l / 4 * 2, 2);
        }
    }
    __syncwarp();
}

static void cp_async_cg_shared_global(unsigned to, const void* from, int bytes) {
    int i = threadIdx.x;
    char* there = shared_ + (int)to;
    aligned_16(there, "cp.async to");
    aligned_16(from, "cp.async from");
    if (bytes < 0 || bytes > 16 || copying[i] == COPIES) {
        fprintf(stderr, "cp.async: %d bytes, %d copies not waited for\n", bytes, copying[i]);
        abort();
    }
    Copy& c = copies[i][copying[i]++];
    c.to = there;
    c.group = copy_group[i];
    memset(c.bytes, 0, 16);
    memcpy(c.bytes, from, bytes);
    memset(there, 0xff, 16);
}
static void cp_async_commit_group() { copy_group[threadIdx.x]++; }
// Of the groups all but the last n have arrived.
static void cp_async_wait_group(int n) {
    int i = threadIdx.x, left = 0;
    for (int k = 0; k < copying[i]; k++) {
        Copy& c = copies[i][k];
        if (c.group < copy_group[i] - n) {
            memcpy(c.to, c.bytes, 16);
        } else {
            copies[i][left++] = c;
        }
    }
    copying[i] = left;
}

// d += a b of a warp. Element i of a lane's fragments, of n bits, is in word i n / 32; where it lies in its matrix is
// written as the PTX ISA has it, with the group and the thread in it.
template <typename A, typename Row, typename Column, typename RowB>
static void mma(float* d, const unsigned* a, int na, const unsigned* b, int nb, int deep, A element, Row rowOfA,
        Column columnOfA, RowB rowOfB) {
    static float left[MOST / 32][16][16], right[MOST / 32][16][8];
    int w = threadIdx.x / 32, group = threadIdx.x % 32 >> 2, thread = threadIdx.x % 4;
    for (int i = 0; i < na; i++) {
        left[w][rowOfA(i, group)][columnOfA(i, thread)] = element(a, i);
    }
    for (int i = 0; i < nb; i++) {
        right[w][rowOfB(i, thread)][group] = element(b, i);
    }
    __syncwarp();
    for (int i = 0; i < 4; i++) {
        int row = i < 2 ? group : group + 8, column = thread * 2 + (i & 1);
        double sum = d[i];
        for (int k = 0; k < deep; k++) {
            sum += (double)left[w][row][k] * right[w][k][column];
        }
        d[i] = sum;
    }
    __syncwarp();
}
static float half_at(const unsigned* r, int i) { return half_value(r[i / 2] >> i % 2 * 16); }
static float bfloat_at(const unsigned* r, int i) { return bfloat_value(r[i / 2] >> i % 2 * 16); }
// The units read 19 bits.
static float tf32_at(const unsigned* r, int i) { return bits<float>(r[i] & ~0x1fffu); }

template <typename E> static void mma_deep(float* d, const unsigned* a, const unsigned* b, E element) {
    mma(d, a, 8, b, 4, 16, element, [](int i, int g) { return i < 2 || i >= 4 && i < 6 ? g : g + 8; },
        [](int i, int t) { return i < 4 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8; },
        [](int i, int t) { return i < 2 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8; });
}
#define WARP_SUMS float &d0, float &d1, float &d2, float &d3
#define IN_SUMS float c0, float c1, float c2, float c3
#define COMPUTE(call) float d[] = {c0, c1, c2, c3}; call; d0 = d[0]; d1 = d[1]; d2 = d[2]; d3 = d[3];
static void mma_sync_aligned_m16n8k16_row_col_f32_f16_f16_f32(WARP_SUMS, unsigned a0, unsigned a1, unsigned a2,
        unsigned a3, unsigned b0, unsigned b1, IN_SUMS) {
    unsigned a[] = {a0, a1, a2, a3}, b[] = {b0, b1};
    COMPUTE(mma_deep(d, a, b, half_at))
}
static void mma_sync_aligned_m16n8k16_row_col_f32_bf16_bf16_f32(WARP_SUMS, unsigned a0, unsigned a1, unsigned a2,
        unsigned a3, unsigned b0, unsigned b1, IN_SUMS) {
    unsigned a[] = {a0, a1, a2, a3}, b[] = {b0, b1};
    COMPUTE(mma_deep(d, a, b, bfloat_at))
}
static void mma_sync_aligned_m16n8k8_row_col_f32_f16_f16_f32(WARP_SUMS, unsigned a0, unsigned a1, unsigned b0,
        IN_SUMS) {
    unsigned a[] = {a0, a1}, b[] = {b0};
    COMPUTE(mma(d, a, 4, b, 2, 8, half_at, [](int i, int g) { return i < 2 ? g : g + 8; },
        [](int i, int t) { return t * 2 + (i & 1); }, [](int i, int t) { return t * 2 + (i & 1); }))
}
static void mma_sync_aligned_m16n8k8_row_col_f32_tf32_tf32_f32(WARP_SUMS, unsigned a0, unsigned a1, unsigned a2,
        unsigned a3, unsigned b0, unsigned b1, IN_SUMS) {
    unsigned a[] = {a0, a1, a2, a3}, b[] = {b0, b1};
    COMPUTE(mma(d, a, 4, b, 2, 8, tf32_at, [](int i, int g) { return i == 0 || i == 2 ? g : g + 8; },
        [](int i, int t) { return i < 2 ? t : t + 4; }, [](int i, int t) { return i == 0 ? t : t + 4; }))
}
