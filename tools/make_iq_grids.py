#!/usr/bin/env python3
"""Writes src/kernel/quant_tables.c: the lattice points and code values that the GGUF format fixes.

The numbers are data of the file format, taken from the `gguf` package (pip install gguf).
usage: make_iq_grids.py > src/kernel/quant_tables.c
"""
from gguf import quants

GRIDS = [("wg_iq1_grid", quants.IQ1_S, 2), ("wg_iq2xxs_grid", quants.IQ2_XXS, 2),
         ("wg_iq2xs_grid", quants.IQ2_XS, 2), ("wg_iq2s_grid", quants.IQ2_S, 2),
         ("wg_iq3xxs_grid", quants.IQ3_XXS, 4), ("wg_iq3s_grid", quants.IQ3_S, 4)]


def words(cls, bits):
    cls.init_grid()
    index = {v: i for i, v in enumerate(cls.grid_map)}
    for point in cls.grid.reshape(cls.grid_shape):
        yield sum(index[int(v)] << (bits * i) for i, v in enumerate(point))


def main():
    print("/* Written by tools/make_iq_grids.py; what the words mean is in quant.h. */")
    print('#include "kernel/quant.h"\n')
    print("const int8_t wg_iq4nl_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,")
    print("                                    1,    13,   25,  38,  53,  69,  89,  113};\n")
    print("/* E2M1 values, doubled. */")
    print("const int8_t wg_fp4_values[16] = "
          "{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};\n")
    print("// clang-format off")
    for name, cls, bits in GRIDS:
        w = [f"0x{x:04x}" for x in words(cls, bits)]
        print(f"const uint16_t {name}[{len(w)}] = {{")
        for i in range(0, len(w), 12):
            print("    " + ", ".join(w[i:i + 12]) + ",")
        print("};")
    print("// clang-format on")


main()
