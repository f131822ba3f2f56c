/*
 * Quantizers of the super-blocks in which value = d * scale * code - dmin * minimum (Q2_K, Q4_K,
 * Q5_K): codes from 0, whole scales and minimums from 0, one of each a group.
 */
#include "kernel/quantize.h"
#include "kernel/search.h"

struct shape {
    int n;           /* values a group */
    float top;       /* greatest code */
    float scale_top; /* greatest scale and minimum */
    int starts;      /* scales to begin the search of a group with */
    int spreads;     /* ways to begin the search of the super-block with */
};

/* value ~ scale * code - min */
struct line {
    float scale, min;
};

/* Weighted sums of the codes of one group. */
struct sums {
    float q, qq, xq;
};

struct group {
    const float *x, *w;
    float sum_w, sum_x, sum_xx; /* of w, w x, w x^2 */
    struct line fit;            /* best for this group alone */
    int scale, min;             /* as stored */
};

struct super {
    const struct shape *shape;
    struct group g[WG_MAX_GROUPS];
    int n_groups;
    float d, dmin;
};

static struct sums code_sums(const struct group *g, const struct shape *s, float inv, float min)
{
    float q[WG_LANES] = {0}, qq[WG_LANES] = {0}, xq[WG_LANES] = {0};

    for (int i = 0; i < s->n; i += WG_LANES)
        for (int l = 0; l < WG_LANES; l++) {
            float x = g->x[i + l], w = g->w[i + l];
            float c = wg_round_near(wg_limit((x + min) * inv, 0, s->top)), wc = w * c;
            q[l] += wc;
            qq[l] += wc * c;
            xq[l] += wc * x;
        }
    return (struct sums){wg_lane_sum(q), wg_lane_sum(qq), wg_lane_sum(xq)};
}

/* The line through the codes with the least error, its minimum at 0 or below; its error. */
static float fit_line(const struct group *g, const struct sums *c, struct line *out)
{
    float det = g->sum_w * c->qq - c->q * c->q;
    float scale = 0, base = 0;

    if (det > 0) {
        scale = (g->sum_w * c->xq - g->sum_x * c->q) / det;
        base = (c->qq * g->sum_x - c->q * c->xq) / det;
    }
    if (!(det > 0) || base > 0) {
        base = 0;
        scale = c->qq > 0 ? c->xq / c->qq : 0;
    }
    *out = (struct line){scale, -base};
    return g->sum_xx - scale * c->xq - base * g->sum_x;
}

static void fit_group(struct group *g, const struct shape *s)
{
    float lo = 0, hi = g->x[0], best;

    for (int i = 0; i < s->n; i++) {
        float x = g->x[i], w = g->w[i];
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
        g->sum_w += w;
        g->sum_x += w * x;
        g->sum_xx += w * x * x;
    }
    /* All values alike, or too close to be told apart: they are the minimum. */
    g->fit = (struct line){0, -lo};
    best = g->sum_xx + lo * (lo * g->sum_w - 2 * g->sum_x);
    if (!(hi - lo > 0x1p-100f))
        return;
    for (int i = 0; i < s->starts; i++) {
        /* From 0.8 of the range, which cuts off the ends, to a little more than all of it. */
        float part = 0.75f + 0.4f * (float)i / (float)(s->starts - 1);
        struct line l = {(hi - lo) * part / s->top, -lo * part};
        for (int round = 0; round < 3; round++) {
            struct sums c = code_sums(g, s, 1 / l.scale, l.min);
            struct line next;
            float error = fit_line(g, &c, &next);
            if (!(next.scale > 0x1p-100f))
                break;
            l = next;
            if (error < best) {
                best = error;
                g->fit = l;
            }
        }
    }
}

static float group_error(const struct group *g, const struct shape *s, float scale, float min)
{
    float e[WG_LANES] = {0}, inv = scale > 0x1p-100f ? 1 / scale : 0;

    for (int i = 0; i < s->n; i += WG_LANES)
        for (int l = 0; l < WG_LANES; l++) {
            float x = g->x[i + l] + min;
            float c = wg_round_near(wg_limit(x * inv, 0, s->top)), r = x - scale * c;
            e[l] += g->w[i + l] * r * r;
        }
    return wg_lane_sum(e);
}

