/*
 * DeepSeek-V2 and V2-Lite (latent attention, softmax routing, with groups or not) and V3, V3.1, R1
 * (sigmoid routing with a correction bias). The LLM and Coder models and the R1 distills have the
 * Llama or Qwen graph and say so.
 */
#include "model/families/families.h"

#include "model/rope.h"

#include <math.h>
#include <string.h>

static const struct wg_dense_defaults v2 = {
    .vocab = 102400,
    .d_model = 4096,
    .d_ff = 11008,
    .layers = 32,
    .heads = 32,
    .d_head = 64,
    .context = 2048,
    .eps = 1e-6,
    .theta = 10000,
    .act = "silu",
};

static const struct wg_dense_defaults v3 = {
    .vocab = 129280,
    .d_model = 7168,
    .d_ff = 18432,
    .layers = 61,
    .heads = 128,
    .d_head = 64,
    .context = 4096,
    .eps = 1e-6,
    .theta = 10000,
    .act = "silu",
};

static double yarn_growth(double factor, double mscale)
{
    return factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1;
}

static enum wg_status read_attention(const struct wg_config *c, struct wg_spec *s,
                                     struct wg_err *err)
{
    struct wg_rope_config rc;
    struct wg_mla_spec m;
    int64_t kv_rank, q_rank, nope, rope, v;
    int index;

    WG_TRY(wg_cfg_i64(c, "kv_lora_rank", 512, 1, 1 << 14, &kv_rank, err));
    /* null says that queries have no latent; an absent key takes the class default. */
    int64_t def = json_object_get(c->text, "q_lora_rank") ? 0 : 1536;
    WG_TRY(wg_cfg_i64(c, "q_lora_rank", def, 0, 1 << 16, &q_rank, err));
    WG_TRY(wg_cfg_i64(c, "qk_nope_head_dim", 128, 1, 1024, &nope, err));
    WG_TRY(wg_cfg_i64(c, "qk_rope_head_dim", 64, 2, 1024, &rope, err));
    WG_TRY(wg_cfg_i64(c, "v_head_dim", 128, 1, 1024, &v, err));
    m = (struct wg_mla_spec){.kv_rank = (int)kv_rank,
                             .q_rank = (int)q_rank,
                             .d_nope = (int)nope,
                             .d_rope = (int)rope,
                             .d_v = (int)v};
    WG_TRY(wg_cfg_rope(c, NULL, 10000, &rc, err));
    wg_spec_drop_ropes(s);
    WG_TRY(wg_rope_add(s, c, &rc, WG_ROPE_INTERLEAVED, (int)rope, &index, err));
    double scale = 1 / sqrt((double)(nope + rope));
    if (strcmp(rc.type, "default") != 0 && rc.mscale_all_dim != 0) {
        double growth = yarn_growth(rc.factor, rc.mscale_all_dim);
        scale *= growth * growth;
    }
    for (int i = 0; i < s->n_layers; i++) {
        struct wg_attn_spec *a = &s->layers[i].attn;
        a->n_kv_heads = a->n_heads;
        a->d_head = m.d_nope + m.d_rope;
        a->scale = (float)scale;
        a->mla = m;
    }
    return WG_OK;
}

/* Groups and weights of V2's topk_method, or of V3. */
static enum wg_status read_routing(const struct wg_config *c, bool third, struct wg_moe_spec *m,
                                   struct wg_err *err)
{
    const char *method;
    int64_t groups, used;
    double scale;

    WG_TRY(wg_cfg_string(c, "topk_method", third ? "noaux_tc" : "greedy", &method, err));
    bool grouped = third || strcmp(method, "group_limited_greedy") == 0;
    if (!grouped && strcmp(method, "greedy") != 0)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s: topk_method \"%.40s\" is not supported", c->name,
                       method);
    WG_TRY(wg_cfg_i64(c, "n_group", third ? 8 : 1, 1, m->n_experts, &groups, err));
    WG_TRY(wg_cfg_i64(c, "topk_group", third ? 4 : 1, 1, groups, &used, err));
    WG_TRY(wg_cfg_f64(c, "routed_scaling_factor", third ? 2.5 : 1, &scale, err));
    m->router = third ? WG_ROUTER_SIGMOID : WG_ROUTER_SOFTMAX;
    m->n_groups = grouped ? (int)groups : 1;
    m->groups_used = grouped ? (int)used : 1;
    m->scale = (float)scale;
    /* V2's reference never normalizes, whatever its configuration says. */
    m->normalize = third && m->normalize;
    return WG_OK;
}

static enum wg_status read_experts(const struct wg_config *c, bool third, struct wg_spec *s,
                                   struct wg_err *err)
{
    struct wg_moe_defaults d = {.experts = third ? 256 : 64,
                                .used = third ? 8 : 6,
                                .d_ff = third ? 2048 : 1407,
                                .normalize = third};
    int64_t dense, shared, experts;

    WG_TRY(wg_cfg_i64(c, "first_k_dense_replace", third ? 3 : 0, 0, s->n_layers, &dense, err));
    WG_TRY(wg_cfg_i64(c, "n_shared_experts", third ? 1 : 2, 0, 64, &shared, err));
    WG_TRY(wg_cfg_i64(c, "n_routed_experts", d.experts, 1, 4096, &experts, err));
    d.experts = experts;
    for (int64_t i = dense; i < s->n_layers; i++) {
        struct wg_mlp_spec *mlp = &s->layers[i].mlp;
        WG_TRY(wg_read_moe_layer(c, &d, s, (int)i, err));
        mlp->moe.d_shared = shared * mlp->d_ff;
        mlp->moe.shared_gate = false;
        WG_TRY(read_routing(c, third, &mlp->moe, err));
    }
    return WG_OK;
}

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    bool third = strcmp(c->arch, "DeepseekV3ForCausalLM") == 0;

    WG_TRY(wg_read_dense(c, third ? &v3 : &v2, s, err));
    WG_TRY(read_attention(c, s, err));
    return read_experts(c, third, s, err);
}

static const char *const gguf_archs[] = {NULL};
static const char *const hf_archs[] = {"DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", NULL};

const struct wg_family wg_family_deepseek = {
    .name = "DeepSeek", .gguf_archs = gguf_archs, .hf_archs = hf_archs, .read = read};
