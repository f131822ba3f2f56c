#!/usr/bin/env python3
"""Writes tests/formats/good/safetensors with the `safetensors` package, and what its own reader
sees in them to tests/fixtures/safetensors/good.json: tensors by name with dtype, shape and the
SHA-256 of their bytes. Some are packed by hand, for what the package reads and does not
write, or writes in a random order. (pip install safetensors torch)
usage: make_good_safetensors.py
"""
import hashlib
import json
import pathlib
import shutil
import struct

import safetensors
import torch
from safetensors.torch import save

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOOD = ROOT / "tests/formats/good/safetensors"
DUMP = ROOT / "tests/fixtures/safetensors/good.json"

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn,
          torch.float8_e5m2, torch.float8_e8m0fnu, torch.int64, torch.int32, torch.int16,
          torch.int8, torch.uint64, torch.uint32, torch.uint16, torch.uint8, torch.bool]


def by_hand(text, data):
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, *shape):
    n = 1
    for d in shape:
        n *= d
    generator = torch.Generator().manual_seed(n)
    raw = torch.randint(0, 2 if dtype == torch.bool else 256, (n * dtype.itemsize,),
                        generator=generator, dtype=torch.uint8)
    return raw.view(dtype).reshape(shape)


def files():
    f32 = torch.float32
    out = {
        "dtypes": save({f"t.{str(d)[6:]}": tensor(d, 3, 2) for d in DTYPES}),
        "shapes": save({f"t{n}": tensor(f32, *range(1, n + 1)) for n in range(7)}),
        "empty": save({"none": tensor(f32, 3, 0, 2), "also": tensor(f32, 0), "some": tensor(f32, 5)}),
        "metadata": by_hand(b'{"__metadata__":{"format":"pt","note":"weigh \xc3\xa9\\u4e2d\\n"},'
                            b'"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', b"abcdefgh"),
        "no-tensor": save({}),
        "unaligned": by_hand(b'{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},\n "b":'
                             b'{"dtype":"F32","shape":[2],"data_offsets":[3,11]}}', b"abcdefghijk"),
        "backwards": by_hand(b'{"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},"a":'
                             b'{"shape":[2],"data_offsets":[0,4],"dtype":"F16"}} \n\t', b"abcdefgh"),
        "escapes": by_hand(b'{"__metadata__":{},"a\\"\\\\\\u00e9":{"dtype":"I8","shape":[],'
                           b'"data_offsets":[0,1]}}', b"\x80"),
        "model-00001-of-00003": save({"embed.weight": tensor(torch.bfloat16, 8, 4)},
                                     {"format": "pt"}),
        "model-00002-of-00003": save({"layers.0.weight": tensor(torch.bfloat16, 4, 4),
                                      "layers.1.weight": tensor(torch.float8_e4m3fn, 4, 2)}),
        "model-00003-of-00003": save({"norm.weight": tensor(f32, 4), "extra": tensor(f32, 1)}),
    }
    return {f"{name}.safetensors": raw for name, raw in out.items()}


def dump(raw):
    return {name: {"dtype": t["dtype"], "shape": t["shape"],
                   "sha256": hashlib.sha256(t["data"]).hexdigest()}
            for name, t in sorted(safetensors.deserialize(raw))}


def main():
    shutil.rmtree(GOOD, ignore_errors=True)
    GOOD.mkdir(parents=True)
    made = files()
    for name, raw in made.items():
        (GOOD / name).write_bytes(raw)
    shards = {n: dump(raw) for n, raw in made.items() if n.startswith("model-")}
    weight_map = {t: n for n, tensors in shards.items() for t in tensors if t != "extra"}
    (GOOD / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}, indent=2) + "\n")
    DUMP.parent.mkdir(exist_ok=True)
    DUMP.write_text(json.dumps({n: dump(raw) for n, raw in made.items()}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
