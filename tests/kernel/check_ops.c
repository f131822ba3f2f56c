/*
 * Vector operations: every level against the reference for equal bits, at every length around the
 * vector width, on unaligned buffers that end at a page; and the reference against libm in double
 * precision.
 */
#include "checkkern.h"

#include "kernel/mathf.h"

#include <math.h>
#include <string.h>

/* Published in docs/NUMERICS.md. */
#define EXP_ULPS      1.0
#define TANH_ULPS     2.0
#define SOFTMAX_ERROR 1e-6 /* relative to the true weight */
#define NORM_ERROR    2e-6
#define GATED_ERROR   2e-6 /* relative to |x| */

enum { MAX_N = 700 };

/* One operation behind one shape: x, y in and out, z a parameter vector. */
struct op {
    const struct wg_kernels *k;
    void (*fn)(struct op *o);
    const float *x, *z;
    float *y;
    uint16_t *h;
    int64_t n;
};

static void op_add(struct op *o)
{
    o->k->add(o->y, o->x, o->n);
}

static void op_mul_add(struct op *o)
{
    o->k->mul_add(o->y, o->x, -0.7f, o->n);
}

static void op_scale(struct op *o)
{
    o->k->scale(o->y, 1.3f, o->n);
}

static void op_dot(struct op *o)
{
    float d = o->k->dot(o->x, o->z, o->n);

    if (o->n > 0)
        o->y[0] = d;
}

static void op_rmsnorm(struct op *o)
{
    o->k->rmsnorm(o->x, o->z, o->y, o->n, 1e-5f);
}

static void op_rmsnorm_in_place(struct op *o)
{
    o->k->rmsnorm(o->y, NULL, o->y, o->n, 1e-6f);
}

static void op_layernorm(struct op *o)
{
    o->k->layernorm(o->x, o->z, o->x, o->y, o->n, 1e-5f);
}

static void op_layernorm_plain(struct op *o)
{
    o->k->layernorm(o->x, NULL, NULL, o->y, o->n, 1e-5f);
}

static void op_silu(struct op *o)
{
    o->k->gated(WG_ACT_SILU, o->y, o->x, o->n);
}

static void op_silu_alone(struct op *o)
{
    o->k->gated(WG_ACT_SILU, o->y, NULL, o->n);
}

static void op_gelu_tanh(struct op *o)
{
    o->k->gated(WG_ACT_GELU_TANH, o->y, o->x, o->n);
}

static void op_gelu_erf(struct op *o)
{
    o->k->gated(WG_ACT_GELU_ERF, o->y, o->x, o->n);
}

static void op_relu(struct op *o)
{
    o->k->gated(WG_ACT_RELU, o->y, o->x, o->n);
}

static void op_softmax(struct op *o)
{
    o->k->softmax(o->y, o->n);
}

static void op_rope_neox(struct op *o)
{
    o->k->rope_neox(o->y, o->x, o->n / 2);
}

static void op_rope_interleaved(struct op *o)
{
    o->k->rope_interleaved(o->y, o->x, o->n / 2);
}

static void op_f32_to_f16(struct op *o)
{
    o->k->f32_to_f16(o->x, o->h, o->n);
}

static void op_f32_to_bf16(struct op *o)
{
    o->k->f32_to_bf16(o->x, o->h, o->n);
}

static void op_f16_to_f32(struct op *o)
{
    o->k->f16_to_f32(o->h, o->y, o->n);
}

static const struct {
    const char *name;
    void (*fn)(struct op *o);
} ops[] = {
    {"add", op_add},
    {"mul_add", op_mul_add},
    {"scale", op_scale},
    {"dot", op_dot},
    {"rmsnorm", op_rmsnorm},
    {"rmsnorm in place", op_rmsnorm_in_place},
    {"layernorm", op_layernorm},
    {"layernorm plain", op_layernorm_plain},
    {"silu gated", op_silu},
    {"silu", op_silu_alone},
    {"gelu_tanh", op_gelu_tanh},
    {"gelu_erf", op_gelu_erf},
    {"relu", op_relu},
    {"softmax", op_softmax},
    {"rope_neox", op_rope_neox},
    {"rope_interleaved", op_rope_interleaved},
    {"f32_to_f16", op_f32_to_f16},
    {"f32_to_bf16", op_f32_to_bf16},
    {"f16_to_f32", op_f16_to_f32},
};

static void run(void *arg)
{
    struct op *o = arg;

    o->fn(o);
}

