/*
 * Matmul of every type, default and exact: against the reference; against itself when the same call
 * is split by rows and columns (the bits must not change); and the reference against a double
 * precision sum over dequantized weights.
 */
#include "checkkern.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Largest allowed difference from the reference, as a share of sum |w| |a|. 0: the same bits. Only
 * the default matmul of plain float types may use fused multiply-add.
 */
static float tolerance(uint32_t id, bool exact)
{
    bool is_float = id == WG_TYPE_F32 || id == WG_TYPE_F16 || id == WG_TYPE_BF16;

    return is_float && !exact ? 1e-6f : 0;
}

struct problem {
    uint32_t id;
    const struct wg_matmul *m;
    int64_t k, rows, cols, y_stride;
    size_t w_stride, act_stride;
    uint8_t *w, *act;
    float *x, *y;
};

struct part {
    const struct problem *p;
    int64_t row, rows, col, cols;
};

static void run(void *arg)
{
    const struct part *t = arg;
    const struct problem *p = t->p;

    p->m->run(p->w + (size_t)t->row * p->w_stride, p->w_stride,
              p->act + (size_t)t->col * p->act_stride, p->act_stride, p->k,
              p->y + t->col * p->y_stride + t->row, p->y_stride, t->rows, t->cols);
}

/* Random blocks whose values are finite: bytes are redrawn until the block dequantizes so. */
static void random_weights(const struct problem *p, const struct wg_type_info *t)
{
    float v[256];

    for (int64_t r = 0; r < p->rows; r++) {
        uint8_t *row = p->w + (size_t)r * p->w_stride;
        if (t->block_values == 1 && t->block_bytes > 1) {
            for (int64_t i = 0; i < p->k; i++) {
                float f = ck_random_float();
                double d = (double)f;
                uint16_t h;
                ck.ref.f32_to_f16(&f, &h, 1);
                if (p->id == WG_TYPE_BF16)
                    ck.ref.f32_to_bf16(&f, &h, 1);
                memcpy(row + (size_t)i * t->block_bytes,
                       t->block_bytes == 8   ? (void *)&d
                       : t->block_bytes == 4 ? (void *)&f
                                             : (void *)&h,
                       t->block_bytes);
            }
            continue;
        }
        for (int64_t b = 0; b < p->k / t->block_values; b++) {
            uint8_t *block = row + (size_t)b * t->block_bytes;
            bool ok = false;
            while (!ok) {
                for (uint32_t i = 0; i < t->block_bytes; i++)
                    block[i] = (uint8_t)ck_random();
                ck.ref.dequant[p->id](block, v, t->block_values);
                ok = true;
                for (uint32_t i = 0; i < t->block_values; i++)
                    ok = ok && fabsf(v[i]) < 1e9f;
            }
        }
    }
}

static void make(struct problem *p, const struct wg_matmul *m, uint32_t id, int64_t k, int64_t rows,
                 int64_t cols, enum ck_fill fill)
{
    const struct wg_type_info *t = wg_type_info(id);
    size_t row_bytes = wg_row_bytes((enum wg_type)id, k);

    *p = (struct problem){.id = id, .m = m, .k = k, .rows = rows, .cols = cols};
    p->w_stride = row_bytes;
    p->act_stride = m->act_bytes(k);
    p->y_stride = rows + 3;
    p->w = ck_alloc(row_bytes * (size_t)rows, 1);
    p->act = ck_alloc(p->act_stride * (size_t)cols, 64);
    p->x = ck_alloc((size_t)(k * cols) * 4, 4);
    p->y = ck_alloc((size_t)(p->y_stride * cols) * 4, 4);
    random_weights(p, t);
    ck_fill_floats(p->x, k * cols, fill);
}

/* One output in double precision; *abs gets sum |w| |a|, *bound what rounding may change: half a
 * code of each activation of an integer matmul (max|x| / 254 of its block), and of every sum. */
