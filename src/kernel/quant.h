/*
 * Shared pieces of the quantized block formats (the layouts are those of the GGUF file format; the
 * dequantizers in quant_*.c are their specification here).
 *
 * To add a type: 1. its row in base/type.h; 2. its dequantizer in quant_*.c and its line in
 * WG_DEQUANT_TYPES (variants.h); 3. a case in tools/make_quant_fixtures.py; 4. if it can be
 * multiplied in integers, its decoder in matmul_q8.c. tests/kernel fails until 2 and 3 are done.
 */
#ifndef WG_KERNEL_QUANT_H
#define WG_KERNEL_QUANT_H

#include "kernel/half.h"

extern const int8_t wg_iq4nl_values[16]; /* codes of IQ4_NL and IQ4_XS */
extern const int8_t wg_fp4_values[16];   /* codes of MXFP4 and NVFP4 */

/* 6-bit scale and minimum of group j < 8 of Q4_K and Q5_K. */
static inline void wg_q4k_scale_min(const uint8_t s[12], int j, int *scale, int *min)
{
    if (j < 4) {
        *scale = s[j] & 63;
        *min = s[j + 4] & 63;
    } else {
        *scale = (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
        *min = s[j + 4] >> 4 | (s[j] >> 6) << 4;
    }
}

/* Scale of group j < 16 of Q3_K, -32..31. */
static inline int wg_q3k_scale(const uint8_t s[12], int j)
{
    int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;

    return (low | (s[8 + j % 4] >> (j / 4 * 2) & 3) << 4) - 32;
}

/* Scale of group j < 8 of an IQ4_XS block, -32..31. */
static inline int wg_iq4xs_scale(const uint8_t *block, int j)
{
    int low = block[4 + j / 2] >> (j % 2 * 4) & 15;

    return (low | (wg_load_u16(block + 2) >> (2 * j) & 3) << 4) - 32;
}

/*
 * Points of the lattices of the IQ types, as the file format fixes them: 8 coordinates of 2 bits
 * (IQ1: 0, 1, 2 for -1, 0, 1; IQ2: for 8, 25, 43) or 4 coordinates of 4 bits (IQ3: index of the
 * type's eight values), lowest bits first. Written by tools/make_iq_grids.py.
 */
extern const uint16_t wg_iq1_grid[2048];
extern const uint16_t wg_iq2xxs_grid[256], wg_iq2xs_grid[512], wg_iq2s_grid[1024];
extern const uint16_t wg_iq3xxs_grid[256], wg_iq3s_grid[512];

#endif