static void check_op(size_t which, int64_t n, enum ck_fill fill)
{
    size_t bytes = (size_t)n * sizeof(float);
    float *x = ck_alloc(bytes, 4), *z = ck_alloc(bytes, 4), *y = ck_alloc(bytes, 4);
    float *want = ck_alloc(bytes, 4);
    uint16_t *h = ck_alloc(bytes / 2, 2), *want_h = ck_alloc(bytes / 2, 2);
    struct op ref = {&ck.ref, ops[which].fn, x, z, want, want_h, n};
    struct op got = {&ck.k, ops[which].fn, x, z, y, h, n};

    ck_begin("%s, n %lld, fill %d", ops[which].name, (long long)n, (int)fill);
    ck_fill_floats(x, n, fill);
    ck_fill_floats(z, n, CK_NORMAL);
    ck_fill_floats(y, n, fill);
    for (int64_t i = 0; i < n; i++)
        h[i] = (uint16_t)ck_random();
    memcpy(want, y, bytes);
    memcpy(want_h, h, bytes / 2);
    run(&ref);
    if (ops[which].fn != op_gelu_erf) /* erff is libm's: no fixed bits */
        ck_digest(want, n);
    if (ck_call(run, &got)) {
        ck_equal(y, want, n, 0, 0);
        if (memcmp(h, want_h, bytes / 2) != 0)
            ck_fail("halves differ");
    }
    ck_free_all();
}

static void check_halves(void)
{
    static uint16_t all[65536], back[65536];
    static float got[65536], want[65536];

    for (int i = 0; i < 65536; i++)
        all[i] = (uint16_t)i;
    ck_begin("f16_to_f32 of every half");
    ck.k.f16_to_f32(all, got, 65536);
    ck.ref.f16_to_f32(all, want, 65536);
    ck_equal(got, want, 65536, 0, 0);
    ck_begin("f16 to f32 and back");
    ck.k.f32_to_f16(got, back, 65536);
    for (int i = 0; i < 65536; i++) {
        bool nan = (i & 0x7fff) > 0x7c00;
        if (back[i] != (nan ? (i | 0x200) : i)) {
            ck_fail("%04x becomes %04x", (unsigned)i, back[i]);
            break;
        }
    }
    for (int round = 0; round < 64; round++) {
        static uint16_t a[4096], b[4096];
        static float x[4096];
        for (int i = 0; i < 4096; i++) {
            uint32_t bits = ck_random();
            if (i % 2) /* within the range of halves, often in the middle of two */
                bits = (bits & 0x80000fff) | (100 + ck_random() % 45) << 23 | (bits & 0x7f0000);
            if (i % 8 == 1)
                bits = (bits & 0xffffe000) | 0x1000;
            memcpy(x + i, &bits, 4);
        }
        ck_begin("f32_to_f16 of random bits");
        ck.k.f32_to_f16(x, a, 4096);
        ck.ref.f32_to_f16(x, b, 4096);
        if (memcmp(a, b, sizeof a) != 0)
            ck_fail("differs");
        ck_begin("f32_to_bf16 of random bits");
        ck.k.f32_to_bf16(x, a, 4096);
        ck.ref.f32_to_bf16(x, b, 4096);
        if (memcmp(a, b, sizeof a) != 0)
            ck_fail("differs");
    }
}

static double ulps(float got, double want)
{
    float w = fabsf((float)want);
    double ulp = (double)(nextafterf(w, INFINITY) - w);

    return fabs((double)got - want) / ulp;
}

static void check_functions(void)
{
    double worst_exp = 0, worst_tanh = 0;

    for (double x = -104; x < 89; x += 0.00073) {
        float f = (float)x;
        double want = exp((double)f);
        if (want < (double)__FLT_MAX__ && ulps(wg_expf(f), want) > worst_exp)
            worst_exp = ulps(wg_expf(f), want);
    }
    for (double x = -12; x < 12; x += 0.00037) {
        float f = (float)x;
        if (ulps(wg_tanhf(f), tanh((double)f)) > worst_tanh)
            worst_tanh = ulps(wg_tanhf(f), tanh((double)f));
    }
    printf("        exp within %.2f ulp, tanh within %.2f ulp\n", worst_exp, worst_tanh);
    ck_begin("exp and tanh");
    if (worst_exp > EXP_ULPS || worst_tanh > TANH_ULPS)
        ck_fail("less exact than published");
    if (wg_expf(INFINITY) < INFINITY || wg_expf(-INFINITY) > 0 || !isnan(wg_expf(NAN)) ||
        wg_expf(89) < INFINITY || wg_expf(-104) > 0 || !isnan(wg_tanhf(NAN)))
        ck_fail("wrong at a limit");
    if (ulps(wg_tanhf(INFINITY), 1) > 0 || ulps(wg_tanhf(-INFINITY), -1) > 0)
        ck_fail("tanh is wrong at infinity");
}

