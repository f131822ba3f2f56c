/*
 * Attention: every level against the reference for equal bits, with keys and values that end at a
 * page; and the reference against a plain softmax in double precision.
 */
#include "checkkern.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ATTN_ERROR 3e-6 /* of the largest value, docs/NUMERICS.md */

struct job {
    wg_attn_fn *fn;
    struct wg_attn_args a;
};

static void run(void *arg)
{
    struct job *j = arg;

    j->fn(&j->a);
}

struct shape {
    int heads, d_k, d_v;
    int64_t n_kv;
    float softcap;
    bool sinks;
};

static float element(const void *rows, size_t stride, enum wg_kv_type type, int64_t row, int i)
{
    const uint8_t *p = (const uint8_t *)rows + (size_t)row * stride;
    float f;

    if (type == WG_KV_F32)
        memcpy(&f, p + 4 * i, 4);
    else
        ck.ref.f16_to_f32((const void *)(p + 2 * i), &f, 1);
    return f;
}

static void check_truth(const struct wg_attn_args *a, enum wg_kv_type type)
{
    double *weight = calloc((size_t)a->n_kv, sizeof *weight);

    for (int h = 0; h < a->n_heads; h++) {
        double max = a->sinks ? (double)a->sinks[h] : -1e300, sum = 0;
        for (int64_t j = 0; j < a->n_kv; j++) {
            double s = 0;
            for (int i = 0; i < a->d_k; i++)
                s += (double)a->q[h * a->q_stride + i] *
                     (double)element(a->k, a->k_stride, type, j, i);
            s *= (double)a->scale;
            if (a->softcap != 0)
                s = (double)a->softcap * tanh(s / (double)a->softcap);
            weight[j] = s;
            max = s > max ? s : max;
        }
        for (int64_t j = 0; j < a->n_kv; j++) {
            weight[j] = exp(weight[j] - max);
            sum += weight[j];
        }
        if (a->sinks)
            sum += exp((double)a->sinks[h] - max);
        for (int i = 0; i < a->d_v; i++) {
            double want = 0, got = (double)a->out[h * a->out_stride + i];
            for (int64_t j = 0; j < a->n_kv; j++)
                want += weight[j] / sum * (double)element(a->v, a->v_stride, type, j, i);
            if (!(fabs(got - want) <= ATTN_ERROR * 4)) {
                ck_fail("head %d value %d is %.9g, in double precision %.9g", h, i, got, want);
                free(weight);
                return;
            }
        }
    }
    free(weight);
}

static void *fill_rows(int64_t rows, size_t stride, int n, enum wg_kv_type type)
{
    size_t last = (size_t)n * (type == WG_KV_F32 ? 4 : 2);
    uint8_t *p = ck_alloc((size_t)(rows - 1) * stride + last, 2);
    float f[256];

    for (int64_t r = 0; r < rows; r++) {
        ck_fill_floats(f, n, CK_NORMAL);
        if (type == WG_KV_F32)
            memcpy(p + (size_t)r * stride, f, last);
        else
            ck.ref.f32_to_f16(f, (void *)(p + (size_t)r * stride), n);
    }
    return p;
}

static void check_shape(enum wg_kv_type type, struct shape s)
{
    size_t size = type == WG_KV_F32 ? 4 : 2, scratch = wg_attn_scratch_bytes(s.heads, s.d_k, s.d_v);
    size_t k_stride = (size_t)(s.d_k + 6) * size, v_stride = (size_t)(s.d_v + 2) * size;
    int64_t q_stride = s.d_k + 3, out_stride = s.d_v + 5;
    size_t out_floats = (size_t)(s.heads * out_stride);
    float *q = ck_alloc((size_t)(s.heads * q_stride - 3) * 4, 4), *sinks = NULL;
    float *out = ck_alloc((out_floats - 5) * 4, 4), *want = ck_alloc((out_floats - 5) * 4, 4);

    ck_begin("attn %s, %d heads, d %d/%d, %lld keys, softcap %g%s",
             type == WG_KV_F32 ? "f32" : "f16", s.heads, s.d_k, s.d_v, (long long)s.n_kv,
             (double)s.softcap, s.sinks ? ", sinks" : "");
    ck_fill_floats(q, s.heads * q_stride - 3, CK_NORMAL);
    memset(out, 0, (out_floats - 5) * 4);
    memset(want, 0, (out_floats - 5) * 4);
    if (s.sinks) {
        sinks = ck_alloc((size_t)s.heads * 4, 4);
        ck_fill_floats(sinks, s.heads, CK_NORMAL);
    }
    const void *k = fill_rows(s.n_kv, k_stride, s.d_k, type);
    const void *v = fill_rows(s.n_kv, v_stride, s.d_v, type);
    struct job j = {ck.k.attn[type],
                    {q, k, v, out, q_stride, out_stride, k_stride, v_stride, s.n_kv, s.heads, s.d_k,
                     s.d_v, 0.125f, s.softcap, sinks, ck_alloc(scratch, 64)}};
    struct job ref = j;
    ref.fn = ck.ref.attn[type];
    ref.a.out = want;
    run(&ref);
    for (int h = 0; h < s.heads; h++)
        ck_digest(want + h * out_stride, s.d_v);
    if (ck_call(run, &j)) {
        ck_equal(out, want, (int64_t)out_floats - 5, 0, 0);
        check_truth(&j.a, type);
    }
    ck_free_all();
}

static void bench(enum wg_kv_type type)
{
    enum { N = 1024, D = 64, H = 3 };
    size_t stride = D * (type == WG_KV_F32 ? 4 : 2);
    float *q = ck_alloc(H * D * 4, 4), *out = ck_alloc(H * D * 4, 4);
    struct job j = {ck.k.attn[type],
                    {q, fill_rows(N, stride, D, type), fill_rows(N, stride, D, type), out, D, D,
                     stride, stride, N, H, D, D, 0.125f, 0, NULL,
                     ck_alloc(wg_attn_scratch_bytes(H, D, D), 64)}};

    ck_fill_floats(q, H * D, CK_NORMAL);
    double ns = ck_time(run, &j);
    printf("  attn %s, %d keys, %d heads of %d: %.1f us, %.1f GFLOPS\n",
           type == WG_KV_F32 ? "f32" : "f16", N, H, D, ns / 1e3, 4.0 * N * H * D / ns);
    ck_free_all();
}

void check_attn(void)
{
    static const int dims[] = {1, 16, 20, 64, 72, 128, 192};
    static const int keys[] = {1, 2, 15, 16, 17, 63, 64, 65, 128, 150, 200};

    for (int type = 0; type < WG_KV_TYPE_COUNT; type++) {
        ck_seed(ck_seed_default() + (uint64_t)type);
        for (size_t i = 0; i < WG_COUNT(dims); i++) {
            for (size_t n = 0; n < WG_COUNT(keys); n++) {
                int heads = 1 + ck_random_below(5), d_v = dims[ck_random_below(7)];
                struct shape s = {heads, dims[i], d_v, keys[n], n % 3 == 1 ? 5.0f : 0, n % 4 == 2};
                check_shape((enum wg_kv_type)type, s);
            }
        }
        ck_digest_end("attn ", type == WG_KV_F32 ? "f32" : "f16");
        if (ck.bench)
            bench((enum wg_kv_type)type);
    }
}
