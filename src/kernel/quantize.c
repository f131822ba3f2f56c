/*
 * The table of quantizers, and those with one right answer. Their arithmetic is that of the GGUF
 * reference, operation by operation, since another order rounds some codes differently.
 */
#include "kernel/quantize.h"

#include "kernel/half.h"

#include <math.h>

enum { B = 32 };

static void store_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void quantize_f32(const float *x, const float *importance, void *dst, int64_t n)
{
    (void)importance;
    memcpy(dst, x, (size_t)n * sizeof *x);
}

static void quantize_f16(const float *x, const float *importance, void *dst, int64_t n)
{
    uint8_t *p = dst;

    (void)importance;
    for (int64_t i = 0; i < n; i++)
        store_u16(p + 2 * i, wg_f32_f16(x[i]));
}

static void quantize_bf16(const float *x, const float *importance, void *dst, int64_t n)
{
    uint8_t *p = dst;

    (void)importance;
    for (int64_t i = 0; i < n; i++)
        store_u16(p + 2 * i, wg_f32_bf16(x[i]));
}

/* 1 / d; 0 for a block of zeros, and for one so small that its scale has no reciprocal. */
static float inverse(float d)
{
    float inv = d != 0 ? 1 / d : 0;

    return isfinite(inv) ? inv : 0;
}

static void quantize_q8_0(const float *x, const float *importance, void *dst, int64_t n)
{
    uint8_t *p = dst;

    (void)importance;
    for (int64_t b = 0; b < n / B; b++, p += 34, x += B) {
        float most = 0;
        for (int i = 0; i < B; i++)
            most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
        float d = most / 127, inv = inverse(d);
        store_u16(p, wg_f32_f16(d));
        for (int i = 0; i < B; i++)
            p[2 + i] = (uint8_t)(int8_t)roundf(x[i] * inv);
    }
}

/* Code of v, which is 0.5 or more above it where the sum was exact. */
static uint8_t floor_code(float v, int top)
{
    return v <= 0 ? 0 : v >= (float)top ? (uint8_t)top : (uint8_t)v;
}

/* Low halves of 32 codes in 16 bytes. */
static void store_nibbles(uint8_t *p, const uint8_t codes[B])
{
    for (int i = 0; i < B / 2; i++)
        p[i] = (uint8_t)((codes[i] & 15) | (codes[i + B / 2] & 15) << 4);
}

/* Fifth bits of 32 codes in a word. */
static void store_fifth_bits(uint8_t p[4], const uint8_t codes[B])
{
    for (int i = 0; i < 4; i++) {
        unsigned bits = 0;
        for (int j = 0; j < 8; j++)
            bits |= (unsigned)(codes[8 * i + j] >> 4 & 1) << j;
        p[i] = (uint8_t)bits;
    }
}

/* Codes around `half` of the value that is farthest from 0, which becomes code 0. Gives the scale.
 */
static float centred_codes(const float *x, int half, uint8_t codes[B])
{
    float far = x[0];

    for (int i = 1; i < B; i++)
        if (fabsf(x[i]) > fabsf(far))
            far = x[i];
    float d = far / (float)-half, inv = inverse(d);
    for (int i = 0; i < B; i++)
        codes[i] = floor_code(x[i] * inv + ((float)half + 0.5f), 2 * half - 1);
    return d;
}

/* Codes 0..top from the least value to the greatest. Gives the scale. */
static float ranged_codes(const float *x, int top, uint8_t codes[B], float *least)
{
    float lo = x[0], hi = x[0];

    for (int i = 1; i < B; i++) {
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
    }
    float d = (hi - lo) / (float)top, inv = inverse(d);
    for (int i = 0; i < B; i++)
        codes[i] = floor_code((x[i] - lo) * inv + 0.5f, top);
    *least = lo;
    return d;
}

static void quantize_q4_0(const float *x, const float *importance, void *dst, int64_t n)
{
    uint8_t *p = dst, codes[B];

    (void)importance;
    for (int64_t b = 0; b < n / B; b++, p += 18, x += B) {
        store_u16(p, wg_f32_f16(centred_codes(x, 8, codes)));
        store_nibbles(p + 2, codes);
    }
}

static void quantize_q5_0(const float *x, const float *importance, void *dst, int64_t n)
{
    uint8_t *p = dst, codes[B];

    (void)importance;
    for (int64_t b = 0; b < n / B; b++, p += 22, x += B) {
        store_u16(p, wg_f32_f16(centred_codes(x, 16, codes)));
        store_fifth_bits(p + 2, codes);
        store_nibbles(p + 6, codes);
    }
}

static void quantize_q4_1(const float *x, const float *importance, void *dst, int64_t n)
{
    uint8_t *p = dst, codes[B];
    float least;

    (void)importance;
    for (int64_t b = 0; b < n / B; b++, p += 20, x += B) {
        store_u16(p, wg_f32_f16(ranged_codes(x, 15, codes, &least)));
        store_u16(p + 2, wg_f32_f16(least));
        store_nibbles(p + 4, codes);
    }
}

static void quantize_q5_1(const float *x, const float *importance, void *dst, int64_t n)
{
    uint8_t *p = dst, codes[B];
    float least;

    (void)importance;
    for (int64_t b = 0; b < n / B; b++, p += 24, x += B) {
        store_u16(p, wg_f32_f16(ranged_codes(x, 31, codes, &least)));
        store_u16(p + 2, wg_f32_f16(least));
        store_fifth_bits(p + 4, codes);
        store_nibbles(p + 8, codes);
    }
}

wg_quant_fn *wg_quantizer(enum wg_type type)
{
    static wg_quant_fn *const quantizers[WG_TYPE_LIMIT] = {
        [WG_TYPE_F32] = quantize_f32,          [WG_TYPE_F16] = quantize_f16,
        [WG_TYPE_BF16] = quantize_bf16,        [WG_TYPE_Q8_0] = quantize_q8_0,
        [WG_TYPE_Q4_0] = quantize_q4_0,        [WG_TYPE_Q4_1] = quantize_q4_1,
        [WG_TYPE_Q5_0] = quantize_q5_0,        [WG_TYPE_Q5_1] = quantize_q5_1,
        [WG_TYPE_Q2_K] = wg_quantize_q2_k,     [WG_TYPE_Q3_K] = wg_quantize_q3_k,
        [WG_TYPE_Q4_K] = wg_quantize_q4_k,     [WG_TYPE_Q5_K] = wg_quantize_q5_k,
        [WG_TYPE_Q6_K] = wg_quantize_q6_k,     [WG_TYPE_IQ4_NL] = wg_quantize_iq4_nl,
        [WG_TYPE_IQ4_XS] = wg_quantize_iq4_xs,
    };

    return (unsigned)type < WG_TYPE_LIMIT ? quantizers[type] : NULL;
}
