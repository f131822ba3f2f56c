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

#include <stdint.h>

extern const int8_t wg_iq4nl_values[16]; /* codes of IQ4_NL and IQ4_XS */
extern const int8_t wg_fp4_values[16];   /* codes of MXFP4 and NVFP4 */

/* 6-bit scale and minimum of group j < 8 of Q4_K and Q5_K. */
void wg_q4k_scale_min(const uint8_t s[12], int j, int *scale, int *min);
/* Scale of group j < 16 of Q3_K, -32..31. */
int wg_q3k_scale(const uint8_t s[12], int j);
/* Scale of group j < 8 of an IQ4_XS block, -32..31. */
int wg_iq4xs_scale(const uint8_t *block, int j);

/*
 * Points of the lattices of the IQ types, as the file format fixes them: 8 coordinates of 2 bits
 * (IQ1: 0, 1, 2 for -1, 0, 1; IQ2: for 8, 25, 43) or 4 coordinates of 4 bits (IQ3: index of the
 * type's eight values), lowest bits first. Written by tools/make_iq_grids.py.
 */
extern const uint16_t wg_iq1_grid[2048];
extern const uint16_t wg_iq2xxs_grid[256], wg_iq2xs_grid[512], wg_iq2s_grid[1024];
extern const uint16_t wg_iq3xxs_grid[256], wg_iq3s_grid[512];

#endif
