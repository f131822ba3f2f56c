/*
 * Attention over one KV head, streamed: keys in blocks of WG_ATTN_BLOCK from the first visible one.
 * A block's scores raise the running maximum m; what was summed before is scaled by exp(old m - m);
 * then the block's weights exp(s - m) and weighted values are added, values in the order of keys.
 */
#include "kernel/attn.h"
#include "kernel/half.h"
#include "kernel/lanes.h"
#include "kernel/mathf.h"
#include "kernel/variants.h"

#include <math.h>

size_t wg_attn_scratch_bytes(int n_heads, int d_k, int d_v)
{
    size_t widest = (size_t)(d_k > d_v ? d_k : d_v) + WG_LANES;
    size_t floats = widest + (size_t)n_heads * (WG_ATTN_BLOCK + 2);

    return (floats * sizeof(float) + 63) / 64 * 64;
}

/* The values of one key or value row: the row itself, or its conversion in the scratch. */
static const float *row_f32(const uint8_t *p, enum wg_kv_type type, int n, float *scratch)
{
    if (type == WG_KV_F32)
        memcpy(scratch, p, (size_t)n * sizeof(float));
    else
        wg_dequant_f16_ref(p, scratch, n);
    return scratch;
}

/* Weights of one block of `count` scores, in place; returns what to scale the older sums by. */
static float block_weights(const struct wg_attn_args *a, float *s, int count, float *max,
                           float *sum)
{
    float lane[WG_LANES] = {0}, m = *max;

    for (int j = 0; j < count; j++) {
        s[j] *= a->scale;
        if (a->softcap != 0)
            s[j] = a->softcap * wg_tanhf(s[j] / a->softcap);
        m = s[j] > m ? s[j] : m;
    }
    for (int j = 0; j < count; j++) {
        s[j] = wg_expf(s[j] - m);
        lane[j % WG_LANES] += s[j];
    }
    float older = wg_expf(*max - m);
    *sum = *sum * older + wg_lanes_sum(lane);
    *max = m;
    return older;
}

void wg_attn_finish(const struct wg_attn_args *a, int h, float max, float sum)
{
    float *out = a->out + h * a->out_stride, older = 1;

    if (a->sinks) {
        float m = a->sinks[h] > max ? a->sinks[h] : max;
        older = wg_expf(max - m);
        sum = sum * older + wg_expf(a->sinks[h] - m);
    }
    float r = older / sum;
    for (int i = 0; i < a->d_v; i++)
        out[i] *= r;
}

static void attn_ref(const struct wg_attn_args *a, enum wg_kv_type type)
{
    float *row = a->scratch, *max = row + (a->d_k > a->d_v ? a->d_k : a->d_v) + WG_LANES;
    float *sum = max + a->n_heads, *scores = sum + a->n_heads;

    for (int h = 0; h < a->n_heads; h++) {
        max[h] = -INFINITY;
        sum[h] = 0;
        memset(a->out + h * a->out_stride, 0, (size_t)a->d_v * sizeof(float));
    }
    for (int64_t base = 0; base < a->n_kv; base += WG_ATTN_BLOCK) {
        int64_t left = a->n_kv - base;
        int count = left < WG_ATTN_BLOCK ? (int)left : WG_ATTN_BLOCK;
        const uint8_t *k = (const uint8_t *)a->k + (size_t)base * a->k_stride;
        const uint8_t *v = (const uint8_t *)a->v + (size_t)base * a->v_stride;

        for (int j = 0; j < count; j++) {
            const float *kj = row_f32(k + (size_t)j * a->k_stride, type, a->d_k, row);
            for (int h = 0; h < a->n_heads; h++)
                scores[h * WG_ATTN_BLOCK + j] = wg_dot_ref(a->q + h * a->q_stride, kj, a->d_k);
        }
        for (int h = 0; h < a->n_heads; h++) {
            float older = block_weights(a, scores + h * WG_ATTN_BLOCK, count, max + h, sum + h);
            wg_scale_ref(a->out + h * a->out_stride, older, a->d_v);
        }
        for (int j = 0; j < count; j++) {
            const float *vj = row_f32(v + (size_t)j * a->v_stride, type, a->d_v, row);
            for (int h = 0; h < a->n_heads; h++)
                wg_mul_add_ref(a->out + h * a->out_stride, vj, scores[h * WG_ATTN_BLOCK + j],
                               a->d_v);
        }
    }
    for (int h = 0; h < a->n_heads; h++)
        wg_attn_finish(a, h, max[h], sum[h]);
}

void wg_attn_f32_ref(const struct wg_attn_args *a)
{
    attn_ref(a, WG_KV_F32);
}

void wg_attn_f16_ref(const struct wg_attn_args *a)
{
    attn_ref(a, WG_KV_F16);
}
