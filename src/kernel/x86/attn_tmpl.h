/*
 * Attention on sixteen lanes: the arithmetic of attn.c, with the scores of sixteen keys summed at
 * once and a head's values kept in registers over a block of keys.
 */
#include "base/attr.h"
#include "kernel/attn.h"

#include <math.h>
#include <string.h>

struct kv_load {
    v16 (*load)(const void *p);
    v16 (*load_n)(const void *p, int64_t n);
    size_t bytes;
};

static WG_ALWAYS_INLINE v16 WG_LEVEL(dot_lanes)(struct kv_load t, const float *q, const uint8_t *k,
                                                int n)
{
    v16 sum = v16_zero();
    int i = 0;

    for (; i + 16 <= n; i += 16)
        sum = v16_add(sum, v16_mul(v16_load(q + i), t.load(k + (size_t)i * t.bytes)));
    if (i < n)
        sum = v16_add(sum,
                      v16_mul(v16_load_n(q + i, n - i), t.load_n(k + (size_t)i * t.bytes, n - i)));
    return sum;
}

/* scores[0..count) = q . k of a block of keys. */
static WG_ALWAYS_INLINE void WG_LEVEL(scores)(struct kv_load t, const struct wg_attn_args *a,
                                              const float *q, const uint8_t *k, int count,
                                              float *scores)
{
    for (int j = 0; j < count; j += 16) {
        v16 lanes[16];
        int n = WG_MIN(count - j, 16);
        for (int i = 0; i < 16; i++)
            lanes[i] = i < n ? WG_LEVEL(dot_lanes)(t, q, k + (size_t)(j + i) * a->k_stride, a->d_k)
                             : v16_zero();
        v16_store(scores + j, v16_sums(lanes));
    }
}

/* As block_weights in attn.c. */
static float WG_LEVEL(weights)(const struct wg_attn_args *a, float *s, int count, float *max,
                               float *sum)
{
    v16 scale = v16_set1(a->scale), cap = v16_set1(a->softcap);

    for (int j = 0; j < count; j += 16) {
        v16 x = v16_mul(v16_load(s + j), scale);
        if (a->softcap != 0)
            x = v16_mul(cap, v16_tanh(v16_div(x, cap)));
        v16_store(s + j, x);
    }
    float block = WG_LEVEL(max)(s, count), m = block > *max ? block : *max;
    float weight = WG_LEVEL(exp_sum)(s, count, m), older = wg_expf(*max - m);
    *sum = *sum * older + weight;
    *max = m;
    return older;
}

/* out[0..16 n) = out * older + sum of p[j] v[j], n <= 4. */
static WG_ALWAYS_INLINE void WG_LEVEL(values)(struct kv_load t, const uint8_t *v, size_t v_stride,
                                              const float *p, int count, float older, float *out,
                                              int n)
{
    v16 sum[4];

    for (int i = 0; i < n; i++)
        sum[i] = v16_mul(v16_load(out + 16 * i), v16_set1(older));
    for (int j = 0; j < count; j++, v += v_stride) {
        v16 pj = v16_set1(p[j]);
        for (int i = 0; i < n; i++)
            sum[i] = v16_add(sum[i], v16_mul(pj, t.load(v + (size_t)(16 * i) * t.bytes)));
    }
    for (int i = 0; i < n; i++)
        v16_store(out + 16 * i, sum[i]);
}

static WG_ALWAYS_INLINE void WG_LEVEL(all_values)(struct kv_load t, const struct wg_attn_args *a,
                                                  const uint8_t *v, const float *p, int count,
                                                  float older, float *out)
{
    int i = 0;

    for (; i + 64 <= a->d_v; i += 64)
        WG_LEVEL(values)(t, v + (size_t)i * t.bytes, a->v_stride, p, count, older, out + i, 4);
    for (; i + 16 <= a->d_v; i += 16)
        WG_LEVEL(values)(t, v + (size_t)i * t.bytes, a->v_stride, p, count, older, out + i, 1);
    if (i < a->d_v) {
        int n = a->d_v - i;
        v16 sum = v16_mul(v16_load_n(out + i, n), v16_set1(older));
        for (int j = 0; j < count; j++)
            sum = v16_add(sum,
                          v16_mul(v16_set1(p[j]),
                                  t.load_n(v + (size_t)j * a->v_stride + (size_t)i * t.bytes, n)));
        v16_store_n(out + i, sum, n);
    }
}

static WG_ALWAYS_INLINE void WG_LEVEL(attn)(struct kv_load t, const struct wg_attn_args *a)
{
    float scores[WG_ATTN_BLOCK] WG_ALIGNED(64);

    for (int h = 0; h < a->n_heads; h++) {
        const float *q = a->q + h * a->q_stride;
        float *out = a->out + h * a->out_stride, max = -INFINITY, sum = 0;

        memset(out, 0, (size_t)a->d_v * sizeof *out);
        for (int64_t base = 0; base < a->n_kv; base += WG_ATTN_BLOCK) {
            int count = (int)WG_MIN(a->n_kv - base, (int64_t)WG_ATTN_BLOCK);
            const uint8_t *k = (const uint8_t *)a->k + (size_t)base * a->k_stride;
            const uint8_t *v = (const uint8_t *)a->v + (size_t)base * a->v_stride;
            WG_LEVEL(scores)(t, a, q, k, count, scores);
            float older = WG_LEVEL(weights)(a, scores, count, &max, &sum);
            WG_LEVEL(all_values)(t, a, v, scores, count, older, out);
        }
        wg_attn_finish(a, h, max, sum);
    }
}

static void WG_LEVEL(attn_f32)(const struct wg_attn_args *a)
{
    WG_LEVEL(attn)((struct kv_load){v16_load, v16_load_n, 4}, a);
}

static void WG_LEVEL(attn_f16)(const struct wg_attn_args *a)
{
    WG_LEVEL(attn)((struct kv_load){v16_load_f16, v16_load_f16_n, 2}, a);
}

static void WG_LEVEL(set_attn)(struct wg_kernels *k)
{
    k->attn[WG_KV_F32] = WG_LEVEL(attn_f32);
    k->attn[WG_KV_F16] = WG_LEVEL(attn_f16);
}
