#include "convert/hf_keys.h"

#include "base/log.h"
#include "package/gguf_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// clang-format off
static const struct wg_hf_arch archs[] = {
    /* hf, gguf, turned, windows, normalizes, all_experts */
    {"LlamaForCausalLM",               "llama",    true,  false, true,  true},
    {"MistralForCausalLM",             "llama",    true,  false, true,  true},
    {"MixtralForCausalLM",             "llama",    true,  false, true,  true},
    {"Qwen2ForCausalLM",               "qwen2",    false, false, true,  true},
    {"Qwen3ForCausalLM",               "qwen3",    false, false, true,  true},
    {"Qwen2MoeForCausalLM",            "qwen2moe", false, false, false, true},
    {"Qwen3MoeForCausalLM",            "qwen3moe", false, false, true,  true},
    {"GemmaForCausalLM",               "gemma",    false, false, true,  true},
    {"Gemma2ForCausalLM",              "gemma2",   false, true,  true,  true},
    {"Gemma3ForCausalLM",              "gemma3",   false, true,  true,  true},
    {"Gemma3ForConditionalGeneration", "gemma3",   false, true,  true,  true},
    {"PhiForCausalLM",                 "phi2",     false, false, true,  true},
    {"Phi3ForCausalLM",                "phi3",     false, false, true,  true},
};
// clang-format on

static enum wg_status cannot_say(const struct wg_source *s, const struct wg_hf_arch *a,
                                 const char *what, struct wg_err *err)
{
    return wg_fail(
        err, WG_E_UNSUPPORTED,
        "%s: a GGUF file of the architecture \"%s\" cannot say %s, and its readers would "
        "compute something else",
        s->config.name, a->gguf, what);
}

/* The scale of attention is not in the file: readers take the head size, and in the two large Gemma
 * models the width of a head's share. */
static bool scale_is_known(const struct wg_spec *s)
{
    const struct wg_attn_spec *l = &s->layers[0].attn;
    bool large = (s->n_layers == 46 && s->d_model == 4608) ||
                 (s->n_layers == 62 && s->d_model == 5376);
    double by = large ? (double)s->d_model / l->n_heads : l->d_head;

    return fabs((double)l->scale * sqrt(by) - 1) < 1e-5;
}

static enum wg_status check_layers(const struct wg_source *s, const struct wg_hf_arch *a,
                                   struct wg_err *err)
{
    int64_t window = 0;
    bool experts = s->spec.layers[0].mlp.moe.n_experts > 0;

    for (int i = 0; i < s->spec.n_layers; i++) {
        const struct wg_layer_spec *l = &s->spec.layers[i];
        window = l->attn.window > window ? l->attn.window : window;
        if ((l->mlp.moe.n_experts > 0) != experts && a->all_experts)
            return cannot_say(s, a, "that some layers have experts and some have none", err);
        if (l->mlp.moe.n_experts > 0 && l->mlp.moe.normalize != a->normalizes)
            return cannot_say(s, a, "this norm_topk_prob", err);
    }
    if (window && !a->windows && window < s->spec.context_length)
        wg_log(WG_LOG_WARN,
               "%s: layers attend to %lld positions; llama.cpp does not look at the window of a "
               "file of the architecture \"%s\", and texts longer than it give other results there",
               s->config.name, (long long)window, a->gguf);
    return WG_OK;
}

enum wg_status wg_hf_arch_find(const struct wg_source *s, const struct wg_hf_arch **out,
                               struct wg_err *err)
{
    for (size_t i = 0; i < WG_COUNT(archs); i++) {
        if (strcmp(archs[i].hf, s->spec.architecture) != 0)
            continue;
        *out = &archs[i];
        if (!scale_is_known(&s->spec))
            return cannot_say(s, *out, "this query_pre_attn_scalar", err);
        return check_layers(s, *out, err);
    }
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "%s: this version does not write GGUF files of the architecture %s",
                   s->config.name, s->spec.architecture);
}

/* Where the keys go. */
struct keys {
    const struct wg_source *s;
    const struct wg_hf_arch *a;
    struct wg_gguf_out *out;
    struct wg_err *err;
    enum wg_status status; /* of the first put that failed */
};

static void put_number(struct keys *k, const char *suffix, int64_t v)
{
    char key[128];

    snprintf(key, sizeof key, "%s.%s", k->a->gguf, suffix);
    if (k->status == WG_OK && v > UINT32_MAX)
        k->status = wg_fail(k->err, WG_E_UNSUPPORTED, "%s: %s is %lld, over 32 bits",
                            k->s->config.name, key, (long long)v);
    if (k->status == WG_OK)
        k->status = wg_gguf_put_u32(k->out, key, (uint32_t)v, k->err);
}

static void put_real(struct keys *k, const char *suffix, double v)
{
    char key[128];

    snprintf(key, sizeof key, "%s.%s", k->a->gguf, suffix);
    if (k->status == WG_OK)
        k->status = wg_gguf_put_f32(k->out, key, (float)v, k->err);
}

