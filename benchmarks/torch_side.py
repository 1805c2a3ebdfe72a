#!/usr/bin/env python3
"""PyTorch's side of the benchmarks on a GPU: one line of JSON for each case.

    python3 torch_side.py [--device cuda:0] [--only REGEX] [--seconds 0.5] [--list]

Each line has the case's name, the median and the best time of a run in microseconds, how many runs were timed, and,
where they mean something, TFLOP/s and GB/s. Cases that need what this machine lacks have an "error" instead. On a CPU
the sizes are those for a GPU all the same: choose with --only.
"""
import argparse
import json
import re
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

CASES = {}


def case(name, flops=0, bytes_moved=0):
    def add(make):
        CASES[name] = (make, flops, bytes_moved)
        return make
    return add


def matmul(name, n, dtype, tf32=False):
    @case(name, flops=2 * n ** 3)
    def make(device):
        a = torch.randn(n, n, device=device, dtype=dtype)
        b = torch.randn(n, n, device=device, dtype=dtype)

        def run():
            before = torch.backends.cuda.matmul.allow_tf32
            torch.backends.cuda.matmul.allow_tf32 = tf32
            try:
                return a @ b
            finally:
                torch.backends.cuda.matmul.allow_tf32 = before
        return run


for size in (4096, 8192):
    matmul(f"matmul-f32-{size}", size, torch.float32)
    matmul(f"matmul-tf32-{size}", size, torch.float32, tf32=True)
    matmul(f"matmul-bf16-{size}", size, torch.bfloat16)

N = 1 << 26


def elementwise(name, operands, function):
    @case(name, bytes_moved=4 * N * (operands + 1))
    def make(device):
        x = [torch.randn(N, device=device) for _ in range(operands)]
        return lambda: function(*x)


elementwise("copy", 1, torch.clone)
elementwise("add", 2, torch.add)
elementwise("gelu", 1, F.gelu)


@case("sum", bytes_moved=4 * N)
def sum_all(device):
    x = torch.randn(N, device=device)
    return x.sum


