#!/usr/bin/env python3
"""PyTorch's side of the benchmarks: the cases of `tenon bench`, by the same names.

    ./tenon bench --device cuda:0 --against torch            both sides, in turn, in one table
    python3 torch_side.py --device cuda:0 matmul/4096x4096x4096 step-mlp-captured
                                                             these alone, one line of JSON each

With --serve it reads lines `name warmUpSeconds seconds` and answers each with one line: `time medianNanos bestNanos
samples peakKilobytes`, `none` or `error text`; `machine` with `machine flops bytes`.

A run is a call; after some calls the device is waited for, as on Tenon's side. Training steps whose name ends with
`-captured` are run as --steps says: `eager`, `compile` (torch.compile) or `graph` (recorded as a CUDA graph).
"""
import argparse
import gc
import json
import math
import os
import re
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

SAMPLE_SECONDS = 0.003
LEAST_SAMPLES = 5
KINDS = {}


def kind(*names):
    def add(make):
        for name in names:
            KINDS[name] = make
        return make
    return add


class Side:
    def __init__(self, device, steps, threads):
        self.device = torch.device(device)
        self.steps = steps
        # Of one thread the processor time counts, as on Tenon's side.
        self.clock = time.thread_time if threads == 1 else time.perf_counter
        if self.device.type == "cpu":
            torch.set_num_threads(threads)

    def describe(self):
        where = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" \
            else f"{torch.get_num_threads()} threads"
        return f"PyTorch {torch.__version__} on {self.device}, {where}, training steps {self.steps}"

    def random(self, *dims, dtype=torch.float32):
        return torch.randn(*dims, device=self.device).to(dtype)

    def image(self, *dims):
        """On a processor channels last, with which PyTorch is fastest there."""
        x = self.random(*dims)
        return x.contiguous(memory_format=torch.channels_last) if self.device.type == "cpu" else x

    def prepare(self, name):
        """The case, or None where this side has no such thing."""
        head, _, sizes = name.partition("/")
        if self.steps != "eager" and not head.endswith("-captured"):
            # The eager side has it.
            return None
        if self.steps == "compile" and not hasattr(torch, "compile"):
            return None
        make = KINDS.get(head)
        return make(self, head, [number(s) for s in sizes.split("x")] if sizes else []) if make else None

    def finish(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def machine(self):
        n, elements = 2048, 32 << 20
        product = measure(self, self.prepare(f"matmul/{n}x{n}x{n}"), 0.5, 0.5)[0]
        copy = measure(self, self.prepare("copy/32M"), 0.5, 0.5)[0]
        return 2 * n ** 3 / product, 8 * elements / copy


def number(size):
    return int(size[:-1]) << {"M": 20, "K": 10}[size[-1]] if size[-1] in "MK" else int(size)


@kind("matmul", "matmul-tf32", "matmul-bf16")
def matmul(side, name, d):
    dtype = torch.bfloat16 if name == "matmul-bf16" else torch.float32
    a, b = side.random(d[0], d[1], dtype=dtype), side.random(d[1], d[2], dtype=dtype)
    tf32 = name == "matmul-tf32"

    def run():
        torch.backends.cuda.matmul.allow_tf32 = tf32
        return a @ b
    return run


@kind("bmm")
def bmm(side, _, d):
    a, b = side.random(d[0], d[1], d[2]), side.random(d[0], d[2], d[3])
    return lambda: torch.bmm(a, b)


UNARY = {"copy": torch.clone, "relu": torch.relu, "gelu": F.gelu, "exp": torch.exp, "tanh": torch.tanh,
         "sigmoid": torch.sigmoid, "sum": torch.sum}


@kind(*UNARY)
def unary(side, name, d):
    x, function = side.random(d[0]), UNARY[name]
    return lambda: function(x)


@kind("add", "add-into", "tiny-add", "tiny-add-grad")
def add(side, name, d):
    n = d[0] if d else 1
    a, b = side.random(n), side.random(n)
    if name == "add-into":
        b.zero_()
        return lambda: a.add_(b)
    if name == "tiny-add-grad":
        a.requires_grad_(True)
    return lambda: a + b


ROWS = {"sum-rows": lambda x: x.sum(1), "softmax": lambda x: x.softmax(1)}


@kind(*ROWS)
def rows(side, name, d):
    x, function = side.random(d[0] // 1024, 1024), ROWS[name]
    return lambda: function(x)


@kind("softmax-rows")
def softmax_rows(side, _, d):
    x = side.random(d[0], d[1])
    return lambda: x.softmax(1)


@kind("add-row", "layer-norm")
def with_row(side, name, d):
    x, w, b = side.random(d[0] // 1024, 1024), side.random(1024), side.random(1024)
    return (lambda: x + w) if name == "add-row" else lambda: F.layer_norm(x, (1024,), w, b)


SQUARE = {"mean-dim0": lambda x: x.mean(0), "argmax": lambda x: x.argmax(1), "cumsum": lambda x: x.cumsum(1),
          "transpose": lambda x: x.t().contiguous()}


@kind(*SQUARE)
def square(side, name, d):
    n = math.isqrt(d[0])
    x, function = side.random(n, n), SQUARE[name]
    return lambda: function(x)


@kind("conv-forward", "conv-train", "conv-backward-data", "conv-backward-weights")
def convolution(side, name, d):
    images, channels, size, filters, k, stride, padding, groups = d
    x, w = side.image(images, channels, size, size), side.image(filters, channels // groups, k, k)
    if name == "conv-forward":
        return lambda: F.conv2d(x, w, None, stride, padding, 1, groups)
    up = torch.ones_like(F.conv2d(x, w, None, stride, padding, 1, groups))
    if name != "conv-train":
        which = [name == "conv-backward-data", name == "conv-backward-weights", False]
        return lambda: torch.ops.aten.convolution_backward(
            up, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, which)
    x.requires_grad_(True)
    w.requires_grad_(True)

    def run():
        F.conv2d(x, w, None, stride, padding, 1, groups).backward(up)
        x.grad = w.grad = None
    return run


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.a = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.b = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.na, self.nb = nn.BatchNorm2d(o), nn.BatchNorm2d(o)
        self.short = nn.Sequential() if stride == 1 and i == o else nn.Sequential(
            nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        return F.relu(self.nb(self.b(F.relu(self.na(self.a(x))))) + self.short(x))


def resnet18():
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    width = 64
    for out, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(width, out, stride), Block(out, out, 1)]
        width = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))


def lenet5():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                         nn.Linear(84, 10))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(1000, 256), nn.Embedding(128, 256)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(256, 4, 1024, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(4))
        self.norm, self.head = nn.LayerNorm(256), nn.Linear(256, 1000, bias=False)
        self.register_buffer("mask", torch.full((128, 128), -math.inf).triu(1))
        self.register_buffer("at", torch.arange(128))

    def forward(self, index):
        x = self.tokens(index) + self.positions(self.at)
        for block in self.blocks:
            x = block(x, self.mask)
        return self.head(self.norm(x)).flatten(0, 1)


def momentum(parameters, graph):
    return torch.optim.SGD(parameters, lr=1e-3, momentum=0.9)


def adam(parameters, graph):
    return torch.optim.Adam(parameters, lr=1e-3, **({"capturable": True} if graph else {}))


def adam_w(parameters, graph):
    return torch.optim.AdamW(parameters, lr=1e-4, **({"capturable": True} if graph else {}))


# Model, optimiser, the shape of a batch (None for tokens), classes.
STEPS = {"step-mlp": (mlp, adam, (128, 784), 10), "step-lenet5": (lenet5, momentum, (64, 1, 28, 28), 10),
         "step-resnet18": (resnet18, momentum, (32, 3, 32, 32), 10), "step-gpt": (Gpt, adam_w, None, 1000)}


@kind(*STEPS, *(name + "-captured" for name in STEPS))
def training_step(side, name, d):
    build, optimize, shape, classes = STEPS[name.replace("-captured", "")]
    how = side.steps if name.endswith("-captured") else "eager"
    model = build().to(side.device)
    if shape is None:
        x = torch.randint(0, classes, (8, 128), device=side.device)
        y = torch.randint(0, classes, (8 * 128,), device=side.device)
    else:
        shape = (d[0], *shape[1:]) if d else shape
        x = side.image(*shape) if len(shape) == 4 else side.random(*shape)
        y = torch.randint(0, classes, shape[:1], device=side.device)
    if len(x.shape) == 4 and side.device.type == "cpu":
        model = model.to(memory_format=torch.channels_last)
    optimizer = optimize(model.parameters(), how == "graph")
    call = torch.compile(model) if how == "compile" else model

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(call(x), y)
        loss.backward()
        optimizer.step()
        return loss

    if how != "graph":
        return run
    # As PyTorch's manual has it: some steps on a stream of their own, then the capture.
    warm = torch.cuda.Stream()
    warm.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(warm):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(warm)
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad(set_to_none=True)
    with torch.cuda.graph(graph):
        run()
    return graph.replay


@kind("upload", "upload-product", "upload-beside-product")
def upload(side, name, d):
    """A copy of pinned memory on a stream of its own, a product on the usual one, or both."""
    cuda = side.device.type == "cuda"
    host = torch.zeros(d[1] << 18, pin_memory=cuda)
    there = torch.empty(d[1] << 18, device=side.device)
    a, b = side.random(d[0], d[0]), side.random(d[0], d[0])
    stream = torch.cuda.Stream() if cuda else None
    computes, copies = name != "upload", name != "upload-product"

    def run():
        torch.backends.cuda.matmul.allow_tf32 = False
        if computes:
            a @ b
        if copies and stream:
            with torch.cuda.stream(stream):
                there.copy_(host, non_blocking=True)
            torch.cuda.current_stream().wait_stream(stream)
        elif copies:
            there.copy_(host)
    return run


class Bytes(Dataset):
    """Images of bytes as normalised floats, a whole batch at once."""
    def __init__(self, pixels):
        g = torch.Generator().manual_seed(1)
        self.x = torch.randint(0, 256, (4096, 1, math.isqrt(pixels), math.isqrt(pixels)), dtype=torch.uint8,
                               generator=g)
        self.y = torch.randint(0, 10, (4096,), generator=g)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, indices):
        return (self.x[indices].float() / 255 - 0.1307) / 0.3081, self.y[indices]