static void put_text(struct keys *k, const char *suffix, const char *v)
{
    char key[128];

    snprintf(key, sizeof key, "%s.%s", k->a->gguf, suffix);
    if (k->status == WG_OK)
        k->status = wg_gguf_put_string(k->out, key, v, strlen(v), k->err);
}

static void put_sizes(struct keys *k)
{
    const struct wg_spec *s = &k->s->spec;
    const struct wg_layer_spec *l = &s->layers[0];
    const struct wg_moe_spec *m = &l->mlp.moe;
    int64_t d_ff = l->mlp.d_ff;

    put_number(k, "block_count", s->n_layers);
    put_number(k, "context_length", s->context_length);
    put_number(k, "embedding_length", s->d_model);
    put_number(k, "vocab_size", s->n_vocab);
    put_number(k, "attention.head_count", l->attn.n_heads);
    put_number(k, "attention.head_count_kv", l->attn.n_kv_heads);
    put_number(k, "attention.key_length", l->attn.d_head);
    put_number(k, "attention.value_length", l->attn.d_head);
    put_real(k,
             s->norm == WG_NORM_LAYER ? "attention.layer_norm_epsilon"
                                      : "attention.layer_norm_rms_epsilon",
             (double)s->norm_eps);
    if (m->n_experts > 0) {
        put_number(k, "expert_count", m->n_experts);
        put_number(k, "expert_used_count", m->n_used);
        put_number(k, "expert_feed_forward_length", d_ff);
        if (m->d_shared)
            put_number(k, "expert_shared_feed_forward_length", m->d_shared);
        if (k->status == WG_OK)
            k->status =
                wg_cfg_i64(&k->s->config, "intermediate_size", d_ff, 1, 1 << 24, &d_ff, k->err);
    }
    put_number(k, "feed_forward_length", d_ff);
    if (l->attn.softcap != 0)
        put_real(k, "attn_logit_softcapping", (double)l->attn.softcap);
    if (s->logit_softcap != 0)
        put_real(k, "final_logit_softcapping", (double)s->logit_softcap);
    int64_t window = 0;
    for (int i = 0; i < s->n_layers; i++)
        window = s->layers[i].attn.window > window ? s->layers[i].attn.window : window;
    if (window)
        put_number(k, "attention.sliding_window", window);
}

/* llama3 is a tensor of factors, and longrope two: from_hf.c writes them. */
static void put_scaling(struct keys *k, const struct wg_rope_config *rc)
{
    bool yarn = strcmp(rc->type, "yarn") == 0, linear = strcmp(rc->type, "linear") == 0;

    if (linear || yarn) {
        put_text(k, "rope.scaling.type", rc->type);
        put_real(k, "rope.scaling.factor", rc->factor);
    }
    if (yarn && (rc->attention_factor != 0 || rc->mscale != 0 || !rc->truncate) &&
        k->status == WG_OK)
        k->status = cannot_say(k->s, k->a, "this attention factor of yarn", k->err);
    if (yarn || strcmp(rc->type, "longrope") == 0)
        put_number(k, "rope.scaling.original_context_length", rc->original_context);
    if (yarn && rc->beta_fast != 32)
        put_real(k, "rope.scaling.yarn_beta_fast", rc->beta_fast);
    if (yarn && rc->beta_slow != 1)
        put_real(k, "rope.scaling.yarn_beta_slow", rc->beta_slow);
    if (strcmp(rc->type, "longrope") == 0)
        put_real(k, "rope.scaling.attn_factor", (double)k->s->spec.ropes[0].mscale);
}

static void put_rope(struct keys *k)
{
    const struct wg_spec *s = &k->s->spec;
    struct wg_rope_config rc;

    put_number(k, "rope.dimension_count", s->ropes[0].dims);
    put_real(k, "rope.freq_base", s->ropes[0].base);
    if (s->n_ropes > 1)
        put_real(k, "rope.freq_base_swa", s->ropes[1].base);
    if (s->n_ropes > 1 && s->ropes[1].base != 10000 && k->status == WG_OK)
        k->status = cannot_say(k->s, k->a, "this rotary base of the local layers", k->err);
    if (k->status == WG_OK)
        k->status = wg_cfg_rope(&k->s->config, "full_attention", 10000, &rc, k->err);
    if (k->status == WG_OK)
        put_scaling(k, &rc);
}

enum wg_status wg_hf_put_keys(const struct wg_source *s, const struct wg_hf_arch *a,
                              const char *name, struct wg_gguf_out *out, struct wg_err *err)
{
    struct keys k = {.s = s, .a = a, .out = out, .err = err, .status = WG_OK};

    WG_TRY(wg_gguf_put_string(out, "general.architecture", a->gguf, strlen(a->gguf), err));
    WG_TRY(wg_gguf_put_string(out, "general.type", "model", 5, err));
    WG_TRY(wg_gguf_put_string(out, "general.name", name, strlen(name), err));
    put_sizes(&k);
    put_rope(&k);
    return k.status;
}
