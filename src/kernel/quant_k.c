/*
 * Dequantizers of the types with super-blocks of 256 values whose groups of 16 or 32 have integer
 * scales ("K-quants", IQ4_XS), of the ternary types, and of Q8_K.
 */
#include "kernel/half.h"
#include "kernel/quant.h"
#include "kernel/variants.h"

enum { B = 256 };

/* scales[16], codes[64], d, dmin. */
void WG_DEQUANT(q2_k)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 84, dst += B) {
        float d = wg_load_f16(p + 80), dmin = wg_load_f16(p + 82);
        for (int g = 0; g < 16; g++) {
            float dl = d * (float)(p[g] & 15), ml = dmin * (float)(p[g] >> 4);
            const uint8_t *q = p + 16 + g / 8 * 32 + g % 2 * 16;
            for (int i = 0; i < 16; i++)
                dst[16 * g + i] = dl * (float)(q[i] >> (g % 8 / 2 * 2) & 3) - ml;
        }
    }
}

/* high bits[32], low codes[64], scales[12], d; a clear high bit takes 4 off. */
void WG_DEQUANT(q3_k)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 110, dst += B) {
        float d = wg_load_f16(p + 108);
        for (int g = 0; g < 16; g++) {
            float dl = d * (float)wg_q3k_scale(p + 96, g);
            const uint8_t *low = p + 32 + g / 8 * 32 + g % 2 * 16, *high = p + g % 2 * 16;
            for (int i = 0; i < 16; i++) {
                int q = (low[i] >> (g % 8 / 2 * 2) & 3) | (high[i] >> (g / 2) & 1) << 2;
                dst[16 * g + i] = dl * (float)(q - 4);
            }
        }
    }
}

/* d, dmin, scales[12], codes[128]. */
void WG_DEQUANT(q4_k)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 144, dst += B) {
        float d = wg_load_f16(p), dmin = wg_load_f16(p + 2);
        for (int j = 0; j < 8; j++) {
            int sc, mn;
            wg_q4k_scale_min(p + 4, j, &sc, &mn);
            float dl = d * (float)sc, ml = dmin * (float)mn;
            const uint8_t *q = p + 16 + j / 2 * 32;
            for (int i = 0; i < 32; i++)
                dst[32 * j + i] = dl * (float)(q[i] >> (j % 2 * 4) & 15) - ml;
        }
    }
}

/* d, dmin, scales[12], high bits[32], low codes[128]. */
void WG_DEQUANT(q5_k)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 176, dst += B) {
        float d = wg_load_f16(p), dmin = wg_load_f16(p + 2);
        for (int j = 0; j < 8; j++) {
            int sc, mn;
            wg_q4k_scale_min(p + 4, j, &sc, &mn);
            float dl = d * (float)sc, ml = dmin * (float)mn;
            const uint8_t *q = p + 48 + j / 2 * 32, *qh = p + 16;
            for (int i = 0; i < 32; i++) {
                int code = (q[i] >> (j % 2 * 4) & 15) | (qh[i] >> j & 1) << 4;
                dst[32 * j + i] = dl * (float)code - ml;
            }
        }
    }
}

/* low codes[128], high codes[64], scales[16], d. */
void WG_DEQUANT(q6_k)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 210, dst += B) {
        float d = wg_load_f16(p + 208);
        for (int g = 0; g < 16; g++) {
            float dl = d * (float)(int8_t)p[192 + g];
            const uint8_t *low = p + g / 8 * 64 + g % 4 * 16;
            const uint8_t *high = p + 128 + g / 8 * 32 + g % 2 * 16;
            for (int i = 0; i < 16; i++) {
                int q = (low[i] >> (g % 8 / 4 * 4) & 15) | (high[i] >> (g % 8 / 2 * 2) & 3) << 4;
                dst[16 * g + i] = dl * (float)(q - 32);
            }
        }
    }
}

/* d as f32, codes[256], sums of 16 codes (not needed here). */
void WG_DEQUANT(q8_k)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 292, dst += B) {
        float d = wg_bits_f32(wg_load_u32(p));
        for (int i = 0; i < B; i++)
            dst[i] = d * (float)(int8_t)p[4 + i];
    }
}

/* d, high bits of the scales[2], low bits[4], codes[128] as in IQ4_NL. */
void WG_DEQUANT(iq4_xs)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 136, dst += B) {
        float d = wg_load_f16(p);
        for (int j = 0; j < 8; j++) {
            float dl = d * (float)wg_iq4xs_scale(p, j);
            for (int i = 0; i < 16; i++) {
                uint8_t q = p[8 + 16 * j + i];
                dst[32 * j + i] = dl * (float)wg_iq4nl_values[q & 15];
                dst[32 * j + i + 16] = dl * (float)wg_iq4nl_values[q >> 4];
            }
        }
    }
}

/* Digit `power` (3^power) of a byte that holds five base-3 digits as a fraction of 256. */
static int trit(uint8_t byte, int power)
{
    static const uint8_t pow3[5] = {1, 3, 9, 27, 81};
    uint8_t q = (uint8_t)(byte * pow3[power]);

    return (q * 3 >> 8) - 1;
}

/* 32 + 16 bytes of five digits each, 4 bytes of four digits, d. */
void WG_DEQUANT(tq1_0)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 54, dst += B) {
        float d = wg_load_f16(p + 52);
        for (int i = 0; i < 160; i++)
            dst[i] = d * (float)trit(p[i % 32], i / 32);
        for (int i = 0; i < 80; i++)
            dst[160 + i] = d * (float)trit(p[32 + i % 16], i / 16);
        for (int i = 0; i < 16; i++)
            dst[240 + i] = d * (float)trit(p[48 + i % 4], i / 4);
    }
}

/* codes[64] of 2 bits, d. */
void WG_DEQUANT(tq2_0)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 66, dst += B) {
        float d = wg_load_f16(p + 64);
        for (int g = 0; g < 8; g++) {
            for (int i = 0; i < 32; i++) {
                int q = p[g / 4 * 32 + i] >> (g % 4 * 2) & 3;
                dst[32 * g + i] = d * (float)(q - 1);
            }
        }
    }
}
