/*
 * Dequantizers of the types with blocks of 32 values (and NVFP4): one scale a block, codes of 4, 5
 * or 8 bits, an optional minimum. A 4-bit block keeps value i in the low and value i + 16 in the
 * high half of byte i. The types of 5 bits keep bit 4 of value i in bit i of a 32-bit word.
 */
#include "kernel/half.h"
#include "kernel/quant.h"
#include "kernel/variants.h"

enum { B = 32 };

/* dst = d * (code + offset) of the 32 codes of 4 bits at q. */
static inline void nibbles(const uint8_t *restrict q, float d, int offset, float *restrict dst)
{
    for (int i = 0; i < 16; i++)
        dst[i] = d * (float)((q[i] & 15) + offset);
    for (int i = 0; i < 16; i++)
        dst[i + 16] = d * (float)((q[i] >> 4) + offset);
}

static inline void lookup(const uint8_t *restrict q, float d, const int8_t table[16],
                          float *restrict dst)
{
    float value[16];

    for (int i = 0; i < 16; i++)
        value[i] = d * (float)table[i];
    for (int i = 0; i < 16; i++) {
        dst[i] = value[q[i] & 15];
        dst[i + 16] = value[q[i] >> 4];
    }
}

void WG_DEQUANT(q4_0)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 18, dst += B) {
        float d = wg_load_f16(p);
        nibbles(p + 2, d, -8, dst);
    }
}

void WG_DEQUANT(q4_1)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 20, dst += B) {
        float d = wg_load_f16(p), m = wg_load_f16(p + 2);
        nibbles(p + 4, d, 0, dst);
        for (int i = 0; i < B; i++)
            dst[i] += m;
    }
}

/* Code of value i of a 5-bit block with high bits qh and low halves qs. */
static int code5(const uint8_t *qs, uint32_t qh, int i)
{
    int low = i < 16 ? qs[i] & 15 : qs[i - 16] >> 4;

    return low | (int)(qh >> i & 1) << 4;
}

void WG_DEQUANT(q5_0)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 22, dst += B) {
        float d = wg_load_f16(p);
        uint32_t qh = wg_load_u32(p + 2);
        for (int i = 0; i < B; i++)
            dst[i] = d * (float)(code5(p + 6, qh, i) - 16);
    }
}

void WG_DEQUANT(q5_1)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 24, dst += B) {
        float d = wg_load_f16(p), m = wg_load_f16(p + 2);
        uint32_t qh = wg_load_u32(p + 4);
        for (int i = 0; i < B; i++)
            dst[i] = d * (float)code5(p + 8, qh, i) + m;
    }
}

void WG_DEQUANT(q8_0)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 34, dst += B) {
        float d = wg_load_f16(p);
        for (int i = 0; i < B; i++)
            dst[i] = d * (float)(int8_t)p[2 + i];
    }
}

/* As Q8_0, with the sum of the values (not needed here) after the scale. */
void WG_DEQUANT(q8_1)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 36, dst += B) {
        float d = wg_load_f16(p);
        for (int i = 0; i < B; i++)
            dst[i] = d * (float)(int8_t)p[4 + i];
    }
}

void WG_DEQUANT(iq4_nl)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 18, dst += B) {
        float d = wg_load_f16(p);
        lookup(p + 2, d, wg_iq4nl_values, dst);
    }
}

void WG_DEQUANT(mxfp4)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 17, dst += B) {
        float d = wg_e8m0_half(p[0]);
        lookup(p + 1, d, wg_fp4_values, dst);
    }
}

/* Four groups of 16 values, each with its scale: 4 scales, then 8 bytes a group. */
void WG_DEQUANT(nvfp4)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / 64; b++, p += 36, dst += 64) {
        for (int g = 0; g < 4; g++) {
            float d = wg_ue4m3_half(p[g]);
            for (int i = 0; i < 8; i++) {
                uint8_t q = p[4 + 8 * g + i];
                dst[16 * g + i] = d * (float)wg_fp4_values[q & 15];
                dst[16 * g + i + 8] = d * (float)wg_fp4_values[q >> 4];
            }
        }
    }
}