@kind("loader")
def loader(side, _, d):
    """In the process itself: workers' answers cost more than they save here."""
    data = Bytes(d[1])
    batches = DataLoader(data, batch_size=None, sampler=BatchSampler(RandomSampler(data), d[0], False))

    def run():
        for x, y in batches:
            x.to(side.device), y.to(side.device)
    return run


def once(side, run, runs):
    start = side.clock()
    for _ in range(runs):
        run()
    side.finish()
    return side.clock() - start


def measure(side, run, warm_up, seconds):
    """Median and best seconds of a run, and the number of samples."""
    end = time.perf_counter() + warm_up
    while True:
        once(side, run, 1)
        if time.perf_counter() >= end:
            break
    runs = 1
    took = once(side, run, 1)
    while took < SAMPLE_SECONDS:
        runs = max(runs + 1, int(runs * 1.2 * SAMPLE_SECONDS / max(took, 1e-9)))
        took = once(side, run, runs)
    samples = []
    end = time.perf_counter() + seconds
    while len(samples) < LEAST_SAMPLES or time.perf_counter() < end:
        samples.append(once(side, run, runs) / runs)
    return statistics.median(samples), min(samples), len(samples)


def said(e):
    return re.sub(r"\s+", " ", str(e))[:300] or type(e).__name__


