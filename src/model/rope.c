#include "model/rope.h"

#include <math.h>
#include <string.h>

static const double two_pi = 6.283185307179586;

static void scale_linear(struct wg_rope *r, double factor)
{
    for (int i = 0; i < r->dims / 2; i++)
        r->inv_freq[i] /= factor;
}

/* Llama 3.1: long waves are slowed down by factor, short ones kept, those between blended. */
static void scale_llama3(struct wg_rope *r, const struct wg_rope_config *rc)
{
    double context = (double)rc->original_context;

    for (int i = 0; i < r->dims / 2; i++) {
        double wave = two_pi / r->inv_freq[i];
        if (wave > context / rc->low_freq_factor) {
            r->inv_freq[i] /= rc->factor;
        } else if (wave >= context / rc->high_freq_factor) {
            double t = (context / wave - rc->low_freq_factor) /
                       (rc->high_freq_factor - rc->low_freq_factor);
            r->inv_freq[i] = (1 - t) * r->inv_freq[i] / rc->factor + t * r->inv_freq[i];
        }
    }
}

/* Pair that turns `turns` times over the original context. */
static double turning_pair(const struct wg_rope *r, double turns, double context)
{
    return r->dims * log(context / (turns * two_pi)) / (2 * log(r->base));
}

static double yarn_mscale(double factor, double mscale)
{
    return factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1;
}

/* YaRN (Peng et al. 2023): a ramp from kept to slowed pairs, and larger queries and keys. */
static void scale_yarn(struct wg_rope *r, const struct wg_rope_config *rc)
{
    double context = (double)rc->original_context;
    double low = turning_pair(r, rc->beta_fast, context);
    double high = turning_pair(r, rc->beta_slow, context);

    if (rc->truncate) {
        low = floor(low);
        high = ceil(high);
    }
    low = fmax(low, 0);
    high = fmin(high, r->dims - 1);
    if (low == high)
        high += 0.001;
    for (int i = 0; i < r->dims / 2; i++) {
        double slow = fmin(fmax((i - low) / (high - low), 0), 1);
        r->inv_freq[i] = r->inv_freq[i] / rc->factor * slow + r->inv_freq[i] * (1 - slow);
    }
    double m = rc->attention_factor;
    if (m == 0)
        m = rc->mscale != 0 && rc->mscale_all_dim != 0
                ? yarn_mscale(rc->factor, rc->mscale) / yarn_mscale(rc->factor, rc->mscale_all_dim)
                : yarn_mscale(rc->factor, 1);
    r->mscale = (float)m;
}

static enum wg_status divide_by(const struct wg_config *c, const char *key, const json_t *factors,
                                const struct wg_rope *r, double *inv_freq, struct wg_err *err)
{
    if (json_array_size(factors) != (size_t)r->dims / 2)
        return wg_fail(err, WG_E_INPUT, "%s: %s has %zu factors, the rotary embedding %d pairs",
                       c->name, key, json_array_size(factors), r->dims / 2);
    for (int i = 0; i < r->dims / 2; i++) {
        double f = json_number_value(json_array_get(factors, (size_t)i));
        if (!(f > 0))
            return wg_fail(err, WG_E_INPUT, "%s: %s: factor %d is not a positive number", c->name,
                           key, i);
        inv_freq[i] = r->inv_freq[i] / f;
    }
    return WG_OK;
}

enum wg_status wg_rope_set_long(struct wg_spec *s, const struct wg_config *c,
                                const struct wg_rope_config *rc, struct wg_err *err)
{
    double factor = rc->factor, original = (double)rc->original_context, m = rc->attention_factor;

    if (rc->original_context < 2 || rc->original_context > s->context_length)
        return wg_fail(err, WG_E_INPUT,
                       "%s: longrope over an original context of %lld in one of %lld", c->name,
                       (long long)rc->original_context, (long long)s->context_length);
    if (factor == 0)
        factor = (double)s->context_length / original;
    if (m == 0)
        m = factor <= 1 ? 1 : sqrt(1 + log(factor) / log(original));
    for (int i = 0; i < s->n_ropes; i++)
        s->ropes[i].mscale = (float)m;
    s->long_rope_from = rc->original_context;
    return WG_OK;
}

