/*
 * Dequantizers of the types whose codes are indices into a lattice (quant_tables.c): 8 or 4 values
 * an index, signs and group scales beside it.
 */
#include "kernel/half.h"
#include "kernel/quant.h"
#include "kernel/variants.h"

enum { B = 256 };

/* Seven stored sign bits; the eighth makes the number of minus signs even. */
static uint8_t signs_of(uint32_t seven)
{
    uint32_t x = seven & 127, parity = x ^ x >> 4;

    parity ^= parity >> 2;
    parity ^= parity >> 1;
    return (uint8_t)(x | (parity & 1) << 7);
}

static void put_iq2(float *dst, float db, uint16_t point, uint8_t signs)
{
    static const float value[4] = {8, 25, 43, 0};

    for (int i = 0; i < 8; i++) {
        float v = db * value[point >> (2 * i) & 3];
        dst[i] = signs >> i & 1 ? -v : v;
    }
}

static void put_iq3(float *dst, const float value[8], float db, uint16_t point, uint8_t signs)
{
    for (int i = 0; i < 4; i++) {
        float v = db * value[point >> (4 * i) & 7];
        dst[i] = signs >> i & 1 ? -v : v;
    }
}

static void put_iq1(float *dst, float dl, uint16_t point, bool minus)
{
    float delta = minus ? -0.125f : 0.125f;

    for (int i = 0; i < 8; i++)
        dst[i] = dl * ((float)((point >> (2 * i) & 3) - 1) + delta);
}

/* d, then for 32 values: 4 indices, and a word of 4 x 7 signs and a scale of 4 bits. */
void WG_DEQUANT(iq2_xxs)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 66, dst += B) {
        float d = wg_load_f16(p);
        for (int j = 0; j < 8; j++) {
            const uint8_t *q = p + 2 + 8 * j;
            uint32_t w = wg_load_u32(q + 4);
            float db = d * (0.5f + (float)(w >> 28)) * 0.25f;
            for (int l = 0; l < 4; l++)
                put_iq2(dst + 32 * j + 8 * l, db, wg_iq2xxs_grid[q[l]], signs_of(w >> (7 * l)));
        }
    }
}

/* d, 32 words of index (9 bits) and signs (7 bits), 16 scales of 4 bits. */
void WG_DEQUANT(iq2_xs)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 74, dst += B) {
        float d = wg_load_f16(p);
        for (int i = 0; i < 32; i++) {
            uint16_t w = wg_load_u16(p + 2 + 2 * i);
            int scale = p[66 + i / 4] >> (i / 2 % 2 * 4) & 15;
            float db = d * (0.5f + (float)scale) * 0.25f;
            put_iq2(dst + 8 * i, db, wg_iq2xs_grid[w & 511], signs_of(w >> 9));
        }
    }
}

/* d, low index bits[32], signs[32], high index bits[8], scales[8]. */
void WG_DEQUANT(iq2_s)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 82, dst += B) {
        float d = wg_load_f16(p);
        for (int i = 0; i < 32; i++) {
            int index = p[2 + i] | (p[66 + i / 4] >> (i % 4 * 2) & 3) << 8;
            int scale = p[74 + i / 4] >> (i / 2 % 2 * 4) & 15;
            float db = d * (0.5f + (float)scale) * 0.25f;
            put_iq2(dst + 8 * i, db, wg_iq2s_grid[index], p[34 + i]);
        }
    }
}

/* d, indices[64], then a word of 4 x 7 signs and a scale of 4 bits for each 32 values. */
void WG_DEQUANT(iq3_xxs)(const void *restrict src, float *restrict dst, int64_t n)
{
    static const float value[8] = {4, 12, 20, 28, 36, 44, 52, 62};
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 98, dst += B) {
        float d = wg_load_f16(p);
        for (int j = 0; j < 8; j++) {
            uint32_t w = wg_load_u32(p + 66 + 4 * j);
            float db = d * (0.5f + (float)(w >> 28)) * 0.5f;
            for (int l = 0; l < 8; l++) {
                uint8_t s = (uint8_t)(signs_of(w >> (7 * (l / 2))) >> (l % 2 * 4));
                put_iq3(dst + 32 * j + 4 * l, value, db, wg_iq3xxs_grid[p[2 + 8 * j + l]], s);
            }
        }
    }
}

/* d, low index bits[64], high index bits[8], signs[32], scales[4]. */
void WG_DEQUANT(iq3_s)(const void *restrict src, float *restrict dst, int64_t n)
{
    static const float value[8] = {1, 3, 5, 7, 9, 11, 13, 15};
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 110, dst += B) {
        float d = wg_load_f16(p);
        for (int i = 0; i < 64; i++) {
            int index = p[2 + i] | (p[66 + i / 8] >> (i % 8) & 1) << 8;
            int scale = p[106 + i / 16] >> (i / 8 % 2 * 4) & 15;
            uint8_t s = (uint8_t)(p[74 + i / 2] >> (i % 2 * 4));
            put_iq3(dst + 4 * i, value, d * (float)(1 + 2 * scale), wg_iq3s_grid[index], s);
        }
    }
}

/* d, low index bits[32], 8 words of 4 x 3 high index bits, a scale of 3 bits and the shift's sign.
 */
void WG_DEQUANT(iq1_s)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 50, dst += B) {
        float d = wg_load_f16(p);
        for (int i = 0; i < 32; i++) {
            uint16_t h = wg_load_u16(p + 34 + i / 4 * 2);
            int index = p[2 + i] | (h >> (i % 4 * 3) & 7) << 8;
            float dl = d * (float)(2 * (h >> 12 & 7) + 1);
            put_iq1(dst + 8 * i, dl, wg_iq1_grid[index], h & 0x8000);
        }
    }
}

/* low index bits[32], 32 nibbles of 3 high index bits and the shift's sign, 4 words of 4 x 3 scale
 * bits whose top nibbles together are d. */
void WG_DEQUANT(iq1_m)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t b = 0; b < n / B; b++, p += 56, dst += B) {
        uint16_t bits = 0;
        for (int i = 0; i < 4; i++)
            bits |= (uint16_t)(wg_load_u16(p + 48 + 2 * i) >> 12 << (4 * i));
        float d = wg_f16_f32(bits);
        for (int i = 0; i < 32; i++) {
            int h = p[32 + i / 2] >> (i % 2 * 4) & 15;
            int scale = wg_load_u16(p + 48 + i / 8 * 2) >> (i % 8 / 2 * 3) & 7;
            put_iq1(dst + 8 * i, d * (float)(2 * scale + 1), wg_iq1_grid[p[i] | (h & 7) << 8],
                    h & 8);
        }
    }
}
