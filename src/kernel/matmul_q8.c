/*
 * Matmul in integers: weight codes times activations rounded to int8 (q8.h).
 *
 * For each block of 32 values, in order, with da the activation's scale:
 *   group of 32:         y += float(sum w q) * (dw * da);   then with a minimum  y += mw * s
 *   groups of 16 (0, 1): y += float(sum w q) * (dw * da) for each group;  then  y += mw * half_s
 * dw and mw are the f32 scale and minimum that the dequantizer would use; the sums are exact; every
 * product and sum of floats is rounded by itself, none fused. So every level gives the same bits.
 */
#include "kernel/half.h"
#include "kernel/q8.h"
#include "kernel/quant.h"
#include "kernel/variants.h"

#include <math.h>

/* 32 weights: values d[g] * q + m[g], g the group of 16 or 32. */
struct block {
    int8_t q[32];
    float d[2], m[2];
};

/* Block b of a row in file form. */
typedef void decode_fn(const uint8_t *row, int64_t b, struct block *out);

static void pack_block(const float *x, struct wg_q8 *b)
{
    uint32_t top = 0;
    float max, id;

    for (int i = 0; i < 32; i++) {
        uint32_t a = wg_f32_bits(x[i]) & 0x7fffffff;
        top = a > top ? a : top;
    }
    max = wg_bits_f32(top);
    memset(b, 0, sizeof *b);
    if (!(max < INFINITY)) {
        b->d = b->s = b->half_s[0] = b->half_s[1] = NAN;
        return;
    }
    if (max < WG_Q8_MIN)
        return;
    b->d = max / 127.0f;
    id = 127.0f / max;
    for (int i = 0; i < 32; i++) {
        /* 1.5 * 2^23 added: the low bits hold the number rounded to nearest even. */
        b->q[i] = (int8_t)(wg_f32_bits(x[i] * id + 12582912.0f) & 0xff);
        b->half_sum[i / 16] += b->q[i];
    }
    b->sum = b->half_sum[0] + b->half_sum[1];
    b->s = b->d * (float)b->sum;
    b->half_s[0] = b->d * (float)b->half_sum[0];
    b->half_s[1] = b->d * (float)b->half_sum[1];
}

void wg_pack_q8_ref(const float *x, void *dst, int64_t k)
{
    struct wg_q8 *b = dst;

    for (int64_t i = 0; i < k / 32; i++)
        pack_block(x + 32 * i, b + i);
}

static int dot16(const int8_t *w, const int8_t *a)
{
    int sum = 0;

    for (int i = 0; i < 16; i++)
        sum += w[i] * a[i];
    return sum;
}

static void matmul(decode_fn *decode, int group, bool has_min, const void *w, size_t w_stride,
                   const void *act, size_t act_stride, int64_t k, float *y, int64_t y_stride,
                   int64_t rows, int64_t cols)
{
    struct block wb;

    for (int64_t r = 0; r < rows; r++) {
        const uint8_t *row = (const uint8_t *)w + (size_t)r * w_stride;
        for (int64_t c = 0; c < cols; c++)
            y[c * y_stride + r] = 0;
        for (int64_t b = 0; b < k / 32; b++) {
            decode(row, b, &wb);
            for (int64_t c = 0; c < cols; c++) {
                const struct wg_q8 *a =
                    (const struct wg_q8 *)((const uint8_t *)act + (size_t)c * act_stride) + b;
                float v = y[c * y_stride + r];
                int s0 = dot16(wb.q, a->q), s1 = dot16(wb.q + 16, a->q + 16);
                if (group == 32) {
                    v += (float)(s0 + s1) * (wb.d[0] * a->d);
                    if (has_min)
                        v += wb.m[0] * a->s;
                } else {
                    v += (float)s0 * (wb.d[0] * a->d);
                    v += (float)s1 * (wb.d[1] * a->d);
                    if (has_min) {
                        v += wb.m[0] * a->half_s[0];
                        v += wb.m[1] * a->half_s[1];
                    }
                }
                y[c * y_stride + r] = v;
            }
        }
    }
}

/* Codes of 4 bits at p, in the order of the blocks of 32. */
static void nibbles(const uint8_t *p, int offset, int8_t *q)
{
    for (int i = 0; i < 16; i++) {
        q[i] = (int8_t)((p[i] & 15) + offset);
        q[i + 16] = (int8_t)((p[i] >> 4) + offset);
    }
}

static void lookup(const uint8_t *p, const int8_t table[16], int8_t *q)
{
    for (int i = 0; i < 16; i++) {
        q[i] = table[p[i] & 15];
        q[i + 16] = table[p[i] >> 4];
    }
}

static void fifth_bits(uint32_t high, int8_t *q)
{
    for (int i = 0; i < 32; i++)
        q[i] = (int8_t)(q[i] + (int)(high >> i & 1) * 16);
}

static void decode_q4_0(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 18 * b;

    o->d[0] = wg_load_f16(p);
    nibbles(p + 2, -8, o->q);
}

static void decode_q4_1(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 20 * b;

    o->d[0] = wg_load_f16(p);
    o->m[0] = wg_load_f16(p + 2);
    nibbles(p + 4, 0, o->q);
}

