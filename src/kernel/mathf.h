/*
 * exp and tanh in f32 from basic IEEE operations only, so that every level and every machine gets
 * the same bits (libm does not give that). Both follow Cody and Waite's range reduction; the
 * polynomials are those of the Cephes library (expf, tanhf). Error: docs/NUMERICS.md.
 */
#ifndef WG_KERNEL_MATHF_H
#define WG_KERNEL_MATHF_H

#include "kernel/half.h"

#define WG_EXP_HIGH   88.72283935546875f /* above: infinity */
#define WG_EXP_LOW    -103.97208404541f  /* below: zero */
#define WG_LOG2E      1.44269504088896341f
#define WG_ROUND      12582912.0f /* 1.5 * 2^23: adding it rounds to a whole number */
#define WG_LN2_HI     0.693359375f
#define WG_LN2_LO     -2.12194440e-4f
#define WG_EXP_C5     1.9875691500e-4f
#define WG_EXP_C4     1.3981999507e-3f
#define WG_EXP_C3     8.3334519073e-3f
#define WG_EXP_C2     4.1665795894e-2f
#define WG_EXP_C1     1.6666665459e-1f
#define WG_EXP_C0     5.0000001201e-1f
#define WG_TANH_SMALL 0.625f
#define WG_TANH_C4    -5.70498872745e-3f
#define WG_TANH_C3    2.06390887954e-2f
#define WG_TANH_C2    -5.37397155531e-2f
#define WG_TANH_C1    1.33314422036e-1f
#define WG_TANH_C0    -3.33332819422e-1f
#define WG_GELU_SCALE 0.79788456080286536f /* sqrt(2 / pi) */
#define WG_GELU_CUBE  0.044715f
#define WG_SQRT_HALF  0.70710678118654752f

static inline float wg_pow2f(int n) /* -126..127 */
{
    return wg_bits_f32((uint32_t)(n + 127) << 23);
}

static inline float wg_expf(float x)
{
    if (x > WG_EXP_HIGH)
        return wg_bits_f32(0x7f800000u);
    if (x < WG_EXP_LOW)
        return 0;
    if (x != x)
        return x;
    float n = (x * WG_LOG2E + WG_ROUND) - WG_ROUND;
    float r = (x - n * WG_LN2_HI) - n * WG_LN2_LO;
    float p = WG_EXP_C5 * r + WG_EXP_C4;
    p = p * r + WG_EXP_C3;
    p = p * r + WG_EXP_C2;
    p = p * r + WG_EXP_C1;
    p = p * r + WG_EXP_C0;
    p = (p * (r * r) + r) + 1.0f;
    /* In two steps: the result may be subnormal, and 2^128 is no float. */
    int whole = (int)n, part = whole >> 1;
    return p * wg_pow2f(part) * wg_pow2f(whole - part);
}

static inline float wg_tanhf(float x)
{
    float a = x < 0 ? -x : x;

    if (a < WG_TANH_SMALL) {
        float z = x * x;
        float p = WG_TANH_C4 * z + WG_TANH_C3;
        p = p * z + WG_TANH_C2;
        p = p * z + WG_TANH_C1;
        p = p * z + WG_TANH_C0;
        return p * z * x + x;
    }
    float t = 1.0f - 2.0f / (wg_expf(a + a) + 1.0f);
    return x < 0 ? -t : t;
}

#endif
