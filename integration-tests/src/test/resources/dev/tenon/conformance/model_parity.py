#!/usr/bin/python3
"""What PyTorch computes with the networks of the model zoo: reference data for ModelParityTest and ModelZooTest.

  model_parity.py data FOLDER [--seed N] [--size N] [--batch N] [--classes N] [MODEL...]
      one folder per model: state.safetensors, state.pt, input.npy, labels.npy, output.npy, expected.json
  model_parity.py names FILE      names and shapes of every state dict, as a hash, and the number of parameters
  model_parity.py init FILE       how the parameters of some models start: mean, deviation, largest value

Needs torch and torchvision (Debian: python3-torch, python3-torchvision). The networks that torchvision does not have are
written down here in PyTorch, from the papers.
"""
import argparse
import hashlib
import json
import math
import os
import struct
import warnings

import numpy
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

warnings.filterwarnings("ignore")


# --- networks that torchvision does not have

class LeNet5(nn.Module):
    """LeCun et al. 1998 with all maps connected; the modern variant has ReLU and max-pooling."""

    def __init__(self, classes, modern=False):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)
        self.act = F.relu if modern else torch.tanh
        self.pool = F.max_pool2d if modern else F.avg_pool2d

    def forward(self, x):
        x = self.pool(self.act(self.conv1(x)), 2)
        x = self.pool(self.act(self.conv2(x)), 2).flatten(1)
        return self.fc3(self.act(self.fc2(self.act(self.fc1(x)))))


class PlainBlock(nn.Module):
    """He et al. 2016, section 4.2: two convolutions; the shortcut is parameter-free (option A)."""

    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.stride, self.added = stride, outside - inside

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.added:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.added // 2, self.added // 2))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        n = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        inside = 16
        for i, outside in enumerate((16, 32, 64)):
            blocks = []
            for k in range(n):
                blocks.append(PlainBlock(inside, outside, 2 if i and not k else 1))
                inside = outside
            setattr(self, "layer%d" % (i + 1), nn.Sequential(*blocks))
        self.fc = nn.Linear(64, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def resnet18_cifar(classes):
    net = torchvision.models.resnet18(num_classes=classes)
    net.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
    net.maxpool = nn.Identity()
    return net


def densenet_cifar(depth, classes, growth=12):
    """Huang et al. 2017: DenseNet-BC, three blocks, no pooling at the start."""
    from torchvision.models import densenet
    layers = (depth - 4) // 6
    net = densenet.DenseNet(growth, (layers,) * 3, 2 * growth, num_classes=classes)
    features = [("conv0", nn.Conv2d(3, 2 * growth, 3, 1, 1, bias=False))]
    features += [(n, m) for n, m in net.features.named_children() if n not in ("conv0", "norm0", "relu0", "pool0")]
    net.features = nn.Sequential()
    for n, m in features:
        net.features.add_module(n, m)
    nn.init.kaiming_normal_(net.features.conv0.weight)
    return net


class CharLSTM(nn.Module):
    def __init__(self, vocabulary, embedding=32, hidden=64):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden, 2, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, x):
        return self.head(self.lstm(self.embed(x))[0])


class Conv1D(nn.Module):
    """GPT-2's linear map, whose weight is [in, out]."""

    def __init__(self, inside, outside, deviation=0.02):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inside, outside) * deviation)
        self.bias = nn.Parameter(torch.zeros(outside))

    def forward(self, x):
        return x @ self.weight + self.bias


class GPTBlock(nn.Module):
    def __init__(self, width, heads, deviation):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.Module()
        self.attn.c_attn = Conv1D(width, 3 * width)
        self.attn.c_proj = Conv1D(width, width, deviation)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Module()
        self.mlp.c_fc = Conv1D(width, 4 * width)
        self.mlp.c_proj = Conv1D(4 * width, width, deviation)

    def forward(self, x):
        n, t, width = x.shape
        q, k, v = (p.view(n, t, self.heads, -1).transpose(1, 2) for p in
                   self.attn.c_attn(self.ln_1(x)).split(width, 2))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.size(-1))
        scores = scores.masked_fill(torch.ones(t, t, dtype=torch.bool).triu(1), -math.inf)
        x = x + self.attn.c_proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, width))
        h = self.mlp.c_fc(self.ln_2(x))
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h ** 3)))
        return x + self.mlp.c_proj(h)


