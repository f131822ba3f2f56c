/* What the two searching quantizers share (quantize.h says how they search). */
#ifndef WG_KERNEL_SEARCH_H
#define WG_KERNEL_SEARCH_H

#include "kernel/half.h"

#include <math.h>
#include <stdint.h>

enum {
    WG_SUPER = 256,     /* values of a super-block */
    WG_MAX_GROUPS = 16, /* of a super-block */
    WG_LANES = 8,       /* sums of a group are kept in lanes, so that compilers can use vectors */
};

/* Nearest whole number, ties to even, for |v| < 2^22. */
static inline float wg_round_near(float v)
{
    return v + 0x1.8p23f - 0x1.8p23f;
}

static inline float wg_limit(float v, float lo, float hi)
{
    v = v < lo ? lo : v;
    return v > hi ? hi : v;
}

static inline float wg_lane_sum(const float s[WG_LANES])
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* The scale nearest to v that a block can hold: never infinite, and 0 for 0 only, since small whole
 * scales make up for a unit that is too large. */
static inline float wg_as_f16(float v)
{
    float h = wg_f16_f32(wg_f32_f16(wg_limit(v, -65504, 65504)));

    return h != 0 || v == 0 ? h : copysignf(0x1p-24f, v);
}

static inline void wg_store_f16(uint8_t *p, float v)
{
    uint16_t h = wg_f32_f16(v);

    p[0] = (uint8_t)h;
    p[1] = (uint8_t)(h >> 8);
}

/*
 * Weights of the square error of a block of n values. Without importance: the root mean square of
 * the block plus the value, so that a large weight, which moves the result more often, is a little
 * closer; this costs next to nothing in plain square error.
 */
static inline void wg_error_weights(const float *x, const float *importance, float *w, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    float rms = (float)sqrt(sum / n);
    for (int i = 0; i < n; i++)
        w[i] = importance ? importance[i] : rms + fabsf(x[i]);
}

#endif
