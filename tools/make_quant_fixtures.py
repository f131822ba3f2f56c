#!/usr/bin/env python3
"""Writes tests/fixtures/quant/<type>.bin: blocks of every GGUF tensor type and their values.

The oracle is the `gguf` package (pip install gguf numpy); the three types that it does not
dequantize are one line of numpy each. A file is: "WQFX", u32 type id, u32 blocks, the blocks, the
f32 values; little-endian. Scales are overwritten with ordinary ones in most blocks, since random
bytes give mostly infinite products; the last blocks stay random.
usage: make_quant_fixtures.py OUTDIR
"""
import struct
import sys

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize

# Byte offsets of the f16 fields (scale, minimum) of a block.
F16_FIELDS = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q8_1": [0, 2],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    "IQ1_S": [0], "IQ2_XXS": [0], "IQ2_XS": [0], "IQ2_S": [0], "IQ3_XXS": [0], "IQ3_S": [0],
    "IQ4_NL": [0], "IQ4_XS": [0], "TQ1_0": [52], "TQ2_0": [64],
}
TYPES = [*F16_FIELDS, "F32", "F16", "BF16", "F64", "Q8_K", "IQ1_M", "MXFP4", "NVFP4"]


def values(name, blocks):
    raw = blocks.tobytes()
    if name == "F64":
        return np.frombuffer(raw, "<f8").astype("<f4")
    if name == "Q8_1":
        d = blocks[:, :2].copy().view("<f2").astype("<f4")
        return d * blocks[:, 4:].copy().view("i1").astype("<f4")
    if name == "Q8_K":
        d = blocks[:, :4].copy().view("<f4")
        return d * blocks[:, 4:260].copy().view("i1").astype("<f4")
    return dequantize(blocks, T[name])


def make(name, rng):
    # The package still lists Q8_1 with f32 fields, 40 bytes; the format has f16 ones.
    block, size = (32, 36) if name == "Q8_1" else GGML_QUANT_SIZES[T[name]]
    count = 64 if block == 1 else 16 if block == 32 else 6
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    blocks[0] = 0
    for i in range(1, count - 2):
        for off in F16_FIELDS.get(name, []):
            d = np.float16(rng.normal() * 2.0 ** rng.integers(-12, 3))
            blocks[i, off:off + 2] = np.frombuffer(d.tobytes(), np.uint8)
        if name == "Q8_K":
            d = np.float32(rng.normal())
            blocks[i, :4] = np.frombuffer(d.tobytes(), np.uint8)
        if name == "IQ1_M":  # the four top nibbles make up the f16 scale
            d = int(np.float16(abs(rng.normal())).view(np.uint16))
            for j in range(4):
                blocks[i, 49 + 2 * j] = (int(blocks[i, 49 + 2 * j]) & 15) | (d >> (4 * j) & 15) << 4
    with np.errstate(all="ignore"):
        v = np.ascontiguousarray(values(name, blocks), dtype="<f4")
    return struct.pack("<4sII", b"WQFX", int(T[name]), count) + blocks.tobytes() + v.tobytes()


def main():
    for name in TYPES:
        data = make(name, np.random.default_rng(list(name.encode())))
        with open(f"{sys.argv[1]}/{name}.bin", "wb") as f:
            f.write(data)


main()