def serve(side, answers):
    """A case stays prepared until another is asked for."""
    print(side.describe(), file=answers, flush=True)
    prepared, run = None, None
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "machine":
                answer = "machine %.4g %.4g" % side.machine()
            else:
                if words[0] != prepared:
                    run = None
                    gc.collect()
                    if side.device.type == "cuda":
                        torch.cuda.empty_cache()
                    prepared = words[0]
                    torch.manual_seed(1)
                    run = side.prepare(prepared)
                if run is None:
                    answer = "none"
                else:
                    median, best, samples = measure(side, run, float(words[1]), float(words[2]))
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                    answer = f"time {median * 1e9:.1f} {best * 1e9:.1f} {samples} {peak}"
        # Whatever a case lacks here (torch.compile, a stream, memory): the others go on.
        except Exception as e:
            prepared, run = None, None
            answer = "error " + said(e)
        print(answer, file=answers, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--steps", default="eager", choices=("eager", "compile", "graph"))
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="on a processor")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each case, after as long a warm-up")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("case", nargs="*")
    args = parser.parse_args()
    side = Side(args.device, args.steps, args.threads)
    if args.serve:
        # What libraries print goes to the other stream.
        answers, sys.stdout = sys.stdout, sys.stderr
        serve(side, answers)
        return 0
    print(side.describe())
    for case in args.case:
        run = side.prepare(case)
        if run is None:
            print(json.dumps({"case": case, "error": "no such case here"}))
            continue
        median, best, samples = measure(side, run, args.seconds, args.seconds)
        print(json.dumps({"case": case, "median_us": median * 1e6, "best_us": best * 1e6, "samples": samples}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
