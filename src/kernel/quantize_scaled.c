/*
 * Quantizers of the blocks in which value = d * scale * level(code): Q3_K and Q6_K, whose levels
 * are whole numbers about 0, and IQ4_NL and IQ4_XS, whose 16 levels stand in a table. The whole
 * scales have a sign, one a group; IQ4_NL is one group whose scale is 1.
 */
#include "kernel/quantize.h"

#include "kernel/quant.h"
#include "kernel/search.h"

struct shape {
    int n, n_groups;        /* values a group, groups a block */
    float lo, hi;           /* least and greatest level */
    bool table;             /* levels of wg_iq4nl_values, else all whole numbers */
    int scale_lo, scale_hi; /* whole scales */
    int starts;             /* scales to begin the search of a group with, for each sign */
};

struct group {
    const float *x, *w;
    float fit; /* best scale for this group alone */
    int scale; /* as stored */
};

struct block {
    const struct shape *shape;
    struct group g[WG_MAX_GROUPS];
    float d;
};

/* Sums over a group of w level^2 and w x level. */
struct sums {
    float ll, xl;
};

/* Index of the level nearest to v: how many of the middles between levels are below it. */
static inline int table_code(float v)
{
    static const float middle[15] = {-115.5f, -93.5f, -74,   -57,   -42, -28.5f, -16, -4.5f,
                                     7,       19,     31.5f, 45.5f, 61,  79,     101};
    int i = v > middle[7] ? 8 : 0;

    i += v > middle[i + 3] ? 4 : 0;
    i += v > middle[i + 1] ? 2 : 0;
    i += v > middle[i] ? 1 : 0;
    return i;
}

static inline float level(const struct shape *s, float v)
{
    if (s->table)
        return wg_iq4nl_values[table_code(v)];
    return wg_round_near(wg_limit(v, s->lo, s->hi));
}

static struct sums level_sums(const struct group *g, const struct shape *s, float inv)
{
    float ll[WG_LANES] = {0}, xl[WG_LANES] = {0};

    for (int i = 0; i < s->n; i += WG_LANES)
        for (int l = 0; l < WG_LANES; l++) {
            float c = level(s, g->x[i + l] * inv), wc = g->w[i + l] * c;
            ll[l] += wc * c;
            xl[l] += wc * g->x[i + l];
        }
    return (struct sums){wg_lane_sum(ll), wg_lane_sum(xl)};
}

/* The best scale has the greatest xl^2 / ll: what it takes off the error of all zeros. */
static void fit_group(struct group *g, const struct shape *s)
{
    float far = 0, best = 0;

    for (int i = 0; i < s->n; i++)
        far = fabsf(g->x[i]) > fabsf(far) ? g->x[i] : far;
    g->fit = 0;
    if (!(fabsf(far) > 0x1p-100f))
        return;
    for (int i = 0; i < 2 * s->starts; i++) {
        int step = i / 2;
        /* The farthest value at the end of the levels, from beyond it to a little inside. */
        float end = i % 2 ? s->hi : s->lo;
        float part = 0.8f + 0.4f * (float)step / (float)(s->starts - 1);
        float scale = far / (end * part);
        for (int round = 0; round < 2; round++) {
            struct sums c = level_sums(g, s, 1 / scale);
            if (!(c.ll > 0) || !(fabsf(c.xl / c.ll) > 0x1p-100f))
                break;
            scale = c.xl / c.ll;
            if (c.xl * scale > best) {
                best = c.xl * scale;
                g->fit = scale;
            }
        }
    }
}

static float inverse(float scale)
{
    return fabsf(scale) > 0x1p-100f ? 1 / scale : 0;
}

static float group_error(const struct group *g, const struct shape *s, float scale)
{
    float e[WG_LANES] = {0}, inv = inverse(scale);

    for (int i = 0; i < s->n; i += WG_LANES)
        for (int l = 0; l < WG_LANES; l++) {
            float x = g->x[i + l], r = x - scale * level(s, x * inv);
            e[l] += g->w[i + l] * r * r;
        }
    return wg_lane_sum(e);
}

