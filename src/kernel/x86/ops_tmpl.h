/*
 * Vector operations, norms, activations and softmax on sixteen lanes: the operations of vec.c,
 * norm.c and act.c in the same order, so the same bits. The including file defines WG_LEVEL(name)
 * and v16.
 */
#include "kernel/variants.h"
#include "kernel/x86/math_tmpl.h"

#include <math.h>

/* Runs BODY with i at every multiple of 16, LOAD and STORE whole; then once for the rest. */
#define FOR_LANES(n, BODY)                                                                         \
    do {                                                                                           \
        int64_t i = 0;                                                                             \
        for (; i + 16 <= (n); i += 16) {                                                           \
            BODY(v16_load, v16_store)                                                              \
        }                                                                                          \
        if (i < (n)) {                                                                             \
            int64_t rest = (n)-i;                                                                  \
            BODY(LOAD_REST, STORE_REST)                                                            \
        }                                                                                          \
    } while (0)
#define LOAD_REST(p)     v16_load_n(p, rest)
#define STORE_REST(p, x) v16_store_n(p, x, rest)

static void WG_LEVEL(add)(float *y, const float *x, int64_t n)
{
#define BODY(load, store) store(y + i, v16_add(load(y + i), load(x + i)));
    FOR_LANES(n, BODY);
#undef BODY
}

static void WG_LEVEL(mul_add)(float *y, const float *x, float a, int64_t n)
{
    v16 va = v16_set1(a);
#define BODY(load, store) store(y + i, v16_add(load(y + i), v16_mul(va, load(x + i))));
    FOR_LANES(n, BODY);
#undef BODY
}

static void WG_LEVEL(scale)(float *y, float a, int64_t n)
{
    v16 va = v16_set1(a);
#define BODY(load, store) store(y + i, v16_mul(load(y + i), va));
    FOR_LANES(n, BODY);
#undef BODY
}

static float WG_LEVEL(dot)(const float *x, const float *y, int64_t n)
{
    v16 sum = v16_zero();
#define BODY(load, store) sum = v16_add(sum, v16_mul(load(x + i), load(y + i)));
    FOR_LANES(n, BODY);
#undef BODY
    return v16_sum(sum);
}

static void WG_LEVEL(rmsnorm)(const float *x, const float *w, float *y, int64_t n, float eps)
{
    v16 r = v16_set1(1.0f / sqrtf(WG_LEVEL(dot)(x, x, n) / (float)n + eps));

    if (w) {
#define BODY(load, store) store(y + i, v16_mul(v16_mul(load(x + i), r), load(w + i)));
        FOR_LANES(n, BODY);
#undef BODY
    } else {
#define BODY(load, store) store(y + i, v16_mul(load(x + i), r));
        FOR_LANES(n, BODY);
#undef BODY
    }
}

/* (x - mean)^2 in lane sums; lanes beyond the end must add nothing. */
static v16 WG_LEVEL(square_deviations)(const float *x, v16 mean, int64_t n)
{
    v16 sum = v16_zero();
    int64_t i = 0;

    for (; i + 16 <= n; i += 16) {
        v16 d = v16_sub(v16_load(x + i), mean);
        sum = v16_add(sum, v16_mul(d, d));
    }
    if (i < n) {
        float rest[16];
        v16_store(rest, v16_sub(v16_load_n(x + i, n - i), mean));
        v16 d = v16_load_n(rest, n - i);
        sum = v16_add(sum, v16_mul(d, d));
    }
    return sum;
}

static void WG_LEVEL(layernorm)(const float *x, const float *w, const float *b, float *y, int64_t n,
                                float eps)
{
    v16 sum = v16_zero();
#define BODY(load, store) sum = v16_add(sum, load(x + i));
    FOR_LANES(n, BODY);
#undef BODY
    v16 mean = v16_set1(v16_sum(sum) / (float)n);
    v16 var = WG_LEVEL(square_deviations)(x, mean, n);
    v16 r = v16_set1(1.0f / sqrtf(v16_sum(var) / (float)n + eps));

#define BODY(load, store)                                                                          \
    v16 v = v16_mul(v16_sub(load(x + i), mean), r);                                                \
    v = w ? v16_mul(v, load(w + i)) : v;                                                           \
    store(y + i, b ? v16_add(v, load(b + i)) : v);
    FOR_LANES(n, BODY);
#undef BODY
}

static inline v16 WG_LEVEL(silu)(v16 x)
{
    return v16_div(x, v16_add(v16_set1(1.0f), v16_exp(v16_neg(x))));
}

static inline v16 WG_LEVEL(gelu_tanh)(v16 x)
{
    v16 cube = v16_mul(v16_mul(x, x), x);
    v16 u = v16_mul(v16_set1(WG_GELU_SCALE), v16_add(x, v16_mul(v16_set1(WG_GELU_CUBE), cube)));

    return v16_mul(v16_mul(v16_set1(0.5f), x), v16_add(v16_set1(1.0f), v16_tanh(u)));
}

static inline v16 WG_LEVEL(relu)(v16 x)
{
    return v16_max(x, v16_zero());
}