static double truth(const struct problem *p, int64_t c, const float *w, double *abs, double *bound)
{
    const float *x = p->x + c * p->k;
    bool exact_pack = p->m->pack == ck.ref.matmul_exact[0].pack;
    double sum = 0, codes = 0, widest = 0;

    *abs = 0;
    for (int64_t i = 0; i < p->k; i++) {
        double v = (double)w[i] * (double)x[i];
        sum += v;
        *abs += fabs(v);
    }
    for (int64_t b = 0; b + 32 <= p->k; b += 32) {
        double max = 0, weights = 0, heaviest = 0;
        for (int64_t i = b; i < b + 32; i++) {
            max = fmax(max, fabs((double)x[i]));
            weights += fabs((double)w[i]);
            heaviest = fmax(heaviest, fabs((double)w[i]));
        }
        codes += max / 254 * weights;
        widest += 32 * max * heaviest;
    }
    *bound = exact_pack ? 2e-6 * *abs : codes * 1.0001 + 4e-6 * widest;
    return sum;
}

static void compare(const struct problem *p, const float *want, float tol, bool against_truth)
{
    float *w = ck_alloc((size_t)p->k * 4, 4);

    for (int64_t r = 0; r < p->rows; r++) {
        ck.ref.dequant[p->id](p->w + (size_t)r * p->w_stride, w, p->k);
        for (int64_t c = 0; c < p->cols; c++) {
            double abs, bound, sum = truth(p, c, w, &abs, &bound);
            const float *got = p->y + c * p->y_stride + r;
            if (!ck_equal(got, want + c * p->y_stride + r, 1, tol, (float)abs))
                return;
            if (against_truth && fabs((double)*got - sum) > bound + 1e-35) {
                ck_fail("row %lld column %lld is %.9g, in double precision %.9g, bound %.3g",
                        (long long)r, (long long)c, (double)*got, sum, bound);
                return;
            }
        }
    }
}

/* Cuts the call at random rows and columns and expects the same bits. */
static void check_split(const struct problem *p, const float *whole)
{
    memset(p->y, 0xcd, (size_t)(p->y_stride * p->cols) * 4);
    for (int64_t c = 0; c < p->cols;) {
        int64_t nc = 1 + ck_random_below((int)(p->cols - c));
        for (int64_t r = 0; r < p->rows;) {
            int64_t nr = 1 + ck_random_below((int)(p->rows - r));
            struct part part = {p, r, nr, c, nc};
            if (!ck_call(run, &part))
                return;
            r += nr;
        }
        c += nc;
    }
    for (int64_t c = 0; c < p->cols; c++) {
        if (!ck_equal(p->y + c * p->y_stride, whole + c * p->y_stride, p->rows, 0, 0))
            return;
    }
}

static void check_shape(uint32_t id, bool exact, int64_t k, int64_t rows, int64_t cols,
                        enum ck_fill fill)
{
    const struct wg_matmul *m = exact ? &ck.k.matmul_exact[id] : &ck.k.matmul[id];
    const struct wg_matmul *rm = exact ? &ck.ref.matmul_exact[id] : &ck.ref.matmul[id];
    struct problem p;

    ck_begin("matmul%s %s, k %lld, %lld rows, %lld columns, fill %d", exact ? "_exact" : "",
             wg_type_info(id)->name, (long long)k, (long long)rows, (long long)cols, (int)fill);
    make(&p, m, id, k, rows, cols, fill);
    size_t y_bytes = (size_t)(p.y_stride * cols) * 4;
    float *want = ck_alloc(y_bytes, 4), *whole = ck_alloc(y_bytes, 4);
    uint8_t *act = ck_alloc(rm->act_bytes(k) * (size_t)cols, 64);

    for (int64_t c = 0; c < cols; c++) {
        m->pack(p.x + c * k, p.act + (size_t)c * p.act_stride, k);
        rm->pack(p.x + c * k, act + (size_t)c * rm->act_bytes(k), k);
    }
    if (m->act_bytes(k) == rm->act_bytes(k) &&
        memcmp(act, p.act, rm->act_bytes(k) * (size_t)cols) != 0)
        ck_fail("activations are packed differently");
    rm->run(p.w, p.w_stride, act, rm->act_bytes(k), k, want, p.y_stride, rows, cols);
    for (int64_t c = 0; c < cols; c++)
        ck_digest(want + c * p.y_stride, rows);
    struct part all = {&p, 0, rows, 0, cols};
    if (ck_call(run, &all)) {
        compare(&p, want, tolerance(id, exact), fill == CK_NORMAL);
        memcpy(whole, p.y, y_bytes);
        check_split(&p, whole);
    }
    ck_free_all();
}

