#!/usr/bin/env python3
"""Writes tests/fixtures/quantize/: values, and what others make of them.

values.bin holds f32 rows of 256: 32 of a normal distribution, 32 of one with heavy tails, then edge
cases. <type>.bin has the blocks of all rows by the `gguf` package, for the types with one right answer.
peer.txt has for the others "TYPE NORMAL HEAVY": the mean square error, relative to the mean square, of
the quantizer in llama.cpp on the first two sets.
usage: make_quantize_fixtures.py OUTDIR
needs: gguf, llama_cpp, numpy
"""
import ctypes
import glob
import os
import sys

import gguf
import llama_cpp
import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.constants import GGML_QUANT_SIZES

EXACT = "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"
SEARCHED = "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"
ROW = 256


def edge_rows(rng):
    zero = np.zeros(ROW)
    spike = zero.copy()
    spike[[0, 40, 255]] = 1, -3, 2
    halves = np.arange(ROW) % 16 - 7.5
    steps = np.repeat(rng.normal(size=8), 32)
    return [zero, zero + 0.75, zero - 2, spike, halves, steps, rng.normal(size=ROW) * 1e-5,
            rng.normal(size=ROW) * 1e4, abs(rng.normal(size=ROW)), -abs(rng.normal(size=ROW)),
            rng.normal(size=ROW) * np.repeat(10.0 ** np.arange(-4, 4), 32)]


def ggml():
    lib = ctypes.CDLL(glob.glob(os.path.join(os.path.dirname(llama_cpp.__file__), "lib",
                                             "libggml-base.so"))[0])
    lib.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
                                        ctypes.c_int64, ctypes.c_int64, ctypes.c_int64,
                                        ctypes.c_void_p]
    return lib


def peer_error(lib, name, x):
    block, size = GGML_QUANT_SIZES[T[name]]
    out = np.zeros(x.size // block * size, np.uint8)
    lib.ggml_quantize_init(int(T[name]))
    lib.ggml_quantize_chunk(int(T[name]), x.ctypes.data, out.ctypes.data, 0, x.size // ROW, ROW, None)
    y = gguf.quants.dequantize(out, T[name]).astype("f8").ravel()
    x = x.astype("f8").ravel()
    return ((x - y) ** 2).mean() / (x ** 2).mean()


def main(out):
    rng = np.random.default_rng(20)
    rows = np.concatenate([rng.normal(size=(32, ROW)) * 0.02, rng.standard_t(4, (32, ROW)) * 0.02,
                           edge_rows(rng)]).astype("<f4")
    rows.tofile(os.path.join(out, "values.bin"))
    for name in EXACT:
        blocks = gguf.quants.quantize(rows, T[name])
        blocks.view(np.uint8).tofile(os.path.join(out, name + ".bin"))
    lib = ggml()
    with open(os.path.join(out, "peer.txt"), "w", encoding="utf-8") as f:
        for name in SEARCHED:
            normal, heavy = (peer_error(lib, name, rows[i:i + 32]) for i in (0, 32))
            f.write(f"{name} {normal:.6e} {heavy:.6e}\n")


main(sys.argv[1])