/* LongRoPE (Ding et al. 2024): other factors once a text is longer than the original context. */
static enum wg_status scale_longrope(struct wg_spec *s, struct wg_rope *r,
                                     const struct wg_config *c, const struct wg_rope_config *rc,
                                     struct wg_err *err)
{
    WG_TRY(wg_rope_need_long(r, err));
    WG_TRY(divide_by(c, "long_factor", rc->long_factor, r, r->inv_freq_long, err));
    WG_TRY(divide_by(c, "short_factor", rc->short_factor, r, r->inv_freq, err));
    return wg_rope_set_long(s, c, rc, err);
}

static enum wg_status check(const struct wg_config *c, const struct wg_rope_config *rc,
                            struct wg_err *err)
{
    if (strcmp(rc->type, "longrope") == 0)
        return WG_OK;
    if (!(rc->factor > 0))
        return wg_fail(err, WG_E_INPUT, "%s: rope scaling \"%s\" needs a positive factor", c->name,
                       rc->type);
    if (strcmp(rc->type, "linear") != 0 && rc->original_context < 1)
        return wg_fail(err, WG_E_INPUT,
                       "%s: rope scaling \"%s\" needs original_max_position_embeddings", c->name,
                       rc->type);
    if (strcmp(rc->type, "llama3") == 0 && !(rc->high_freq_factor > rc->low_freq_factor))
        return wg_fail(err, WG_E_INPUT,
                       "%s: rope scaling \"llama3\" needs high_freq_factor over low_freq_factor",
                       c->name);
    return WG_OK;
}

enum wg_status wg_rope_add(struct wg_spec *s, const struct wg_config *c,
                           const struct wg_rope_config *rc, enum wg_rope_layout layout, int dims,
                           int *index, struct wg_err *err)
{
    static const char *const known[] = {"linear", "llama3", "yarn", "longrope"};
    bool scaled = false;

    if (dims < 2 || dims > 1024 || dims % 2 || !(rc->theta > 1))
        return wg_fail(err, WG_E_INPUT,
                       "%s: rotary embedding of %d values with base %g: an even number from 2 to "
                       "1024 and a base over 1 are needed",
                       c->name, dims, rc->theta);
    WG_TRY(wg_spec_add_rope(s, layout, dims, rc->theta, index, err));
    struct wg_rope *r = &s->ropes[*index];
    if (strcmp(rc->type, "default") == 0)
        return WG_OK;
    for (size_t i = 0; i < WG_COUNT(known); i++)
        scaled |= strcmp(rc->type, known[i]) == 0;
    if (!scaled)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: rope scaling \"%.40s\" is not supported by this version", c->name,
                       rc->type);
    WG_TRY(check(c, rc, err));
    if (strcmp(rc->type, "longrope") == 0)
        return scale_longrope(s, r, c, rc, err);
    if (strcmp(rc->type, "linear") == 0)
        scale_linear(r, rc->factor);
    else if (strcmp(rc->type, "llama3") == 0)
        scale_llama3(r, rc);
    else
        scale_yarn(r, rc);
    return WG_OK;
}

enum wg_status wg_rope_divide(struct wg_rope *r, const float *factors, bool long_text,
                              const char *name, struct wg_err *err)
{
    if (long_text && !r->inv_freq_long)
        WG_TRY(wg_rope_need_long(r, err));
    for (int i = 0; i < r->dims / 2; i++) {
        if (!(factors[i] > 0) || !isfinite(factors[i]))
            return wg_fail(err, WG_E_INPUT, "%s: factor %d is not a positive number", name, i);
        if (long_text)
            r->inv_freq_long[i] = pow(r->base, -2.0 * i / r->dims) / (double)factors[i];
        else
            r->inv_freq[i] /= (double)factors[i];
    }
    return WG_OK;
}