class GPT(nn.Module):
    """Radford et al. 2019; parameters have the names of OpenAI's files."""

    def __init__(self, vocabulary, context, layers, heads, width):
        super().__init__()
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(context, width)
        self.h = nn.ModuleList(GPTBlock(width, heads, 0.02 / math.sqrt(2 * layers)) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.02)

    def forward(self, x):
        y = self.wte(x) + self.wpe(torch.arange(x.size(1)))
        for block in self.h:
            y = block(y)
        return self.ln_f(y) @ self.wte.weight.T


GPTS = {"gpt_mini": (65, 128, 4, 4, 128), "gpt2": (50257, 1024, 12, 12, 768), "gpt2_medium": (50257, 1024, 24, 16, 1024),
        "gpt2_large": (50257, 1024, 36, 20, 1280), "gpt2_xl": (50257, 1024, 48, 25, 1600)}
VITS = ["vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14"]
TORCHVISION = """alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn googlenet googlenet_aux
    resnet18 resnet34 resnet50 resnet101 resnet152 wide_resnet50_2 wide_resnet101_2 resnext50_32x4d resnext101_32x8d
    resnext101_64x4d densenet121 densenet161 densenet169 densenet201""".split()
CIFAR = ["resnet%d_cifar" % d for d in (18, 20, 32, 44, 56, 110)] + ["densenet40_cifar", "densenet100_cifar"]
ALL = ["lenet5", "lenet5_modern"] + TORCHVISION + CIFAR + VITS + ["char_lstm"] + list(GPTS)
# The smallest images that the networks take, or a size at which their last maps are more than one pixel.
SIZES = {"lenet5": 28, "lenet5_modern": 28, "alexnet": 95, **{m: 32 for m in CIFAR}, "vit_b_16": 48, "vit_b_32": 64,
         "vit_l_16": 32, "vit_l_32": 64, "vit_h_14": 28}
# Too large for a quick comparison; a smaller one of the same code stands for them.
LARGE = ["vit_l_16", "vit_l_32", "vit_h_14", "gpt2_medium", "gpt2_large", "gpt2_xl"]


def build(name, classes=None, size=None):
    if name in GPTS:
        vocabulary, *rest = GPTS[name]
        return GPT(classes or vocabulary, *rest)
    if name == "char_lstm":
        return CharLSTM(classes or 65)
    if name.startswith("lenet5"):
        return LeNet5(classes or 10, name == "lenet5_modern")
    if name == "resnet18_cifar":
        return resnet18_cifar(classes or 10)
    if name.startswith("resnet") and name.endswith("_cifar"):
        return CifarResNet(int(name[6:-6]), classes or 10)
    if name.startswith("densenet") and name.endswith("_cifar"):
        return densenet_cifar(int(name[8:-6]), classes or 10)
    arguments = {"num_classes": classes or 1000}
    if name in VITS and size:
        arguments["image_size"] = size
    if name.startswith("googlenet"):
        return torchvision.models.googlenet(aux_logits=name == "googlenet_aux", init_weights=True, **arguments)
    return getattr(torchvision.models, name)(**arguments)


# --- data

DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}