@case("sum-rows", bytes_moved=4 * N)
def sum_rows(device):
    x = torch.randn(N // 1024, 1024, device=device)
    return lambda: x.sum(1)


@case("softmax", bytes_moved=8 * N)
def softmax(device):
    x = torch.randn(N // 1024, 1024, device=device)
    return lambda: x.softmax(1)


@case("layer-norm", bytes_moved=8 * N)
def layer_norm(device):
    x = torch.randn(N // 1024, 1024, device=device)
    w, b = torch.ones(1024, device=device), torch.zeros(1024, device=device)
    return lambda: F.layer_norm(x, (1024,), w, b)


# Images, channels in, filters, side, kernel, stride: the shapes of a ResNet-50.
SHAPES = [(32, 3, 64, 224, 7, 2), (32, 64, 64, 56, 1, 1), (32, 64, 64, 56, 3, 1), (32, 64, 256, 56, 1, 1),
          (32, 128, 128, 28, 3, 1), (32, 256, 256, 14, 3, 1), (32, 512, 512, 7, 3, 1), (32, 1024, 2048, 14, 1, 2)]


def convolution(images, channels, filters, side, kernel, stride, backward):
    out = (side + 2 * (kernel // 2) - kernel) // stride + 1
    flops = 2 * images * filters * out * out * channels * kernel * kernel * (2 if backward else 1)
    name = f"conv-{channels}-{filters}-{side}-k{kernel}-s{stride}-{'backward' if backward else 'forward'}"

    @case(name, flops=flops)
    def make(device):
        x = torch.randn(images, channels, side, side, device=device, requires_grad=backward)
        w = torch.randn(filters, channels, kernel, kernel, device=device, requires_grad=backward)
        if not backward:
            return lambda: F.conv2d(x, w, stride=stride, padding=kernel // 2)
        y = F.conv2d(x, w, stride=stride, padding=kernel // 2)
        g = torch.randn_like(y)
        return lambda: torch.autograd.grad(y, (x, w), g, retain_graph=True)


for shape in SHAPES:
    for back in (False, True):
        convolution(*shape, back)


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
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet5():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                         nn.Linear(84, 10))


def transformer():
    layer = nn.TransformerEncoderLayer(256, 4, 1024, 0.0, "gelu", batch_first=True, norm_first=True)
    return nn.Sequential(nn.TransformerEncoder(layer, 4, enable_nested_tensor=False), nn.Linear(256, 10))


STEPS = {"mlp": (mlp, (64, 784), (64,)), "lenet5": (lenet5, (64, 1, 28, 28), (64,)),
         "resnet18": (resnet18, (128, 3, 32, 32), (128,)), "transformer": (transformer, (16, 128, 256), (16, 128))}


def training_step(name, how):
    build, shape, labels = STEPS[name]

    @case(f"step-{name}-{how}")
    def make(device):
        model = build().to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
        x = torch.randn(shape, device=device)
        y = torch.randint(0, 10, labels, device=device)
        call = torch.compile(model) if how == "compiled" else model

        def run():
            optimizer.zero_grad(set_to_none=how != "graph")
            loss = F.cross_entropy(call(x).flatten(0, -2), y.flatten())
            loss.backward()
            optimizer.step()
            return loss

        if how != "graph":
            return run
        # As PyTorch's manual has it: some steps on a stream of their own, then the capture.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                run()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run()
        return graph.replay


for model_name in STEPS:
    for way in ("eager", "compiled", "graph"):
        training_step(model_name, way)


@case("copy-to-device", bytes_moved=256 << 20)
def upload(device):
    host = torch.empty(64 << 20, pin_memory=device.type == "cuda")
    there = torch.empty(64 << 20, device=device)
    return lambda: there.copy_(host, non_blocking=True)


@case("copy-to-device-overlapped")
def overlapped(device):
    """A product while a copy is under way: close to the longer of both alone if they overlap."""
    host = torch.empty(16 << 20, pin_memory=True)
    there = torch.empty(16 << 20, device=device)
    a = torch.randn(4096, 4096, device=device)
    copies = torch.cuda.Stream()

    def run():
        with torch.cuda.stream(copies):
            there.copy_(host, non_blocking=True)
        a @ a
        torch.cuda.current_stream().wait_stream(copies)
    return run


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure(run, device, seconds):
    """Times runs one by one by the device's own clock, after a warm-up of as long."""
    end = time.perf_counter() + seconds
    while True:
        run()
        synchronize(device)
        if time.perf_counter() > end:
            break
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        if device.type == "cuda":
            first, last = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            first.record()
            run()
            last.record()
            last.synchronize()
            times.append(first.elapsed_time(last) / 1e3)
        else:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--only", default="", help="only cases whose name has a match of this expression")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each case, after as long a warm-up")
    parser.add_argument("--list", action="store_true", help="print the names of all cases, and end")
    args = parser.parse_args()
    wanted = {k: v for k, v in CASES.items() if re.search(args.only, k)}
    if args.list:
        print("\n".join(wanted))
        return 0
    device = torch.device(args.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    print(json.dumps({"torch": torch.__version__, "device": name, "cuda": torch.version.cuda}), flush=True)
    for key, (make, flops, bytes_moved) in wanted.items():
        line = {"case": key}
        try:
            torch.manual_seed(1)
            times = measure(make(device), device, args.seconds)
            median = statistics.median(times)
            line.update(median_us=round(median * 1e6, 2), best_us=round(min(times) * 1e6, 2), runs=len(times))
            if flops:
                line["tflops"] = round(flops / median / 1e12, 3)
            if bytes_moved:
                line["gb_per_s"] = round(bytes_moved / median / 1e9, 1)
        # Whatever a case lacks here (torch.compile, Triton, pinned memory): the others go on.
        except Exception as e:
            line["error"] = str(e).splitlines()[0] if str(e) else type(e).__name__
        print(json.dumps(line), flush=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return 0


if __name__ == "__main__":
    sys.exit(main())