/* The best of the stored scales and minimums beside the present ones; their error. */
static float settle_group(struct super *b, struct group *g)
{
    int scale = g->scale, min = g->min, top = (int)b->shape->scale_top;
    float best = INFINITY;

    for (int i = scale - 1; i <= scale + 1; i++)
        for (int j = min - 1; j <= min + 1; j++) {
            if (i < 0 || j < 0 || i > top || j > top)
                continue;
            float e = group_error(g, b->shape, b->d * (float)i, b->dmin * (float)j);
            if (e < best) {
                best = e;
                g->scale = i;
                g->min = j;
            }
        }
    return best;
}

static float settle(struct super *b)
{
    float error = 0;

    for (int j = 0; j < b->n_groups; j++)
        error += settle_group(b, &b->g[j]);
    return error;
}

/* The d and dmin with the least error for the codes, scales and minimums as they are. */
static void fit_super(struct super *b)
{
    double aa = 0, ab = 0, bb = 0, xa = 0, xb = 0;

    for (int j = 0; j < b->n_groups; j++) {
        const struct group *g = &b->g[j];
        float scale = b->d * (float)g->scale, min = b->dmin * (float)g->min;
        struct sums c = code_sums(g, b->shape, scale > 0x1p-100f ? 1 / scale : 0, min);
        double s = g->scale, m = g->min;
        aa += s * s * (double)c.qq;
        ab -= s * m * (double)c.q;
        bb += m * m * (double)g->sum_w;
        xa += s * (double)c.xq;
        xb -= m * (double)g->sum_x;
    }
    double det = aa * bb - ab * ab;
    if (det > 1e-6 * aa * bb) {
        b->d = wg_as_f16((float)((xa * bb - xb * ab) / det));
        b->dmin = wg_as_f16((float)((xb * aa - xa * ab) / det));
    } else if (aa > 0) {
        b->d = wg_as_f16((float)(xa / aa));
    }
    b->d = b->d > 0 ? b->d : 0;
    b->dmin = b->dmin > 0 ? b->dmin : 0;
}

static int stored(float v, float unit, float top)
{
    return unit > 0 ? (int)wg_round_near(wg_limit(v / unit, 0, top)) : 0;
}

/* Begins with the greatest scale and minimum at `part` of what can be stored, and improves. */
static float search_super(struct super *b, float part, float most_scale, float most_min)
{
    float top = b->shape->scale_top, best = INFINITY;
    struct super kept;

    b->d = wg_as_f16(most_scale / (top * part));
    b->dmin = wg_as_f16(most_min / (top * part));
    for (int j = 0; j < b->n_groups; j++) {
        b->g[j].scale = stored(b->g[j].fit.scale, b->d, top);
        b->g[j].min = stored(b->g[j].fit.min, b->dmin, top);
    }
    kept = *b;
    for (int round = 0; round < 4; round++) {
        float error = settle(b);
        if (!(error < best))
            break;
        best = error;
        kept = *b;
        fit_super(b);
    }
    *b = kept;
    return best;
}

/* Fills b for one super-block; codes[i] are what its values are stored as. */
static void quantize_super(const struct shape *s, const float *x, const float *w, struct super *b,
                           uint8_t codes[WG_SUPER])
{
    float most_scale = 0, most_min = 0, best = INFINITY;
    struct super t = {.shape = s, .n_groups = WG_SUPER / s->n};

    for (int j = 0; j < t.n_groups; j++) {
        struct group *g = &t.g[j];
        *g = (struct group){.x = x + j * s->n, .w = w + j * s->n};
        fit_group(g, s);
        most_scale = fmaxf(most_scale, g->fit.scale);
        most_min = fmaxf(most_min, g->fit.min);
    }
    *b = t;
    for (int i = 0; i < s->spreads; i++) {
        float error = search_super(&t, 1.0f - 0.06f * (float)i, most_scale, most_min);
        if (error < best) {
            best = error;
            *b = t;
        }
    }
    for (int i = 0; i < WG_SUPER; i++) {
        const struct group *g = &b->g[i / s->n];
        float scale = b->d * (float)g->scale, inv = scale > 0x1p-100f ? 1 / scale : 0;
        codes[i] =
            (uint8_t)wg_round_near(wg_limit((x[i] + b->dmin * (float)g->min) * inv, 0, s->top));
    }
}