static void expect_near(const char *what, float got, double want, double error)
{
    ck_begin("%s against double precision", what);
    ck.passed++;
    if (!(fabs((double)got - want) <= error))
        ck_fail("%.9g, not %.9g", (double)got, want);
}

static double act(enum wg_act kind, double x)
{
    switch (kind) {
    case WG_ACT_SILU:
        return x / (1 + exp(-x));
    case WG_ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case WG_ACT_GELU_ERF:
        return 0.5 * x * erfc(-x / sqrt(2));
    case WG_ACT_RELU:
    case WG_ACT_COUNT:
        break;
    }
    return x > 0 ? x : 0;
}

static void check_truth(void)
{
    enum { N = 301 };
    float x[N], w[N], b[N], y[N];
    double sq = 0, sum = 0, var = 0, weights = 0, max = -1e30;

    ck_fill_floats(x, N, CK_NORMAL);
    ck_fill_floats(w, N, CK_NORMAL);
    ck_fill_floats(b, N, CK_NORMAL);
    for (int i = 0; i < N; i++) {
        sq += (double)x[i] * (double)x[i];
        sum += (double)x[i];
        max = (double)x[i] > max ? (double)x[i] : max;
    }
    for (int i = 0; i < N; i++) {
        var += ((double)x[i] - sum / N) * ((double)x[i] - sum / N);
        weights += exp((double)x[i] - max);
    }
    ck.k.rmsnorm(x, w, y, N, 1e-5f);
    for (int i = 0; i < N; i++)
        expect_near("rmsnorm", y[i], (double)x[i] / sqrt(sq / N + 1e-5) * (double)w[i],
                    NORM_ERROR * 10);
    ck.k.layernorm(x, w, b, y, N, 1e-5f);
    for (int i = 0; i < N; i++)
        expect_near("layernorm", y[i],
                    ((double)x[i] - sum / N) / sqrt(var / N + 1e-5) * (double)w[i] + (double)b[i],
                    NORM_ERROR * 10);
    memcpy(y, x, sizeof y);
    ck.k.softmax(y, N);
    for (int i = 0; i < N; i++)
        expect_near("softmax", y[i], exp((double)x[i] - max) / weights,
                    SOFTMAX_ERROR * exp((double)x[i] - max) / weights);
    for (int kind = 0; kind < WG_ACT_COUNT; kind++) {
        memcpy(y, x, sizeof y);
        ck.k.gated((enum wg_act)kind, y, w, N);
        for (int i = 0; i < N; i++)
            expect_near("gated", y[i], act((enum wg_act)kind, (double)x[i]) * (double)w[i],
                        GATED_ERROR * fabs((double)x[i] * (double)w[i]) + 1e-30);
    }
    memcpy(y, x, sizeof y);
    ck.k.rope_neox(y, w, N / 2);
    for (int i = 0; i < N / 2; i++)
        expect_near("rope_neox", y[i + N / 2],
                    (double)x[i] * (double)w[2 * i + 1] + (double)x[i + N / 2] * (double)w[2 * i],
                    1e-5);
    memcpy(y, x, sizeof y);
    ck.k.rope_interleaved(y, w, N / 2);
    for (int i = 0; i < N / 2; i++)
        expect_near("rope_interleaved", y[2 * i],
                    (double)x[2 * i] * (double)w[2 * i] -
                        (double)x[2 * i + 1] * (double)w[2 * i + 1],
                    1e-5);
}

static void bench(size_t which)
{
    enum { N = 4096 };
    float *x = ck_alloc(N * 4, 4), *y = ck_alloc(N * 4, 4);
    struct op o = {&ck.k, ops[which].fn, x, x, y, ck_alloc(N * 2, 2), N};

    memset(o.h, 0, N * 2);
    ck_fill_floats(x, N, CK_NORMAL);
    ck_fill_floats(y, N, CK_NORMAL);
    printf("  %-18s %6.2f values/ns\n", ops[which].name, N / ck_time(run, &o));
    ck_free_all();
}

void check_ops(void)
{
    static const int64_t more[] = {64, 100, 129, 576, MAX_N};

    for (size_t i = 0; i < WG_COUNT(ops); i++) {
        if (!ck_wanted(ops[i].name))
            continue;
        ck_seed(ck_seed_default() + i);
        for (int64_t n = 0; n <= 35; n++)
            check_op(i, n, CK_NORMAL);
        for (size_t j = 0; j < WG_COUNT(more); j++) {
            for (int fill = 0; fill < CK_FILL_COUNT; fill++)
                check_op(i, more[j], (enum ck_fill)fill);
        }
        ck_digest_end("", ops[i].name);
        if (ck.bench)
            bench(i);
    }
    ck_seed(ck_seed_default());
    check_halves();
    check_functions();
    check_truth();
}