def write_safetensors(path, state):
    header, offset = {}, 0
    for name, t in state.items():
        end = offset + t.numel() * t.element_size()
        header[name] = {"dtype": DTYPES[t.dtype], "shape": list(t.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for t in state.values():
            f.write(t.contiguous().numpy().tobytes())


def stir(net, x):
    """Weights and running statistics as after some training: nothing is zero or one, activations neither vanish nor
    explode."""
    with torch.no_grad():
        for p in net.parameters():
            if p.dim() == 1 or not p.any():
                p.add_(0.1 * torch.randn_like(p) if p.dim() == 1 else 0.05 * torch.randn_like(p))
        if any(isinstance(m, nn.BatchNorm2d) for m in net.modules()):
            net.train()
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.momentum = 0.5
            for _ in range(3):
                net(x + 0.5 * torch.randn_like(x))
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.momentum = 0.1


def loss_of(net, x, labels):
    def entropy(logits):
        return F.cross_entropy(logits.flatten(0, -2), labels.flatten())
    out = net(x)
    return entropy(out) if torch.is_tensor(out) else entropy(out[0]) + 0.3 * (entropy(out[1]) + entropy(out[2]))


def step(net, x, labels):
    net.train()
    for m in net.modules():
        if isinstance(m, nn.Dropout):
            m.p = 0.0
    net.zero_grad()
    loss = loss_of(net, x, labels)
    loss.backward()
    return loss.item(), {n: p.grad.clone() for n, p in net.named_parameters()}


def largest(difference):
    return difference.abs().max().item()


def write_folder(folder, name, seed, batch, size, classes):
    torch.manual_seed(seed)
    text = name in GPTS or name == "char_lstm"
    size = size or SIZES.get(name, 64)
    net = build(name, classes, size)
    count = classes or (net.head.out_features if name == "char_lstm" else GPTS[name][0] if text else None)
    if text:
        x = torch.randint(0, count, (batch, 24))
        labels = torch.randint(0, count, (batch, 24))
    else:
        x = torch.randn(batch, 1 if name.startswith("lenet5") else 3, size, size)
    stir(net, x)
    state = {n: t.clone() for n, t in net.state_dict().items()}
    net.eval()
    with torch.no_grad():
        out32 = net(x)
    if not text:
        labels = torch.randint(0, out32.size(1), (batch,))
    loss32, grads32 = step(net, x, labels)
    running32 = {n: b.clone() for n, b in net.named_buffers()}
    net.double()
    net.load_state_dict(state)
    x64 = x if text else x.double()
    net.eval()
    with torch.no_grad():
        out = net(x64)
    loss, grads = step(net, x64, labels)
    running = {n: b for n, b in net.named_buffers() if "running" in n}
    names = list(grads)
    shown = sorted(set(names[i * (len(names) - 1) // 11] for i in range(12)), key=names.index)
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "state.safetensors"), state)
    torch.save(state, os.path.join(folder, "state.pt"))
    numpy.save(os.path.join(folder, "input.npy"), x.numpy())
    numpy.save(os.path.join(folder, "labels.npy"), labels.numpy())
    numpy.save(os.path.join(folder, "output.npy"), out.float().numpy())
    expected = {
        "model": name, "torch": torch.__version__,
        "eval": {"f32_vs_f64": largest(out - out32), "max_abs": largest(out)},
        "train": {
            "loss": loss, "loss_f32": loss32,
            "grad_norm": {n: g.norm().item() for n, g in grads.items()},
            "grad_first8": {n: grads[n].flatten()[:8].tolist() for n in shown},
            "grad_f32_abs_err": {n: largest(grads[n] - grads32[n]) for n in names},
            "running_after": {n: b.flatten()[:8].tolist() for n, b in running.items()},
            "running_f32_vs_f64": max([largest(running[n] - running32[n]) for n in running], default=0.0),
        },
    }
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump(expected, f, indent=1)
    print("%s: loss %.6f, logits up to %.3g" % (name, loss, largest(out)), flush=True)


# --- listings

def skeleton(name):
    """The network without the time that random numbers take."""
    kept = [(nn.init, n, getattr(nn.init, n)) for n in dir(nn.init) if n.endswith("_") and not n.startswith("_")]
    for owner, n, _ in kept:
        setattr(owner, n, lambda t, *_, **__: t)
    try:
        return build(name)
    finally:
        for owner, n, f in kept:
            setattr(owner, n, f)


def write_names(path):
    with open(path, "w") as f:
        f.write("# model, parameters, tensors of the state dict, SHA-256 of its lines `name d0,d1,...`; by PyTorch %s and"
                " torchvision %s\n" % (torch.__version__, torchvision.__version__))
        for name in ALL:
            net = skeleton(name)
            lines = ["%s %s\n" % (n, ",".join(map(str, t.shape))) for n, t in net.state_dict().items()]
            f.write("%s %d %d %s\n" % (name, sum(p.numel() for p in net.parameters()), len(lines),
                                       hashlib.sha256("".join(lines).encode()).hexdigest()))
            print(name, flush=True)


def write_init(path):
    torch.manual_seed(1)
    with open(path, "w") as f:
        f.write("# parameter, elements, mean, deviation and largest absolute value at the start, by torchvision %s\n"
                % torchvision.__version__)
        for name in ("alexnet", "vgg11_bn", "googlenet_aux", "resnet18", "resnet20_cifar", "resnext50_32x4d",
                     "densenet121", "vit_b_32", "char_lstm", "gpt_mini"):
            for n, p in build(name).named_parameters():
                p = p.detach().double()
                f.write("%s %s %d %.4g %.4g %.4g\n"
                        % (name, n, p.numel(), p.mean(), p.std(unbiased=False), p.abs().max()))
            print(name, flush=True)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("what", choices=("data", "names", "init"))
    a.add_argument("path")
    a.add_argument("models", nargs="*")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--size", type=int)
    a.add_argument("--batch", type=int, default=2)
    a.add_argument("--classes", type=int)
    o = a.parse_intermixed_args()
    if o.what == "names":
        write_names(o.path)
    elif o.what == "init":
        write_init(o.path)
    else:
        for name in o.models or [m for m in ALL if m not in LARGE]:
            write_folder(os.path.join(o.path, name), name, o.seed, o.batch, o.size, o.classes)


main()