/* The best of the whole scales beside the present one, for every group; the error of all. */
static float settle(struct block *b)
{
    float error = 0;

    for (int j = 0; j < b->shape->n_groups; j++) {
        struct group *g = &b->g[j];
        float best = INFINITY;
        int at = g->scale;
        for (int i = at - 1; i <= at + 1; i++) {
            if (i < b->shape->scale_lo || i > b->shape->scale_hi)
                continue;
            float e = group_error(g, b->shape, b->d * (float)i);
            if (e < best) {
                best = e;
                g->scale = i;
            }
        }
        error += best;
    }
    return error;
}

/* The d with the least error for the codes and scales as they are. */
static void fit_block(struct block *b)
{
    double ll = 0, xl = 0;

    for (int j = 0; j < b->shape->n_groups; j++) {
        double s = b->g[j].scale;
        struct sums c = level_sums(&b->g[j], b->shape, inverse(b->d * (float)b->g[j].scale));
        ll += s * s * (double)c.ll;
        xl += s * (double)c.xl;
    }
    if (ll > 0)
        b->d = wg_as_f16((float)(xl / ll));
}

/* Begins with the scale that is farthest from 0 at `end` of the whole scales, and improves. */
static float search_block(struct block *b, float end, float far)
{
    const struct shape *s = b->shape;
    float best = INFINITY;
    struct block kept;

    b->d = wg_as_f16(far / end);
    for (int j = 0; j < s->n_groups; j++)
        b->g[j].scale = (int)wg_round_near(
            wg_limit(b->g[j].fit * inverse(b->d), (float)s->scale_lo, (float)s->scale_hi));
    kept = *b;
    for (int round = 0; round < 4; round++) {
        float error = settle(b);
        if (!(error < best))
            break;
        best = error;
        kept = *b;
        fit_block(b);
    }
    *b = kept;
    return best;
}

/* Fills b; values become levels with the f32 that a reader multiplies them with. */
static void quantize_block(const struct shape *s, const float *x, const float *w, struct block *b,
                           float *inv)
{
    struct block t = {.shape = s};
    float far = 0;

    for (int j = 0; j < s->n_groups; j++) {
        t.g[j] = (struct group){.x = x + j * s->n, .w = w + j * s->n};
        fit_group(&t.g[j], s);
        far = fabsf(t.g[j].fit) > fabsf(far) ? t.g[j].fit : far;
    }
    *b = t;
    float error = search_block(b, (float)s->scale_lo, far);
    if (s->n_groups > 1 && search_block(&t, (float)s->scale_hi, far) < error)
        *b = t;
    for (int j = 0; j < s->n_groups; j++)
        inv[j] = inverse(b->d * (float)b->g[j].scale);
}

void wg_quantize_q3_k(const float *x, const float *importance, void *dst, int64_t n)
{
    static const struct shape shape = {
        .n = 16, .n_groups = 16, .lo = -4, .hi = 3, .scale_lo = -32, .scale_hi = 31, .starts = 10};
    float w[WG_SUPER], inv[WG_MAX_GROUPS];
    uint8_t *p = dst;
    struct block b;

    for (int64_t i = 0; i < n; i += WG_SUPER, p += 110) {
        wg_error_weights(x + i, importance ? importance + i : NULL, w, WG_SUPER);
        quantize_block(&shape, x + i, w, &b, inv);
        memset(p, 0, 108);
        for (int j = 0; j < WG_SUPER; j++) {
            int code = (int)level(&shape, x[i + j] * inv[j / 16]) + 4;
            p[32 + j / 128 * 32 + j % 32] |= (uint8_t)((code & 3) << (j % 128 / 32 * 2));
            p[j % 32] |= (uint8_t)(code >> 2 << (j / 32));
        }
        for (int j = 0; j < 16; j++) {
            int scale = b.g[j].scale + 32;
            p[96 + j % 8] |= (uint8_t)((scale & 15) << (j / 8 * 4));
            p[104 + j % 4] |= (uint8_t)(scale >> 4 << (j / 4 * 2));
        }
        wg_store_f16(p + 108, b.d);
    }
}