#define GATED(act)                                                                                 \
    static void WG_LEVEL(gated_##act)(float *gate, const float *up, int64_t n)                     \
    {                                                                                              \
        FOR_LANES(n, GATED_BODY_##act);                                                            \
    }
#define GATED_STEP(act, load, store)                                                               \
    v16 v = WG_LEVEL(act)(load(gate + i));                                                         \
    store(gate + i, up ? v16_mul(v, load(up + i)) : v);
#define GATED_BODY_silu(load, store)      GATED_STEP(silu, load, store)
#define GATED_BODY_gelu_tanh(load, store) GATED_STEP(gelu_tanh, load, store)
#define GATED_BODY_relu(load, store)      GATED_STEP(relu, load, store)
GATED(silu)
GATED(gelu_tanh)
GATED(relu)

static void WG_LEVEL(gated)(enum wg_act kind, float *gate, const float *up, int64_t n)
{
    if (kind == WG_ACT_SILU)
        WG_LEVEL(gated_silu)(gate, up, n);
    else if (kind == WG_ACT_GELU_TANH)
        WG_LEVEL(gated_gelu_tanh)(gate, up, n);
    else if (kind == WG_ACT_RELU)
        WG_LEVEL(gated_relu)(gate, up, n);
    else
        wg_gated_ref(kind, gate, up, n); /* erff of libm at every level */
}

static float WG_LEVEL(max)(const float *x, int64_t n)
{
    v16 low = v16_set1(-INFINITY), max = low;
    float lane[16], m = -INFINITY;
    int64_t i = 0;

    for (; i + 16 <= n; i += 16)
        max = v16_max(v16_load(x + i), max);
    v16_store(lane, max);
    for (; i < n; i++)
        m = x[i] > m ? x[i] : m;
    for (i = 0; i < 16; i++)
        m = lane[i] > m ? lane[i] : m;
    return m;
}

/* x = exp(x - max); returns their sum. */
static float WG_LEVEL(exp_sum)(float *x, int64_t n, float max)
{
    v16 sum = v16_zero(), vm = v16_set1(max);
    int64_t i = 0;

    for (; i + 16 <= n; i += 16) {
        v16 e = v16_exp(v16_sub(v16_load(x + i), vm));
        v16_store(x + i, e);
        sum = v16_add(sum, e);
    }
    if (i < n) {
        v16_store_n(x + i, v16_exp(v16_sub(v16_load_n(x + i, n - i), vm)), n - i);
        sum = v16_add(sum, v16_load_n(x + i, n - i));
    }
    return v16_sum(sum);
}

static void WG_LEVEL(softmax)(float *x, int64_t n)
{
    float sum = WG_LEVEL(exp_sum)(x, n, WG_LEVEL(max)(x, n));

    WG_LEVEL(scale)(x, 1.0f / sum, n);
}

static void WG_LEVEL(rope_neox)(float *x, const float *cs, int64_t half)
{
    int64_t i = 0;

    for (; i + 16 <= half; i += 16) {
        v16 a = v16_load(x + i), b = v16_load(x + half + i), c, s;
        v16_unzip(cs + 2 * i, &c, &s);
        v16_store(x + i, v16_sub(v16_mul(a, c), v16_mul(b, s)));
        v16_store(x + half + i, v16_add(v16_mul(a, s), v16_mul(b, c)));
    }
    for (; i < half; i++) {
        float a = x[i], b = x[i + half], c = cs[2 * i], s = cs[2 * i + 1];
        x[i] = a * c - b * s;
        x[i + half] = a * s + b * c;
    }
}

static void WG_LEVEL(rope_interleaved)(float *x, const float *cs, int64_t half)
{
#define BODY(load, store) store(x + i, v16_rotate_pairs(load(x + i), load(cs + i)));
    FOR_LANES(2 * half, BODY);
#undef BODY
}

static void WG_LEVEL(f32_to_f16)(const float *x, uint16_t *y, int64_t n)
{
    int64_t i = 0;

    for (; i + 16 <= n; i += 16)
        v16_store_f16(y + i, v16_load(x + i));
    wg_f32_to_f16_ref(x + i, y + i, n - i);
}

static void WG_LEVEL(f16_to_f32)(const uint16_t *x, float *y, int64_t n)
{
    int64_t i = 0;

    for (; i + 16 <= n; i += 16)
        v16_store(y + i, v16_load_f16(x + i));
    if (i < n)
        v16_store_n(y + i, v16_load_f16_n(x + i, n - i), n - i);
}

static void WG_LEVEL(set_ops)(struct wg_kernels *k)
{
    k->add = WG_LEVEL(add);
    k->mul_add = WG_LEVEL(mul_add);
    k->scale = WG_LEVEL(scale);
    k->dot = WG_LEVEL(dot);
    k->rmsnorm = WG_LEVEL(rmsnorm);
    k->layernorm = WG_LEVEL(layernorm);
    k->gated = WG_LEVEL(gated);
    k->softmax = WG_LEVEL(softmax);
    k->rope_neox = WG_LEVEL(rope_neox);
    k->rope_interleaved = WG_LEVEL(rope_interleaved);
    k->f32_to_f16 = WG_LEVEL(f32_to_f16);
    k->f16_to_f32 = WG_LEVEL(f16_to_f32);
}
