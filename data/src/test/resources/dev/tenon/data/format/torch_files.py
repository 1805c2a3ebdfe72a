"""Writes the torch_*.pt files beside this script, with PyTorch 1.13 and NumPy 1.24; PyTorchFileTest reads them."""
import collections
import os

import numpy
import torch


def content():
    a = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    weights = collections.OrderedDict()
    weights["whole"] = a
    weights["transposed"] = a.t()
    weights["sliced"] = a[1:3, ::2]
    weights["expanded"] = torch.tensor([1.5, -2.0])[:, None].expand(2, 3)
    weights["tied"] = a
    weights["scalar"] = torch.tensor(7, dtype=torch.int64)
    weights["empty"] = torch.zeros(0, 3)
    weights["parameter"] = torch.nn.Parameter(torch.tensor([0.25, 0.5]))
    for name in "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool".split():
        low = 0 if name in ("uint8", "bool") else -2
        weights["as." + name] = torch.arange(low, low + 4).to(getattr(torch, name))
    defaults = collections.defaultdict(list)
    defaults["x"].append(1)
    return {
        "state_dict": weights,
        "integers": [0, 255, 256, 65535, 65536, -1, 2**31, -2**40, 2**63 - 1, -2**63, 2**100, -2**100],
        "floats": (0.1, -1e300, float("inf")),
        "words": ["", "text", "\u00e4\u4e2d\U0001f600", b"\x00\xff"],
        "truths": [True, False, None],
        "sets": [{1}, frozenset([2])],
        "size": torch.Size([2, 3]),
        "device": torch.device("cuda", 1),
        "dtype": torch.bfloat16,
        "numpy": [numpy.float64(0.5), numpy.int64(-3), numpy.float32(0.25), numpy.bool_(True)],
        "counter": collections.Counter("aab"),
        "default": defaults,
        3: "three",
        None: "none",
    }


folder = os.path.dirname(os.path.abspath(__file__))
for protocol in (2, 3, 4, 5):
    torch.save(content(), os.path.join(folder, f"torch_protocol{protocol}.pt"), pickle_protocol=protocol)
torch.save(content(), os.path.join(folder, "torch_legacy.pt"), _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(1, 1), os.path.join(folder, "torch_module.pt"))