void wg_quantize_q6_k(const float *x, const float *importance, void *dst, int64_t n)
{
    static const struct shape shape = {.n = 16,
                                       .n_groups = 16,
                                       .lo = -32,
                                       .hi = 31,
                                       .scale_lo = -128,
                                       .scale_hi = 127,
                                       .starts = 8};
    float w[WG_SUPER], inv[WG_MAX_GROUPS];
    uint8_t *p = dst;
    struct block b;

    for (int64_t i = 0; i < n; i += WG_SUPER, p += 210) {
        wg_error_weights(x + i, importance ? importance + i : NULL, w, WG_SUPER);
        quantize_block(&shape, x + i, w, &b, inv);
        memset(p, 0, 192);
        for (int j = 0; j < WG_SUPER; j++) {
            int code = (int)level(&shape, x[i + j] * inv[j / 16]) + 32;
            p[j / 128 * 64 + j % 64] |= (uint8_t)((code & 15) << (j % 128 / 64 * 4));
            p[128 + j / 128 * 32 + j % 32] |= (uint8_t)(code >> 4 << (j % 128 / 32 * 2));
        }
        for (int j = 0; j < 16; j++)
            p[192 + j] = (uint8_t)(int8_t)b.g[j].scale;
        wg_store_f16(p + 208, b.d);
    }
}

/* 32 values with one scale in 16 bytes. */
static void store_table_codes(uint8_t p[16], const float *x, float inv)
{
    for (int i = 0; i < 16; i++)
        p[i] = (uint8_t)(table_code(x[i] * inv) | table_code(x[i + 16] * inv) << 4);
}

void wg_quantize_iq4_nl(const float *x, const float *importance, void *dst, int64_t n)
{
    static const struct shape shape = {.n = 32,
                                       .n_groups = 1,
                                       .lo = -127,
                                       .hi = 113,
                                       .table = true,
                                       .scale_lo = 1,
                                       .scale_hi = 1,
                                       .starts = 12};
    float w[32], inv;
    uint8_t *p = dst;
    struct block b;

    for (int64_t i = 0; i < n; i += 32, p += 18) {
        wg_error_weights(x + i, importance ? importance + i : NULL, w, 32);
        quantize_block(&shape, x + i, w, &b, &inv);
        wg_store_f16(p, b.d);
        store_table_codes(p + 2, x + i, inv);
    }
}

void wg_quantize_iq4_xs(const float *x, const float *importance, void *dst, int64_t n)
{
    static const struct shape shape = {.n = 32,
                                       .n_groups = 8,
                                       .lo = -127,
                                       .hi = 113,
                                       .table = true,
                                       .scale_lo = -32,
                                       .scale_hi = 31,
                                       .starts = 12};
    float w[WG_SUPER], inv[WG_MAX_GROUPS];
    uint8_t *p = dst;
    struct block b;

    for (int64_t i = 0; i < n; i += WG_SUPER, p += 136) {
        wg_error_weights(x + i, importance ? importance + i : NULL, w, WG_SUPER);
        quantize_block(&shape, x + i, w, &b, inv);
        wg_store_f16(p, b.d);
        memset(p + 2, 0, 6);
        for (int j = 0; j < 8; j++) {
            int scale = b.g[j].scale + 32;
            p[2 + j / 4] |= (uint8_t)(scale >> 4 << (j % 4 * 2));
            p[4 + j / 2] |= (uint8_t)((scale & 15) << (j % 2 * 4));
            store_table_codes(p + 8 + 16 * j, x + i + 32 * j, inv[j]);
        }
    }
}
