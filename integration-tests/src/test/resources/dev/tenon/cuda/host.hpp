// What CUDA C++ needs to run on a processor: a thread for each thread of a block, one block after the other.
#include <barrier>
#include <cmath>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

using namespace std;

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(n)
#define __align__(n) alignas(n)

struct Index { unsigned x; };
static thread_local Index threadIdx, blockIdx, blockDim;
static unique_ptr<barrier<>> block;
static vector<unique_ptr<barrier<>>> warps;
static unsigned long long lanes[1024];

static void __syncthreads() { block->arrive_and_wait(); }

template <typename T> static T __shfl_down_sync(unsigned mask, T x, int n) {
    unsigned i = threadIdx.x;
    memcpy(&lanes[i], &x, sizeof(T));
    warps[i / 32]->arrive_and_wait();
    T y;
    memcpy(&y, &lanes[i % 32 + n < 32 ? i + n : i], sizeof(T));
    warps[i / 32]->arrive_and_wait();
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

template <typename K> static void run_blocks(int groups, int threads, K kernel) {
    for (int g = 0; g < groups; g++) {
        block = make_unique<barrier<>>(threads);
        warps.clear();
        for (int w = 0; w < threads; w += 32) {
            warps.push_back(make_unique<barrier<>>(min(32, threads - w)));
        }
        vector<thread> all;
        for (int t = 0; t < threads; t++) {
            all.emplace_back([=] {
                threadIdx.x = t;
                blockIdx.x = g;
                blockDim.x = threads;
                kernel();
                // Who has ended is not waited for.
                block->arrive_and_drop();
                warps[t / 32]->arrive_and_drop();
            });
        }
        for (auto& t : all) {
            t.join();
        }
    }
}
