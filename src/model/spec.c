#include "model/spec.h"

#include "base/mem.h"

#include <math.h>

enum wg_status wg_spec_init(struct wg_spec *s, int n_layers, struct wg_err *err)
{
    *s = (struct wg_spec){.n_layers = n_layers, .embed_scale = 1.0f};
    s->layers = wg_calloc((size_t)n_layers, sizeof *s->layers);
    return s->layers ? WG_OK : wg_oom(err, "the model's layers");
}

void wg_spec_drop_ropes(struct wg_spec *s)
{
    for (int i = 0; i < s->n_ropes; i++) {
        wg_free(s->ropes[i].inv_freq);
        wg_free(s->ropes[i].inv_freq_long);
        s->ropes[i] = (struct wg_rope){0};
    }
    s->n_ropes = 0;
}

void wg_spec_release(struct wg_spec *s)
{
    wg_spec_drop_ropes(s);
    wg_free(s->layers);
    *s = (struct wg_spec){0};
}

enum wg_status wg_spec_add_rope(struct wg_spec *s, enum wg_rope_layout layout, int dims,
                                double base, int *index, struct wg_err *err)
{
    if (s->n_ropes == WG_MAX_ROPES)
        return wg_fail(err, WG_E_INTERNAL, "more than %d rotary embeddings", WG_MAX_ROPES);
    struct wg_rope *r = &s->ropes[s->n_ropes];
    *r = (struct wg_rope){.layout = layout, .dims = dims, .base = base, .mscale = 1.0f};
    r->inv_freq = wg_calloc((size_t)dims / 2 + 1, sizeof *r->inv_freq);
    if (!r->inv_freq)
        return wg_oom(err, "rotary frequencies");
    for (int i = 0; i < dims / 2; i++)
        r->inv_freq[i] = pow(base, -2.0 * i / dims);
    *index = s->n_ropes++;
    return WG_OK;
}

enum wg_status wg_rope_need_long(struct wg_rope *r, struct wg_err *err)
{
    r->inv_freq_long = wg_calloc((size_t)r->dims / 2 + 1, sizeof *r->inv_freq_long);
    return r->inv_freq_long ? WG_OK : wg_oom(err, "rotary frequencies");
}

static enum wg_status check_range(const char *name, const char *what, int64_t v, int64_t lo,
                                  int64_t hi, struct wg_err *err)
{
    if (v >= lo && v <= hi)
        return WG_OK;
    return wg_fail(err, WG_E_INPUT, "%s: %s is %lld, outside %lld to %lld", name, what,
                   (long long)v, (long long)lo, (long long)hi);
}

static enum wg_status check_moe(const struct wg_moe_spec *m, const char *name, struct wg_err *err)
{
    if (m->n_experts == 0)
        return WG_OK;
    WG_TRY(check_range(name, "the number of experts", m->n_experts, 2, 4096, err));
    WG_TRY(check_range(name, "the number of experts a token uses", m->n_used, 1,
                       WG_MIN(m->n_experts, WG_MAX_EXPERTS_USED), err));
    WG_TRY(check_range(name, "the number of expert groups", m->n_groups, 1, m->n_experts, err));
    WG_TRY(
        check_range(name, "the number of expert groups used", m->groups_used, 1, m->n_groups, err));
    WG_TRY(check_range(name, "the shared expert's size", m->d_shared, 0, 1 << 24, err));
    int size = m->n_experts / m->n_groups;
    if (m->n_experts % m->n_groups != 0 || size * m->groups_used < m->n_used)
        return wg_fail(err, WG_E_INPUT,
                       "%s: %d of %d experts in %d of %d groups: the groups do not fit", name,
                       m->n_used, m->n_experts, m->groups_used, m->n_groups);
    return WG_OK;
}

static enum wg_status check_mla(const struct wg_attn_spec *a, const char *name, struct wg_err *err)
{
    const struct wg_mla_spec *m = &a->mla;

    if (m->kv_rank == 0)
        return WG_OK;
    WG_TRY(check_range(name, "kv_lora_rank", m->kv_rank, 1, 1 << 14, err));
    WG_TRY(check_range(name, "q_lora_rank", m->q_rank, 0, 1 << 16, err));
    WG_TRY(check_range(name, "qk_nope_head_dim", m->d_nope, 1, 1024, err));
    WG_TRY(check_range(name, "qk_rope_head_dim", m->d_rope, 2, 1024, err));
    return check_range(name, "v_head_dim", m->d_v, 1, 1024, err);
}

static enum wg_status check_delta(const struct wg_delta_spec *d, const char *name,
                                  struct wg_err *err)
{
    WG_TRY(check_range(name, "the number of key heads of a delta net", d->n_k_heads, 1, 4096, err));
    WG_TRY(
        check_range(name, "the number of value heads of a delta net", d->n_v_heads, 1, 4096, err));
    if (d->n_v_heads % d->n_k_heads != 0)
        return wg_fail(err, WG_E_INPUT,
                       "%s: %d value heads of a delta net are not a multiple of %d key heads", name,
                       d->n_v_heads, d->n_k_heads);
    WG_TRY(check_range(name, "the key size of a delta net", d->d_k, 1, 1024, err));
    WG_TRY(check_range(name, "the value size of a delta net", d->d_v, 1, 1024, err));
    return check_range(name, "the taps of a delta net's convolution", d->taps, 1, 64, err);
}