static void bench(uint32_t id, bool exact)
{
    static const int64_t shapes[][3] = {{576, 1536, 1},  {2048, 4096, 1},  {4096, 24576, 1},
                                        {2048, 1024, 4}, {2048, 1024, 64}, {576, 1536, 256}};
    const struct wg_matmul *m = exact ? &ck.k.matmul_exact[id] : &ck.k.matmul[id];

    for (size_t i = 0; i < WG_COUNT(shapes); i++) {
        int64_t k = shapes[i][0], rows = shapes[i][1], cols = shapes[i][2];
        struct problem p;
        if (k % wg_type_info(id)->block_values != 0)
            continue;
        make(&p, m, id, k, rows, cols, CK_NORMAL);
        for (int64_t c = 0; c < cols; c++)
            m->pack(p.x + c * k, p.act + (size_t)c * p.act_stride, k);
        struct part all = {&p, 0, rows, 0, cols};
        double ns = ck_time(run, &all);
        printf("  matmul%s %-8s k %4lld rows %5lld cols %3lld %8.1f us %7.2f GB/s %8.1f GFLOPS\n",
               exact ? "_exact" : "", wg_type_info(id)->name, (long long)k, (long long)rows,
               (long long)cols, ns / 1e3, (double)(p.w_stride * (size_t)rows) / ns,
               2.0 * (double)(k * rows * cols) / ns);
        ck_free_all();
    }
}

static void check_type(uint32_t id, bool exact)
{
    static const int rows[] = {1, 2, 5, 16, 19, 33}, cols[] = {1, 2, 3, 5, 18};
    static const int plain_k[] = {1, 7, 16, 33, 100, 1040};
    const struct wg_type_info *t = wg_type_info(id);

    for (size_t i = 0; i < WG_COUNT(rows); i++) {
        for (size_t j = 0; j < WG_COUNT(cols); j++) {
            int64_t k = t->block_values == 1
                            ? plain_k[(i + j) % WG_COUNT(plain_k)]
                            : (1 + ck_random_below(t->block_values > 64 ? 5 : 40)) *
                                  (int64_t)t->block_values;
            check_shape(id, exact, k, rows[i], cols[j], CK_NORMAL);
        }
    }
    for (int fill = 0; fill < CK_FILL_COUNT; fill++)
        check_shape(id, exact, t->block_values == 1 ? 96 : 3 * (int64_t)t->block_values, 18, 3,
                    (enum ck_fill)fill);
    ck_digest_end(exact ? "matmul_exact " : "matmul ", t->name);
    if (ck.bench)
        bench(id, exact);
}

static void check_not_finite(void)
{
    float x[32] = {0};
    uint8_t act[64] WG_ALIGNED(64), w[18] = {0, 0x3c};
    float y = 0;

    ck_begin("matmul of an activation that is not a number");
    x[5] = NAN;
    ck.k.matmul[WG_TYPE_Q4_0].pack(x, act, 32);
    ck.k.matmul[WG_TYPE_Q4_0].run(w, 18, act, 64, 32, &y, 1, 1, 1);
    if (!isnan(y))
        ck_fail("gives %g", (double)y);
}

void check_matmul(void)
{
    for (uint32_t id = 0; id < WG_TYPE_LIMIT; id++) {
        for (int exact = 0; exact < 2; exact++) {
            if (!ck.k.matmul[id].run || !ck_wanted(wg_type_info(id)->name))
                continue;
            ck_seed(ck_seed_default() + id * 2 + (uint32_t)exact);
            check_type(id, exact);
        }
    }
    check_not_finite();
}
