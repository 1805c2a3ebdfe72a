/* Stands in for the CUDA driver where there is none: device memory is host memory, everything is done at once, and
   the one kernel there is, put_numbers, is computed here. For testing the binding, not for computing. */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

typedef unsigned long long u64;
typedef int CUresult;

struct fn { char name[64]; };
struct task { struct fn *f; u64 to; u64 n; u64 v[256]; struct task *next; };
static struct task *captured = NULL;
static int capturing = 0;

CUresult cuInit(unsigned flags) { return flags == 0 ? 0 : 1; }
/* NVRTC asks for it, and does without. */
CUresult cuGetExportTable(const void **table, const void *id) { return 500; }
CUresult cuDriverGetVersion(int *v) { *v = 13000; return 0; }
CUresult cuDeviceGetCount(int *n) { *n = 2; return 0; }
CUresult cuDeviceGet(int *d, int i) { *d = i; return i < 2 ? 0 : 101; }
CUresult cuDeviceGetName(char *s, int n, int d) { snprintf(s, n, "Stand-in %d", d); return 0; }
CUresult cuDeviceTotalMem_v2(size_t *b, int d) { *b = (size_t)6 << 30; return 0; }
CUresult cuDeviceGetAttribute(int *v, int what, int d) {
    switch (what) {
        case 1: *v = 1024; return 0;
        case 8: *v = 49152; return 0;
        case 16: *v = 132; return 0;
        case 75: *v = 9; return 0;
        case 76: *v = 0; return 0;
        case 115: *v = 1; return 0;
        default: return 1;
    }
}
CUresult cuDeviceCanAccessPeer(int *v, int a, int b) { *v = a != b; return 0; }
CUresult cuDevicePrimaryCtxRetain(void **c, int d) { *c = (void *)(u64)(0x1000 + d); return 0; }
static __thread void *current = NULL;
CUresult cuCtxSetCurrent(void *c) { current = c; return 0; }
CUresult cuCtxEnablePeerAccess(void *c, unsigned flags) { return flags == 0 && c != current ? 0 : 1; }
CUresult cuMemGetInfo_v2(size_t *f, size_t *t) { *f = 1; *t = 2; return current ? 0 : 201; }
CUresult cuMemAlloc_v2(u64 *p, size_t n) {
    if (!current) return 201;
    if (n > (size_t)1 << 33) return 2;
    *p = (u64)aligned_alloc(256, (n + 255) / 256 * 256);
    return 0;
}
CUresult cuMemFree_v2(u64 p) { free((void *)p); return 0; }
CUresult cuMemAllocAsync(u64 *p, size_t n, void *s) { return s ? cuMemAlloc_v2(p, n) : 400; }
CUresult cuMemFreeAsync(u64 p, void *s) { return s ? cuMemFree_v2(p) : 400; }
CUresult cuMemHostAlloc(void **p, size_t n, unsigned flags) { *p = malloc(n); return flags == 1 ? 0 : 1; }
CUresult cuMemFreeHost(void *p) { free(p); return 0; }
CUresult cuMemcpyHtoDAsync_v2(u64 d, const void *h, size_t n, void *s) { memcpy((void *)d, h, n); return s ? 0 : 400; }
CUresult cuMemcpyDtoHAsync_v2(void *h, u64 d, size_t n, void *s) { memcpy(h, (void *)d, n); return s ? 0 : 400; }
CUresult cuMemcpyDtoDAsync_v2(u64 d, u64 e, size_t n, void *s) {
    memcpy((void *)d, (void *)e, n);
    return s ? 0 : 400;
}
CUresult cuMemcpyPeerAsync(u64 d, void *dc, u64 e, void *ec, size_t n, void *s) {
    memcpy((void *)d, (void *)e, n);
    return s && dc != ec ? 0 : 400;
}
CUresult cuStreamCreate(void **s, unsigned flags) { *s = malloc(1); return flags == 1 ? 0 : 1; }
CUresult cuStreamSynchronize(void *s) { return s ? 0 : 400; }
CUresult cuStreamWaitEvent(void *s, void *e, unsigned flags) { return s && e && !flags ? 0 : 400; }
CUresult cuEventCreate(void **e, unsigned flags) {
    *e = calloc(1, 2);
    ((char *)*e)[1] = flags == 0;
    return flags == 2 || flags == 0 ? 0 : 1;
}
CUresult cuEventElapsedTime(float *ms, void *a, void *b) {
    *ms = 1.5f;
    return a != b && ((char *)a)[1] && ((char *)b)[1] ? 0 : 400;
}
CUresult cuEventDestroy_v2(void *e) { free(e); return 0; }
CUresult cuEventRecord(void *e, void *s) { return e && s ? 0 : 400; }
CUresult cuEventQuery(void *e) { char *n = e; return (*n)++ == 0 ? 600 : 0; }
CUresult cuEventSynchronize(void *e) { return e ? 0 : 400; }
CUresult cuModuleLoadData(void **m, const void *image) {
    *m = malloc(1);
    return memcmp(image, "\177ELF", 4) == 0 ? 0 : 200;
}
CUresult cuModuleUnload(void *m) { free(m); return 0; }
CUresult cuModuleGetFunction(void **f, void *m, const char *name) {
    struct fn *x = calloc(1, sizeof *x);
    snprintf(x->name, sizeof x->name, "%s", name);
    *f = x;
    return m ? 0 : 400;
}
static void run(struct task *t) {
    if (strcmp(t->f->name, "put_numbers") == 0) memcpy((void *)t->to, t->v, t->n * 8);
}
CUresult cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
        unsigned shared, void *s, void **args, void **extra) {
    if (gy != 1 || gz != 1 || by != 1 || bz != 1 || shared || extra || !s || !args || !current) return 1;
    struct task *t = calloc(1, sizeof *t);
    t->f = f;
    if (strcmp(t->f->name, "put_numbers") == 0) {
        if (gx != 1 || bx != 256) return 1;
        t->to = *(u64 *)args[0];
        memcpy(t->v, args[1], sizeof t->v);
        t->n = *(int *)args[2];
    }
    if (capturing) {
        t->next = captured;
        captured = t;
    } else {
        run(t);
    }
    return 0;
}
CUresult cuStreamBeginCapture_v2(void *s, int mode) { capturing = 1; return s && mode == 1 ? 0 : 1; }
CUresult cuStreamEndCapture(void *s, void **g) { capturing = 0; *g = malloc(1); return 0; }
CUresult cuGraphInstantiateWithFlags(void **e, void *g, u64 flags) { *e = malloc(1); return g && !flags ? 0 : 1; }
CUresult cuGraphDestroy(void *g) { free(g); return 0; }
CUresult cuGraphLaunch(void *e, void *s) {
    for (struct task *t = captured; t; t = t->next) run(t);
    return e && s ? 0 : 400;
}
CUresult cuGraphExecDestroy(void *e) { free(e); return 0; }
