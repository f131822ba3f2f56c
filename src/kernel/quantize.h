/*
 * Quantizers: rows of f32 to the blocks of a tensor type; the dequantizers in quant_*.c define what
 * the blocks mean. The types of 32 values with a plain scale (Q8_0, Q4_0, Q4_1, Q5_0, Q5_1) and the
 * float types have one right answer, that of the GGUF reference. The others have many; they are
 * searched for the least weighted square error:
 *
 *   1. a group of 16 or 32 values alone: for scales around the one that fits its range, codes, then
 *      the best line through (code, value) in closed form, then codes again;
 *   2. the super-block: scales (and minimums) rounded to whole multiples of one f16 each; for every
 *      group the neighbours of the rounded ones are tried with the codes that suit them; then the
 *      best f16 for the codes found, in closed form; and again while it gets better.
 *
 * A block depends on its own values and weights only: the same bits for any cut into rows, calls
 * and threads.
 *
 * To add a type: 1. its function in quantize*.c, its line in quantizers[] (quantize.c); 2. a bound
 * or a fixture in tests/unit/test_quantize.c; 3. where users name it, src/convert/recipe.c.
 */
#ifndef WG_KERNEL_QUANTIZE_H
#define WG_KERNEL_QUANTIZE_H

#include "base/type.h"

#include <stdint.h>

/*
 * Writes n (a multiple of the block) finite values as blocks to dst, which is unaligned. importance
 * has n weights >= 0 of the square error, or is NULL: all alike, and a little more for what is
 * large. Types with one right answer do not look at it.
 */
typedef void wg_quant_fn(const float *x, const float *importance, void *dst, int64_t n);

/* NULL when there is no quantizer for the type. */
wg_quant_fn *wg_quantizer(enum wg_type type);

/* Ones with a search, in quantize_affine.c and quantize_scaled.c. */
wg_quant_fn wg_quantize_q2_k, wg_quantize_q4_k, wg_quantize_q5_k;
wg_quant_fn wg_quantize_q3_k, wg_quantize_q6_k, wg_quantize_iq4_nl, wg_quantize_iq4_xs;

#endif
