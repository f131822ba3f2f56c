/*
 * What a model computes, as data. A family file (families/) fills a wg_spec from metadata; the one
 * forward pass (forward.c), the size estimator (src/plan) and the loader read it and never ask
 * which family it was.
 *
 * Shapes: d_model is the width of the residual stream; a matrix [out, in] maps in to out and is
 * stored row by row (ne = {in, out} in a GGUF file).
 */
#ifndef WG_MODEL_SPEC_H
#define WG_MODEL_SPEC_H

#include "base/status.h"
#include "kernel/kernel.h"

#include <stdbool.h>
#include <stdint.h>

enum wg_norm_kind { WG_NORM_RMS, WG_NORM_LAYER };

enum wg_rope_layout {
    WG_ROPE_NEOX,        /* pairs (i, i + half): Hugging Face order */
    WG_ROPE_INTERLEAVED, /* pairs (2i, 2i + 1): original Llama order, as GGUF stores Llama rows */
};

/*
 * One rotary embedding (Su et al. 2021). Scaling (linear, llama3, yarn, longrope) is folded into
 * the frequencies and the magnitude when the spec is made, so that the forward pass knows none of
 * it: the angle of pair i at position p is p * inv_freq[i], cosine and sine are multiplied by
 * mscale.
 */
struct wg_rope {
    enum wg_rope_layout layout;
    int dims;              /* rotated values a head, even; the rest of the head passes through */
    double *inv_freq;      /* [dims / 2], owned by the spec */
    double *inv_freq_long; /* the same for texts over wg_spec.long_rope_from, or NULL */
    double base;           /* before scaling, for display */
    float mscale;
};

/*
 * Multi-head latent attention (DeepSeek-V2 2024): keys and values of all heads are made from one
 * latent vector a position, and one rotated key serves all heads. Only the latent and that key are
 * cached; queries are brought to the latent's space ("absorbed"), so that all heads read one cache
 * row.
 */
struct wg_mla_spec {
    int kv_rank;             /* of the latent; 0: ordinary attention */
    int q_rank;              /* of the queries' own latent; 0: none */
    int d_nope, d_rope, d_v; /* of a head: unrotated and rotated part of Q and K, and V */
};

struct wg_attn_spec {
    int n_heads, n_kv_heads;
    int d_head;     /* of queries, keys and values */
    int rope;       /* index in wg_spec.ropes, -1: no position embedding */
    int64_t window; /* attends to this many positions, itself included; 0: all */
    float scale;    /* of q.k, usually 1 / sqrt(d_head) */
    float softcap;  /* 0: none */
    bool qk_norm;   /* a norm over each head of Q and K, before the rotation */
    bool gated;     /* each query head comes with a gate: the head's output times its sigmoid */
    /* Queries at position p are multiplied by 1 + temp_beta * ln(1 + floor(p / temp_context)). */
    float temp_beta; /* 0: not */
    int64_t temp_context;
    struct wg_mla_spec mla; /* with a kv_rank, d_head is d_nope + d_rope */
};

/* What a position of one layer keeps: heads, and values of key and value of each. With latent
 * attention one row that is both (d_v 0). */
struct wg_kv_shape {
    int heads, d_k, d_v;
};
struct wg_kv_shape wg_kv_shape_of(const struct wg_attn_spec *a);

/*
 * A gated delta net (Yang et al. 2024): Q, K and V go through a causal convolution of each channel
 * and an activation; Q and K get length 1; each value head keeps a matrix S [d_v][d_k] that a token
 * decays, corrects and reads:
 *     S = S exp(g);  S += b (v - S k) k';  o = S q / sqrt(d_k)
 * with b = sigmoid(beta) and g = decay * softplus(alpha + dt). The output is normed over the head
 * and multiplied by silu(z).
 */
struct wg_delta_spec {
    int n_k_heads, n_v_heads; /* of Q and K; of V, a multiple: each serves as many in turn */
    int d_k, d_v;
    int taps;        /* of the convolution, the token's own included */
    enum wg_act act; /* after the convolution */
    /* The files keep value head j of key head g at j * n_k_heads + g, not side by side. */
    bool tiled;
};