static void decode_q5_0(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 22 * b;

    o->d[0] = wg_load_f16(p);
    nibbles(p + 6, -16, o->q);
    fifth_bits(wg_load_u32(p + 2), o->q);
}

static void decode_q5_1(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 24 * b;

    o->d[0] = wg_load_f16(p);
    o->m[0] = wg_load_f16(p + 2);
    nibbles(p + 8, 0, o->q);
    fifth_bits(wg_load_u32(p + 4), o->q);
}

static void decode_q8_0(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 34 * b;

    o->d[0] = wg_load_f16(p);
    memcpy(o->q, p + 2, 32);
}

static void decode_iq4_nl(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 18 * b;

    o->d[0] = wg_load_f16(p);
    lookup(p + 2, wg_iq4nl_values, o->q);
}

static void decode_mxfp4(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 17 * b;

    o->d[0] = wg_e8m0_half(p[0]);
    lookup(p + 1, wg_fp4_values, o->q);
}

static void decode_iq4_xs(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 136 * (b / 8);
    int j = (int)(b % 8);

    o->d[0] = wg_load_f16(p) * (float)wg_iq4xs_scale(p, j);
    lookup(p + 8 + 16 * j, wg_iq4nl_values, o->q);
}

static void scale_min_k(const uint8_t *p, int j, struct block *o)
{
    int sc, mn;

    wg_q4k_scale_min(p + 4, j, &sc, &mn);
    o->d[0] = wg_load_f16(p) * (float)sc;
    o->m[0] = -(wg_load_f16(p + 2) * (float)mn);
}

static void decode_q4_k(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 144 * (b / 8);
    int j = (int)(b % 8);

    scale_min_k(p, j, o);
    for (int i = 0; i < 32; i++)
        o->q[i] = (int8_t)(p[16 + j / 2 * 32 + i] >> (j % 2 * 4) & 15);
}

static void decode_q5_k(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 176 * (b / 8);
    int j = (int)(b % 8);

    scale_min_k(p, j, o);
    for (int i = 0; i < 32; i++) {
        int low = p[48 + j / 2 * 32 + i] >> (j % 2 * 4) & 15, high = p[16 + i] >> j & 1;
        o->q[i] = (int8_t)(low | high << 4);
    }
}

static void decode_q2_k(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 84 * (b / 8);
    int j = (int)(b % 8);

    for (int g = 0; g < 2; g++) {
        o->d[g] = wg_load_f16(p + 80) * (float)(p[2 * j + g] & 15);
        o->m[g] = -(wg_load_f16(p + 82) * (float)(p[2 * j + g] >> 4));
    }
    for (int i = 0; i < 32; i++)
        o->q[i] = (int8_t)(p[16 + j / 4 * 32 + i] >> (j % 4 * 2) & 3);
}

static void decode_q3_k(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 110 * (b / 8);
    int j = (int)(b % 8);

    for (int g = 0; g < 2; g++)
        o->d[g] = wg_load_f16(p + 108) * (float)wg_q3k_scale(p + 96, 2 * j + g);
    for (int i = 0; i < 32; i++) {
        int low = p[32 + j / 4 * 32 + i] >> (j % 4 * 2) & 3, high = p[i] >> j & 1;
        o->q[i] = (int8_t)((low | high << 2) - 4);
    }
}

static void decode_q6_k(const uint8_t *row, int64_t b, struct block *o)
{
    const uint8_t *p = row + 210 * (b / 8);
    int j = (int)(b % 8);

    for (int g = 0; g < 2; g++)
        o->d[g] = wg_load_f16(p + 208) * (float)(int8_t)p[192 + 2 * j + g];
    for (int i = 0; i < 32; i++) {
        int low = p[j / 4 * 64 + j % 2 * 32 + i] >> (j % 4 / 2 * 4) & 15;
        int high = p[128 + j / 4 * 32 + i] >> (j % 4 * 2) & 3;
        o->q[i] = (int8_t)((low | high << 4) - 32);
    }
}

#define DEFINE(name, group, has_min)                                                               \
    void wg_matmul_##name##_ref(const void *w, size_t w_stride, const void *act,                   \
                                size_t act_stride, int64_t k, float *y, int64_t y_stride,          \
                                int64_t rows, int64_t cols)                                        \
    {                                                                                              \
        matmul(decode_##name, group, has_min, w, w_stride, act, act_stride, k, y, y_stride, rows,  \
               cols);                                                                              \
    }
DEFINE(q4_0, 32, false)
DEFINE(q4_1, 32, true)
DEFINE(q5_0, 32, false)
DEFINE(q5_1, 32, true)
DEFINE(q8_0, 32, false)
DEFINE(iq4_nl, 32, false)
DEFINE(iq4_xs, 32, false)
DEFINE(mxfp4, 32, false)
DEFINE(q4_k, 32, true)
DEFINE(q5_k, 32, true)
DEFINE(q2_k, 16, true)
DEFINE(q3_k, 16, false)
DEFINE(q6_k, 16, false)
