#include "model/source.h"

#include "base/mem.h"
#include "package/gguf.h"
#include "package/package.h"
#include "package/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of tensors only. */
enum { ARENA_BYTES = 64 << 20 };

/* "layers.<N>." + from -> "blk.<N>." + to; without a layer, the same at the top. */
static const struct wg_rename common[] = {
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.qkv_proj", "attn_qkv"},
    {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_a_proj", "attn_q_a"},
    {"self_attn.q_a_layernorm", "attn_q_a_norm"},
    {"self_attn.q_b_proj", "attn_q_b"},
    {"self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa"},
    {"self_attn.kv_a_layernorm", "attn_kv_a_norm"},
    {"self_attn.kv_b_proj", "attn_kv_b"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
    {"mlp.gate_up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
    {"mlp.gate", "ffn_gate_inp"},
    {"block_sparse_moe.gate", "ffn_gate_inp"},
    {"mlp.shared_expert.gate_proj", "ffn_gate_shexp"},
    {"mlp.shared_expert.up_proj", "ffn_up_shexp"},
    {"mlp.shared_expert.down_proj", "ffn_down_shexp"},
    {"mlp.shared_experts.gate_proj", "ffn_gate_shexp"},
    {"mlp.shared_experts.up_proj", "ffn_up_shexp"},
    {"mlp.shared_experts.down_proj", "ffn_down_shexp"},
    {"mlp.shared_expert_gate", "ffn_gate_inp_shexp"},
    {"linear_attn.in_proj_qkvz", "ssm_in"},
    {"linear_attn.in_proj_ba", "ssm_ba"},
    {"linear_attn.in_proj_qkv", "attn_qkv"},
    {"linear_attn.in_proj_z", "attn_gate"},
    {"linear_attn.in_proj_b", "ssm_beta"},
    {"linear_attn.in_proj_a", "ssm_alpha"},
    {"linear_attn.conv1d", "ssm_conv1d"},
    {"linear_attn.norm", "ssm_norm"},
    {"linear_attn.out_proj", "ssm_out"},
    {"input_layernorm", "attn_norm"},
    {"embed_tokens", "token_embd"},
    {"norm", "output_norm"},
    {"lm_head", "output"},
    {NULL, NULL},
};

/* The same for the few tensors that are called neither weight nor bias: whole names. */
static const struct wg_rename bare[] = {
    {"mlp.gate.e_score_correction_bias", "exp_probs_b.bias"},
    {"mlp.experts.gate_up_proj", "ffn_gate_up_exps.weight"},
    {"mlp.experts.down_proj", "ffn_down_exps.weight"},
    {"linear_attn.A_log", "ssm_a"},
    {"linear_attn.dt_bias", "ssm_dt.bias"},
    {NULL, NULL},
};

static const char *lookup(const struct wg_rename *table, const char *stem, size_t n)
{
    for (; table && table->from; table++)
        if (strlen(table->from) == n && memcmp(table->from, stem, n) == 0)
            return table->to;
    return NULL;
}

static const char *skip_prefix(const char *name)
{
    static const char *const prefixes[] = {"model.language_model.", "language_model.model.",
                                           "language_model.", "model."};

    for (size_t i = 0; i < WG_COUNT(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return name + strlen(prefixes[i]);
    return name;
}

/* Tensors that are no part of the text model's weights: buffers, towers for pictures and sound, and
 * what guesses tokens ahead (multi-token prediction: mtp, or layers after the last one), which the
 * model itself does not pass. */
static bool is_foreign(const struct wg_source *s, const char *name)
{
    unsigned layer;

    if (strstr(name, "rotary_emb.inv_freq") || strncmp(name, "mtp.", 4) == 0)
        return true;
    if (sscanf(skip_prefix(name), "layers.%9u.", &layer) == 1 &&
        layer >= (unsigned)s->spec.n_layers && wg_cfg_has(&s->config, "num_nextn_predict_layers"))
        return true;
    return s->config.text != s->config.root && !strstr(name, "language_model") &&
           strncmp(name, "lm_head", 7) != 0;
}

/* "mlp.experts.3.up_proj" -> "ffn_up.3" */
static bool expert_stem(const char *stem, size_t n, char *out, size_t out_size)
{
    static const struct wg_rename parts[] = {
        {"gate_proj", "ffn_gate"}, {"w1", "ffn_gate"}, {"up_proj", "ffn_up"}, {"w3", "ffn_up"},
        {"down_proj", "ffn_down"}, {"w2", "ffn_down"}, {NULL, NULL},
    };
    const char *at = memmem(stem, n, ".experts.", 9);
    unsigned e;
    int used = 0;

    if (!at || sscanf(at + 9, "%9u.%n", &e, &used) != 1 || used == 0)
        return false;
    const char *part = at + 9 + used;
    const char *to = lookup(parts, part, n - (size_t)(part - stem));
    if (to)
        snprintf(out, out_size, "%s.%u", to, e);
    return to != NULL;
}

/* The GGUF name of a Hugging Face tensor in out[128]; false when the family has no such tensor. */
static bool canonical(const struct wg_source *s, const char *name, char out[128])
{
    const char *stem = skip_prefix(name), *to;
    const char *dot = strrchr(stem, '.');
    char layer[32] = "", expert[48];
    unsigned n;
    int used = 0;

    if (sscanf(stem, "layers.%9u.%n", &n, &used) == 1 && used > 0) {
        snprintf(layer, sizeof layer, "blk.%u.", n);
        stem += used;
    }
    to = lookup(bare, stem, strlen(stem));
    if (to) {
        snprintf(out, 128, "%s%s", layer, to);
        return true;
    }
    if (!dot || (strcmp(dot, ".weight") != 0 && strcmp(dot, ".bias") != 0))
        return false;
    size_t len = (size_t)(dot - stem);
    to = lookup(s->family->renames, stem, len);
    if (!to)
        to = lookup(common, stem, len);
    if (!to && expert_stem(stem, len, expert, sizeof expert))
        to = expert;
    if (!to && len == 24 && memcmp(stem, "post_attention_layernorm", 24) == 0)
        to = s->spec.post_norms ? "post_attention_norm" : "ffn_norm";
    if (!to)
        return false;
    snprintf(out, 128, "%s%s%s", layer, to, dot);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct wg_source_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static enum wg_status add(struct wg_source *s, const char *name, const struct wg_tensor *t,
                          struct wg_err *err)
{
    char *copy = wg_arena_strndup(&s->arena, name, strlen(name));

    if (!copy)
        return wg_oom(err, "the tensor list");
    s->tensors[s->n_tensors++] = (struct wg_source_tensor){.name = copy, .tensor = t};
    return WG_OK;
}

static enum wg_status list_gguf(struct wg_source *s, struct wg_err *err)
{
    size_t n = wg_gguf_tensor_count(s->gguf);

    s->tensors = wg_arena_alloc(&s->arena, n, sizeof *s->tensors);
    if (!s->tensors)
        return wg_oom(err, "the tensor list");
    for (size_t i = 0; i < n; i++) {
        const struct wg_tensor *t = wg_gguf_tensor_at(s->gguf, i);
        unsigned layer;
        if (sscanf(t->name, "blk.%9u.", &layer) == 1 && layer >= (unsigned)s->spec.n_layers &&
            wg_cfg_has(&s->config, "nextn_predict_layers"))
            continue;
        WG_TRY(add(s, t->name, t, err));
    }
    return WG_OK;
}

static enum wg_status list_safetensors(struct wg_source *s, struct wg_err *err)
{
    size_t n = wg_st_tensor_count(s->st);
    char name[128];

    s->tensors = wg_arena_alloc(&s->arena, n, sizeof *s->tensors);
    if (!s->tensors)
        return wg_oom(err, "the tensor list");
    for (size_t i = 0; i < n; i++) {
        const struct wg_tensor *t = wg_st_tensor_at(s->st, i);
        if (is_foreign(s, t->name))
            continue;
        if (!canonical(s, t->name, name))
            return wg_fail(err, WG_E_UNSUPPORTED,
                           "%s: tensor %s has no place in the %s graph of this version", s->name,
                           t->name, s->spec.architecture);
        /* A tied model's head may be stored beside the embedding; transformers ignores it too. */
        if (s->spec.tied_output && strcmp(name, "output.weight") == 0)
            continue;
        WG_TRY(add(s, name, t, err));
    }
    return WG_OK;
}

static enum wg_status check_unique(const struct wg_source *s, struct wg_err *err)
{
    for (size_t i = 1; i < s->n_tensors; i++)
        if (strcmp(s->tensors[i - 1].name, s->tensors[i].name) == 0)
            return wg_fail(err, WG_E_INPUT, "%s: tensors %s and %s are for the same place", s->name,
                           s->tensors[i - 1].tensor->name, s->tensors[i].tensor->name);
    return WG_OK;
}

static enum wg_status open_files(struct wg_source *s, const struct wg_pkg *pkg, struct wg_err *err)
{
    const struct wg_pkg_file *weights = &pkg->files[pkg->weights], *config;

    if (pkg->format == WG_WEIGHTS_NONE)
        return wg_fail(err, WG_E_INPUT, "%s: the package has no weights", pkg->name);
    s->name = weights->full;
    if (pkg->format == WG_WEIGHTS_GGUF) {
        WG_TRY(wg_pkg_gguf(pkg, &s->gguf, err));
        return wg_config_from_gguf(s->gguf, &s->config, err);
    }
    config = wg_pkg_file(pkg, "config.json");
    if (!config)
        return wg_fail(err, WG_E_INPUT, "%s: config.json is missing", pkg->name);
    WG_TRY(wg_config_load(config->full, &s->config, err));
    return wg_pkg_safetensors(pkg, &s->st, err);
}

static enum wg_status open_source(struct wg_source *s, const struct wg_pkg *pkg, struct wg_err *err)
{
    WG_TRY(open_files(s, pkg, err));
    WG_TRY(wg_spec_read(&s->config, &s->spec, &s->family, err));
    WG_TRY(s->gguf ? list_gguf(s, err) : list_safetensors(s, err));
    s->norm_plus_one = s->st && s->family->norm_plus_one;
    qsort(s->tensors, s->n_tensors, sizeof *s->tensors, by_name);
    return check_unique(s, err);
}

enum wg_status wg_source_open(const struct wg_pkg *pkg, struct wg_source **out, struct wg_err *err)
{
    struct wg_source *s = wg_calloc(1, sizeof *s);

    if (!s)
        return wg_oom(err, "the weights");
    wg_arena_init(&s->arena, ARENA_BYTES);
    enum wg_status st = open_source(s, pkg, err);
    if (st != WG_OK) {
        wg_source_close(s);
        return st;
    }
    *out = s;
    return WG_OK;
}

void wg_source_close(struct wg_source *s)
{
    if (!s)
        return;
    wg_spec_release(&s->spec);
    wg_config_release(&s->config);
    wg_gguf_close(s->gguf);
    wg_st_close(s->st);
    wg_arena_release(&s->arena);
    wg_free(s);
}

const struct wg_tensor *wg_source_take(struct wg_source *s, const char *name)
{
    struct wg_source_tensor key = {.name = name};
    struct wg_source_tensor *found =
        bsearch(&key, s->tensors, s->n_tensors, sizeof *s->tensors, by_name);

    if (!found)
        return NULL;
    found->used = true;
    return found->tensor;
}
