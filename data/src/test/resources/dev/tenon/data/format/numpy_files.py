"""Writes the numpy_*.np[yz] files beside this script, with NumPy 1.24; NpzTest reads them."""
import os

import numpy as np

folder = os.path.dirname(os.path.abspath(__file__))


def arrays():
    base = np.arange(6).reshape(2, 3)
    out = {}
    for code in "f2 f4 f8 i1 i2 i4 i8 u1 ?".split():
        for order in "<>" if code[-1] not in "1?" else "|":
            a = base.astype(np.dtype(code).newbyteorder(order))
            out[np.dtype(code).name + (".big" if order == ">" else "")] = a
            out[np.dtype(code).name + (".big" if order == ">" else "") + ".fortran"] = np.asfortranarray(a)
    out["scalar"] = np.float32(2.5)
    out["empty"] = np.zeros((0, 4), np.int32)
    out["cube.fortran"] = np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4))
    return out


np.savez(os.path.join(folder, "numpy_stored.npz"), **arrays())
np.savez_compressed(os.path.join(folder, "numpy_deflated.npz"), **arrays())
for version in ((2, 0), (3, 0)):
    with open(os.path.join(folder, f"numpy_version{version[0]}.npy"), "wb") as f:
        np.lib.format.write_array(f, np.arange(6, dtype=">i2").reshape(2, 3), version=version)
