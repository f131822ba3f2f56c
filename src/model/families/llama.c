/*
 * Llama family: decoder with RMS norms before attention and MLP, rotary positions, grouped-query
 * attention and a SiLU-gated MLP (Touvron et al. 2023). GGUF files of it keep the rows of Q and K
 * in the order of the original Llama code, so that the rotation is the interleaved one.
 */
#include "model/families/families.h"

#include "package/gguf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum wg_status read_rope(const struct wg_gguf *g, const char *arch, int64_t d_head,
                                struct wg_spec *s, int *rope, struct wg_err *err)
{
    int64_t dims = d_head;
    double base = 10000.0;
    struct wg_gguf_str scaling = {"", 0};
    char key[128];

    WG_TRY(wg_arch_opt_i64(g, arch, "rope.dimension_count", &dims, err));
    WG_TRY(wg_arch_opt_f64(g, arch, "rope.freq_base", &base, err));
    snprintf(key, sizeof key, "%s.rope.scaling.type", arch);
    WG_TRY(wg_gguf_string(g, key, &scaling, NULL, err));
    if (scaling.n && !(scaling.n == 4 && memcmp(scaling.p, "none", 4) == 0))
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: rope scaling \"%.*s\" is not supported by this version",
                       wg_gguf_path(g), (int)WG_MIN(scaling.n, 64), scaling.p);
    if (dims < 2 || dims > 1024)
        return wg_fail(err, WG_E_INPUT, "%s: %s.rope.dimension_count is %lld, outside 2 to 1024",
                       wg_gguf_path(g), arch, (long long)dims);
    return wg_spec_add_rope(s, WG_ROPE_INTERLEAVED, (int)dims, base, rope, err);
}

static enum wg_status read_layer(const struct wg_gguf *g, const char *arch, int64_t d_head,
                                 int rope, int i, struct wg_spec *s, struct wg_err *err)
{
    struct wg_layer_spec *l = &s->layers[i];
    int64_t heads = 0, kv_heads = 0;

    WG_TRY(wg_arch_layer_i64(g, arch, "attention.head_count", i, s->n_layers, &heads, err));
    kv_heads = heads;
    char key[128];
    snprintf(key, sizeof key, "%s.attention.head_count_kv", arch);
    if (wg_gguf_find(g, key))
        WG_TRY(
            wg_arch_layer_i64(g, arch, "attention.head_count_kv", i, s->n_layers, &kv_heads, err));
    WG_TRY(wg_arch_layer_i64(g, arch, "feed_forward_length", i, s->n_layers, &l->mlp.d_ff, err));
    if (heads < 1 || heads > 4096 || kv_heads < 1 || kv_heads > heads)
        return wg_fail(err, WG_E_INPUT, "%s: layer %d has %lld heads and %lld KV heads",
                       wg_gguf_path(g), i, (long long)heads, (long long)kv_heads);
    l->mlp.act = WG_ACT_SILU;
    l->attn = (struct wg_attn_spec){.n_heads = (int)heads,
                                    .n_kv_heads = (int)kv_heads,
                                    .d_head = (int)d_head,
                                    .rope = rope,
                                    .scale = (float)(1.0 / sqrt((double)d_head))};
    return WG_OK;
}

static enum wg_status read_gguf(const struct wg_gguf *g, const char *arch, struct wg_spec *s,
                                struct wg_err *err)
{
    int64_t layers = 0, heads = 0, d_head, experts = 0;
    double eps = 0;
    int rope = -1;

    WG_TRY(wg_arch_i64(g, arch, "block_count", &layers, err));
    if (layers < 1 || layers > WG_MAX_LAYERS)
        return wg_fail(err, WG_E_INPUT, "%s: %s.block_count is %lld, outside 1 to %d",
                       wg_gguf_path(g), arch, (long long)layers, WG_MAX_LAYERS);
    WG_TRY(wg_arch_opt_i64(g, arch, "expert_count", &experts, err));
    if (experts)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: mixture of experts is not supported by this version", wg_gguf_path(g));
    WG_TRY(wg_spec_init(s, (int)layers, err));
    WG_TRY(wg_arch_i64(g, arch, "embedding_length", &s->d_model, err));
    WG_TRY(wg_arch_i64(g, arch, "context_length", &s->context_length, err));
    WG_TRY(wg_arch_f64(g, arch, "attention.layer_norm_rms_epsilon", &eps, err));
    WG_TRY(wg_arch_layer_i64(g, arch, "attention.head_count", 0, (int)layers, &heads, err));
    if (heads < 1 || heads > 4096)
        return wg_fail(err, WG_E_INPUT, "%s: %s.attention.head_count is %lld, outside 1 to 4096",
                       wg_gguf_path(g), arch, (long long)heads);
    d_head = s->d_model / heads;
    WG_TRY(wg_arch_opt_i64(g, arch, "attention.key_length", &d_head, err));
    if (d_head < 1 || d_head > 1024)
        return wg_fail(err, WG_E_INPUT, "%s: the head size is %lld, outside 1 to 1024",
                       wg_gguf_path(g), (long long)d_head);
    WG_TRY(read_rope(g, arch, d_head, s, &rope, err));
    for (int i = 0; i < s->n_layers; i++)
        WG_TRY(read_layer(g, arch, d_head, rope, i, s, err));
    s->norm = WG_NORM_RMS;
    s->norm_eps = (float)eps;
    const struct wg_tensor *embed = wg_gguf_tensor(g, "token_embd.weight");
    if (!embed)
        return wg_fail(err, WG_E_INPUT, "%s: the tensor token_embd.weight is missing",
                       wg_gguf_path(g));
    s->n_vocab = embed->ne[1];
    s->tied_output = wg_gguf_tensor(g, "output.weight") == NULL;
    return WG_OK;
}

static const char *const archs[] = {"llama", NULL};

const struct wg_family wg_family_llama = {
    .name = "Llama", .gguf_archs = archs, .read_gguf = read_gguf};