void wg_quantize_q2_k(const float *x, const float *importance, void *dst, int64_t n)
{
    static const struct shape shape = {
        .n = 16, .top = 3, .scale_top = 15, .starts = 16, .spreads = 4};
    uint8_t *p = dst, codes[WG_SUPER];
    float w[WG_SUPER];
    struct super b;

    for (int64_t i = 0; i < n; i += WG_SUPER, p += 84) {
        wg_error_weights(x + i, importance ? importance + i : NULL, w, WG_SUPER);
        quantize_super(&shape, x + i, w, &b, codes);
        memset(p, 0, 80);
        for (int j = 0; j < 16; j++)
            p[j] = (uint8_t)(b.g[j].scale | b.g[j].min << 4);
        for (int j = 0; j < WG_SUPER; j++)
            p[16 + j / 128 * 32 + j % 32] |= (uint8_t)(codes[j] << (j % 128 / 32 * 2));
        wg_store_f16(p + 80, b.d);
        wg_store_f16(p + 82, b.dmin);
    }
}

/* The 12 bytes that wg_q4k_scale_min reads. */
static void store_q4k_scales(uint8_t p[12], const struct super *b)
{
    memset(p, 0, 12);
    for (int j = 0; j < 4; j++) {
        int scale = b->g[j + 4].scale, min = b->g[j + 4].min;
        p[j] = (uint8_t)(b->g[j].scale | scale >> 4 << 6);
        p[j + 4] = (uint8_t)(b->g[j].min | min >> 4 << 6);
        p[j + 8] = (uint8_t)((scale & 15) | (min & 15) << 4);
    }
}

static void store_q4k_codes(uint8_t p[128], const uint8_t codes[WG_SUPER])
{
    for (int j = 0; j < 128; j++) {
        int i = j / 32 * 64 + j % 32;
        p[j] = (uint8_t)((codes[i] & 15) | (codes[i + 32] & 15) << 4);
    }
}

void wg_quantize_q4_k(const float *x, const float *importance, void *dst, int64_t n)
{
    static const struct shape shape = {
        .n = 32, .top = 15, .scale_top = 63, .starts = 12, .spreads = 1};
    uint8_t *p = dst, codes[WG_SUPER];
    float w[WG_SUPER];
    struct super b;

    for (int64_t i = 0; i < n; i += WG_SUPER, p += 144) {
        wg_error_weights(x + i, importance ? importance + i : NULL, w, WG_SUPER);
        quantize_super(&shape, x + i, w, &b, codes);
        wg_store_f16(p, b.d);
        wg_store_f16(p + 2, b.dmin);
        store_q4k_scales(p + 4, &b);
        store_q4k_codes(p + 16, codes);
    }
}

void wg_quantize_q5_k(const float *x, const float *importance, void *dst, int64_t n)
{
    static const struct shape shape = {
        .n = 32, .top = 31, .scale_top = 63, .starts = 12, .spreads = 1};
    uint8_t *p = dst, codes[WG_SUPER];
    float w[WG_SUPER];
    struct super b;

    for (int64_t i = 0; i < n; i += WG_SUPER, p += 176) {
        wg_error_weights(x + i, importance ? importance + i : NULL, w, WG_SUPER);
        quantize_super(&shape, x + i, w, &b, codes);
        wg_store_f16(p, b.d);
        wg_store_f16(p + 2, b.dmin);
        store_q4k_scales(p + 4, &b);
        memset(p + 16, 0, 32);
        for (int j = 0; j < WG_SUPER; j++)
            p[16 + j % 32] |= (uint8_t)(codes[j] >> 4 << (j / 32));
        store_q4k_codes(p + 48, codes);
    }
}
