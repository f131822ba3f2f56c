/*
 * A loaded model: its weights, bound to the tensors of an open source. Immutable after
 * wg_model_load and shared by all sessions; matrices stay in the file's mapping, small vectors are
 * converted to f32 once.
 */
#ifndef WG_MODEL_MODEL_H
#define WG_MODEL_MODEL_H

#include "base/arena.h"
#include "model/spec.h"

struct wg_source;

/* A matrix [rows, cols] in file form; y = W x + bias. data NULL: the model has none here. */
struct wg_matrix {
    const void *data;
    enum wg_type type;
    int64_t rows, cols;
    size_t stride;     /* bytes a row */
    const float *bias; /* [rows] or NULL */
};

/* Weight NULL: there is no norm here. */
struct wg_norm {
    const float *weight, *bias; /* bias of a layer norm */
};

/* The matrices of a mixture of experts, [n_experts] each, and its shared expert. */
struct wg_experts {
    struct wg_matrix router; /* [n_experts, d_model] */
    const float *correction; /* [n_experts] or NULL */
    struct wg_matrix *gate, *up, *down;
    struct wg_matrix shared_gate, shared_up, shared_down;
    struct wg_matrix shared_score; /* [1, d_model] */
};

/* The matrices of latent attention besides Q (or q_b) and O. */
struct wg_latent {
    struct wg_matrix q_a, q_b;     /* [q_rank, d_model], [heads * (d_nope + d_rope), q_rank] */
    const float *q_norm, *kv_norm; /* [q_rank], [kv_rank] */
    struct wg_matrix kv_a;         /* [kv_rank + d_rope, d_model] */
    struct wg_matrix kv_b;         /* [heads * (d_nope + d_v), kv_rank] */
};

/* Where the heads of a delta net stand in a row: value head j of key head g at
 * first + g * group + j * head. */
struct wg_heads {
    int64_t first, group, head;
};

/* A delta net's weights. Vectors are in the order of heads (0, 0), (0, 1) ..., whatever the file
 * says; the matrices stay as they are, and the places say where their outputs are. */
struct wg_delta {
    struct wg_matrix in[4]; /* projections of one input, their outputs side by side */
    int n_in;
    struct wg_heads q, k, v, z, beta, alpha; /* in these outputs; of q and k j is 0 */
    struct wg_heads out;                     /* in the input of wg_layer.o */
    const float *conv;                       /* [taps][channels], the token's own tap last */
    const float *decay, *dt;                 /* [n_v_heads] */
    struct wg_norm norm;                     /* [d_v] */
};

struct wg_layer {
    struct wg_norm attn_norm, post_attn_norm, mlp_norm, post_mlp_norm; /* [d_model] */
    struct wg_norm q_norm, k_norm;                                     /* [d_head] */
    struct wg_matrix q, k, v, o;
    struct wg_latent *latent; /* NULL: ordinary attention */
    struct wg_matrix gate, up, down;
    struct wg_experts *experts; /* NULL: a dense MLP */
    struct wg_delta *delta;     /* NULL: attention */
};

struct wg_model {
    const struct wg_spec *spec; /* of the source */
    struct wg_matrix embed;     /* [n_vocab, d_model] */
    struct wg_matrix output;
    struct wg_norm output_norm;
    struct wg_layer *layers; /* [spec->n_layers] */
    uint64_t n_parameters;   /* values in all tensors of the model */
    uint64_t weight_bytes;
    struct wg_arena arena; /* layers and converted vectors */
};

/* Binds every tensor of the source. A missing tensor, a wrong shape, a type without values, or a
 * tensor that the graph does not use is WG_E_INPUT or WG_E_UNSUPPORTED and named. The source has to
 * stay open. *m is released by the caller, also after a failure. */
enum wg_status wg_model_load(struct wg_source *source, struct wg_model *m,
                             struct wg_err *err) WG_NODISCARD;
void wg_model_release(struct wg_model *m);

#endif
