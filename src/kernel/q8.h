/*
 * The packed activation of the integer matmuls: blocks of 32 values rounded to int8, one format for
 * every weight type, so that a row packed once serves all matrices that read it.
 */
#ifndef WG_KERNEL_Q8_H
#define WG_KERNEL_Q8_H

#include <stddef.h>
#include <stdint.h>

/* One cache line. d = max|x| / 127; q = x * (127 / max|x|) rounded to nearest even. */
struct wg_q8 {
    int8_t q[32];        /* -127..127 */
    float d;             /* NaN when a value of the block is not finite */
    float s;             /* d * sum */
    int32_t sum;         /* of q */
    int32_t half_sum[2]; /* of q[0..16) and q[16..32) */
    float half_s[2];     /* d * half_sum */
    uint32_t unused;
};

_Static_assert(sizeof(struct wg_q8) == 64, "a packed block is one cache line");

/* Blocks whose largest magnitude is below this are packed as zeros: its reciprocal overflows. */
#define WG_Q8_MIN 0x1p-110f

static inline size_t wg_q8_bytes(int64_t k)
{
    return (size_t)k / 32 * sizeof(struct wg_q8);
}

#endif