/* What mixes the positions of a layer. */
enum wg_mixer { WG_MIXER_ATTENTION, WG_MIXER_DELTA };

/* How a mixture of experts chooses for a token. */
enum wg_router {
    WG_ROUTER_SOFTMAX, /* scores are the softmax of the logits */
    WG_ROUTER_SIGMOID, /* scores are sigmoids; a bias may correct the choice, not the weight */
};

struct wg_moe_spec {
    int n_experts, n_used; /* n_experts 0: a dense MLP */
    enum wg_router router;
    bool normalize; /* weights of the chosen sum to 1 */
    float scale;    /* of the weights */
    /* Only the best groups of experts are looked at: by their best score (softmax), or by the sum
     * of their two best (sigmoid). 1 of 1: no groups. */
    int n_groups, groups_used;
    int64_t d_shared; /* hidden size of the expert that every token passes; 0: none */
    bool shared_gate; /* its output is multiplied by a sigmoid of the input */
};

struct wg_mlp_spec {
    int64_t d_ff; /* of each expert */
    enum wg_act act;
    bool gated; /* down(act(gate x) * up x), else down(act(up x)) */
    struct wg_moe_spec moe;
};

struct wg_layer_spec {
    enum wg_mixer mixer;
    struct wg_attn_spec attn; /* all zero in a layer of another mixer */
    struct wg_delta_spec delta;
    struct wg_mlp_spec mlp;
};

enum { WG_MAX_ROPES = 4, WG_MAX_LAYERS = 1024, WG_MAX_EXPERTS_USED = 64 };

struct wg_spec {
    const char *family;    /* "Llama", static */
    char architecture[64]; /* as the file names it: "llama" */
    int64_t d_model, n_vocab;
    int64_t context_length; /* the model was trained for */
    enum wg_norm_kind norm;
    float norm_eps;
    bool post_norms;     /* norms after attention and after the MLP too, before they are added */
    bool parallel;       /* attention and MLP read the same normed input; one norm a layer */
    float embed_scale;   /* embeddings are multiplied by it; 1: not */
    float logit_softcap; /* 0: none */
    bool tied_output;    /* the output head is the embedding matrix */
    int n_layers;
    struct wg_layer_spec *layers; /* [n_layers], owned */
    /* Texts longer than this are computed with inv_freq_long throughout (longrope); 0: no such. */
    int64_t long_rope_from;
    int n_ropes;
    struct wg_rope ropes[WG_MAX_ROPES];
};

/* Allocates layers; everything else zero. */
enum wg_status wg_spec_init(struct wg_spec *s, int n_layers, struct wg_err *err) WG_NODISCARD;
void wg_spec_release(struct wg_spec *s);

/* Checks that the numbers agree with each other and are inside the limits of this program: the last
 * step of every family reader. `name` is the file, for the message. */
enum wg_status wg_spec_check(const struct wg_spec *s, const char *name,
                             struct wg_err *err) WG_NODISCARD;

/* Adds a rotary embedding with plain frequencies base^(-2i/dims) and mscale 1; *index names it. */
enum wg_status wg_spec_add_rope(struct wg_spec *s, enum wg_rope_layout layout, int dims,
                                double base, int *index, struct wg_err *err) WG_NODISCARD;

/* Forgets all rotary embeddings; layers keep their indices. */
void wg_spec_drop_ropes(struct wg_spec *s);

/* Room for the frequencies of long texts. */
enum wg_status wg_rope_need_long(struct wg_rope *r, struct wg_err *err) WG_NODISCARD;

/* Values that a delta net remembers: inputs of its convolution, and the matrices of its heads. */
int64_t wg_delta_past_values(const struct wg_delta_spec *d);
int64_t wg_delta_state_values(const struct wg_delta_spec *d);
/* Channels of its convolution: Q, K, V. */
int64_t wg_delta_channels(const struct wg_delta_spec *d);

/* True when a layer has a state that cannot be taken back to an earlier position. */
bool wg_spec_recurrent(const struct wg_spec *s);

/* Bytes of a session of n positions: the KV cache for elements of kv_bytes each, and the recurrent
 * state, which has one size whatever n is. */
uint64_t wg_spec_kv_bytes(const struct wg_spec *s, int64_t positions, int kv_bytes);

#endif