static enum wg_status check_attention(const struct wg_spec *s, int layer, const char *name,
                                      struct wg_err *err)
{
    const struct wg_attn_spec *a = &s->layers[layer].attn;

    WG_TRY(check_range(name, "the number of attention heads", a->n_heads, 1, 4096, err));
    WG_TRY(check_range(name, "the number of KV heads", a->n_kv_heads, 1, a->n_heads, err));
    if (a->n_heads % a->n_kv_heads != 0)
        return wg_fail(err, WG_E_INPUT,
                       "%s: layer %d: %d attention heads are not a multiple of %d KV heads", name,
                       layer, a->n_heads, a->n_kv_heads);
    WG_TRY(check_range(name, "the head size", a->d_head, 1, 1024, err));
    WG_TRY(check_range(name, "the attention window", a->window, 0, INT64_C(1) << 40, err));
    if (a->rope >= 0 && s->ropes[a->rope].dims > a->d_head)
        return wg_fail(err, WG_E_INPUT, "%s: %d rotary dimensions are more than the head size %d",
                       name, s->ropes[a->rope].dims, a->d_head);
    return check_mla(a, name, err);
}

static enum wg_status check_layer(const struct wg_spec *s, int layer, const char *name,
                                  struct wg_err *err)
{
    const struct wg_layer_spec *l = &s->layers[layer];

    WG_TRY(l->mixer == WG_MIXER_DELTA ? check_delta(&l->delta, name, err)
                                      : check_attention(s, layer, name, err));
    WG_TRY(check_moe(&l->mlp.moe, name, err));
    return check_range(name, "the feed-forward size", l->mlp.d_ff, 1, INT64_C(1) << 24, err);
}

enum wg_status wg_spec_check(const struct wg_spec *s, const char *name, struct wg_err *err)
{
    WG_TRY(check_range(name, "the number of layers", s->n_layers, 1, WG_MAX_LAYERS, err));
    WG_TRY(check_range(name, "the embedding size", s->d_model, 1, INT64_C(1) << 20, err));
    WG_TRY(check_range(name, "the vocabulary size", s->n_vocab, 1, INT64_C(1) << 24, err));
    WG_TRY(check_range(name, "the context length", s->context_length, 1, INT64_C(1) << 32, err));
    if (!(s->norm_eps >= 0 && s->norm_eps < 1))
        return wg_fail(err, WG_E_INPUT, "%s: the norm epsilon is %g, outside 0 to 1", name,
                       (double)s->norm_eps);
    for (int i = 0; i < s->n_ropes; i++) {
        const struct wg_rope *r = &s->ropes[i];
        if (r->dims < 2 || r->dims % 2 || !(r->base > 0) || !isfinite(r->base))
            return wg_fail(err, WG_E_INPUT,
                           "%s: rotary embedding of %d dimensions with base %g: the dimensions "
                           "have to be even and the base positive",
                           name, r->dims, r->base);
    }
    for (int i = 0; i < s->n_layers; i++)
        WG_TRY(check_layer(s, i, name, err));
    return WG_OK;
}

struct wg_kv_shape wg_kv_shape_of(const struct wg_attn_spec *a)
{
    if (a->mla.kv_rank)
        return (struct wg_kv_shape){.heads = 1, .d_k = a->mla.kv_rank + a->mla.d_rope};
    return (struct wg_kv_shape){.heads = a->n_kv_heads, .d_k = a->d_head, .d_v = a->d_head};
}

int64_t wg_delta_channels(const struct wg_delta_spec *d)
{
    return 2 * (int64_t)d->n_k_heads * d->d_k + (int64_t)d->n_v_heads * d->d_v;
}

int64_t wg_delta_past_values(const struct wg_delta_spec *d)
{
    return WG_MAX(0, d->taps - 1) * wg_delta_channels(d);
}

int64_t wg_delta_state_values(const struct wg_delta_spec *d)
{
    return (int64_t)d->n_v_heads * d->d_v * d->d_k;
}

bool wg_spec_recurrent(const struct wg_spec *s)
{
    for (int i = 0; i < s->n_layers; i++)
        if (s->layers[i].mixer == WG_MIXER_DELTA)
            return true;
    return false;
}

uint64_t wg_spec_kv_bytes(const struct wg_spec *s, int64_t positions, int kv_bytes)
{
    uint64_t total = 0;

    for (int i = 0; i < s->n_layers; i++) {
        struct wg_kv_shape k = wg_kv_shape_of(&s->layers[i].attn);
        const struct wg_delta_spec *d = &s->layers[i].delta;
        total += sizeof(float) * (uint64_t)(wg_delta_past_values(d) + wg_delta_state_values(d));
        total += (uint64_t)k.heads * (uint64_t)(k.d_k + k.d_v) * (uint64_t)kv_bytes *
                 (uint64_t)positions;
    }
    return total;
}
