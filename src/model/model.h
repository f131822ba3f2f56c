/*
 * A loaded model: its spec and its weights, bound to the tensors of an open file. Immutable after
 * wg_model_load and shared by all sessions; matrices stay in the file's mapping, small vectors are
 * converted to f32 once.
 */
#ifndef WG_MODEL_MODEL_H
#define WG_MODEL_MODEL_H

#include "base/arena.h"
#include "model/spec.h"

struct wg_gguf;

/* A matrix [rows, cols] in file form; y = W x. data NULL: the model has none here. */
struct wg_matrix {
    const void *data;
    enum wg_type type;
    int64_t rows, cols;
    size_t stride;     /* bytes a row */
    const float *bias; /* [rows] or NULL */
};

struct wg_layer {
    const float *attn_norm; /* [d_model] */
    struct wg_matrix q, k, v, o;
    const float *mlp_norm; /* [d_model] */
    struct wg_matrix gate, up, down;
};

struct wg_model {
    struct wg_spec spec;
    struct wg_matrix embed; /* [n_vocab, d_model] */
    struct wg_matrix output;
    const float *output_norm; /* [d_model] */
    struct wg_layer *layers;  /* [spec.n_layers] */
    uint64_t n_parameters;    /* values in all tensors of the file */
    uint64_t weight_bytes;
    struct wg_arena arena; /* layers and converted vectors */
};

/* Reads the spec, then binds every tensor of the file. A missing tensor, a wrong shape, a type
 * without values, or a tensor that the graph does not use is WG_E_INPUT and named. The model
 * borrows g, which has to stay open. *m is released by the caller, also after a failure. */
enum wg_status wg_model_load(const struct wg_gguf *g, struct wg_model *m,
                             struct wg_err *err) WG_NODISCARD;
void wg_model_release(struct wg_model *m);

#endif
