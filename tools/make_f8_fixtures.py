#!/usr/bin/env python3
"""Writes tests/fixtures/quant/F8_*.bin: all 256 codes of the 8-bit floats and their values.

The oracle is PyTorch's conversion (pip install torch). A file is as those of make_quant_fixtures.py:
"WQFX", u32 type id (base/type.h), u32 blocks, the codes, the f32 values; little-endian.
usage: make_f8_fixtures.py OUTDIR
"""
import struct
import sys

import torch

TYPES = {"F8_E4M3": (48, torch.float8_e4m3fn), "F8_E5M2": (49, torch.float8_e5m2),
         "F8_E8M0": (50, torch.float8_e8m0fnu)}


def main():
    codes = torch.arange(256, dtype=torch.uint8)
    for name, (type_id, dtype) in TYPES.items():
        values = codes.view(dtype).to(torch.float32).view(torch.int32).tolist()
        with open(f"{sys.argv[1]}/{name}.bin", "wb") as f:
            f.write(struct.pack("<4sII", b"WQFX", type_id, 256) + bytes(range(256)))
            f.write(struct.pack("<256i", *values))


main()
