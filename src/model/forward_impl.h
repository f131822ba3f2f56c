/*
 * What the files of the forward pass share (forward.c, attention.c, delta.c, mlp.c, moe.c): its
 * buffers, and the two steps that every block is made of, packing activations and multiplying rows.
 * Private to them.
 *
 * All functions here run on every thread of the pool at once. Those that end in a barrier say so.
 */
#ifndef WG_MODEL_FORWARD_IMPL_H
#define WG_MODEL_FORWARD_IMPL_H

#include "model/forward.h"

enum {
    /* Up to this many tokens every thread norms and packs all of them for itself: cheaper than a
     * barrier. The values are the same either way. */
    WG_PRIVATE_PACK_TOKENS = 2,
};

struct wg_forward {
    const struct wg_model *m;
    const struct wg_kernels *k;
    int max_tokens, threads;
    bool exact;

    float *x;     /* [tokens][d_model] residual stream */
    float *qkv;   /* [tokens][qkv_width] */
    float *attn;  /* [tokens][attn_width] */
    float *conv;  /* [tokens][conv_width] Q, K, V of a delta net after its convolution */
    float *ff;    /* [2][tokens][ff_width] gate (or the only one), then up */
    float *delta; /* [tokens][d_model] output of a block before it is added */
    float *cs;    /* [ropes][tokens][cs_width] cosine, sine pairs */
    char *act;    /* [tokens][act_bytes] packed activations, shared */
    char *own;    /* [threads][own_bytes]: private packs, attention scratch, one row */
    size_t act_bytes, own_bytes, attn_scratch_bytes, pack_bytes;
    int64_t qkv_width, attn_width, conv_width, ff_width, cs_width;
    float *latent; /* [tokens][latent_width] absorbed queries, weighted latents of all heads */
    int64_t latent_width; /* 0: no latent attention */

    struct wg_moe_buffers *moe; /* NULL: no layer has experts */

    const struct wg_batch_token *tokens;
    int n;
    bool wants_logits;
};

/* Packed activation rows of one matmul input. */
struct wg_packed {
    const char *rows;
    size_t stride;
};

static inline const struct wg_matmul *wg_matmul_of(const struct wg_forward *f, enum wg_type type)
{
    return f->exact ? &f->k->matmul_exact[type] : &f->k->matmul[type];
}

static inline char *wg_own_memory(const struct wg_forward *f, const struct wg_worker *w)
{
    return f->own + (size_t)w->index * f->own_bytes;
}

/* y = norm(x) over n values, by the kind of the spec; x may be y. */
void wg_norm_row(const struct wg_forward *f, const float *x, const struct wg_norm *norm, float *y,
                 int64_t n);

/*
 * Packs the rows of `x` (after `norm`, unless NULL) for a matmul with weights of `type`. Few rows:
 * each thread packs all of them into its own memory and goes on. Many: the threads share the rows
 * and meet at a barrier.
 */
struct wg_packed wg_pack_rows(const struct wg_forward *f, const struct wg_worker *w,
                              enum wg_type type, const float *x, int64_t x_stride, int64_t cols,
                              const struct wg_norm *norm);

/* True when rows packed for `a` serve `b` too. */
bool wg_same_pack(const struct wg_forward *f, enum wg_type a, enum wg_type b);

/* Before the shared packs are written again inside one step of work: a barrier if they are in use.
 */
void wg_repack_barrier(const struct wg_forward *f, const struct wg_worker *w);

/* Rows [begin, end) of y = W a + bias for all tokens: y[token * y_stride + row]. */
void wg_matmul_rows(const struct wg_forward *f, const struct wg_matrix *m, struct wg_packed a,
                    float *y, int64_t y_stride, int64_t begin, int64_t end);

/* x += norm(W in), the norm only with a weight; rows shared out; ends in a barrier. */
void wg_add_projection(const struct wg_forward *f, const struct wg_worker *w,
                       const struct wg_matrix *m, const struct wg_norm *norm, const float *in,
                       int64_t in_stride);

/* x += norm(delta), the norm only with a weight, once all of f->delta is written; two barriers. */
void wg_add_delta(const struct wg_forward *f, const struct wg_worker *w,
                  const struct wg_norm *norm);

/* Hidden values of a dense MLP of d_ff over norm(x) in f->ff; ends in a barrier. */
void wg_gated_hidden(const struct wg_forward *f, const struct wg_worker *w,
                     const struct wg_mlp_spec *ms, int64_t d_ff, const struct wg_matrix *gate,
                     const struct wg_matrix *up, const struct wg_norm *norm);

/* moe.c: x += norm(mixture of experts over norm(x)); ends in a barrier. */
void wg_moe(const struct wg_forward *f, const struct wg_worker *w, int layer);
/* Work buffers for all layers with experts; *out NULL when there are none. */
enum wg_status wg_moe_buffers_new(const struct wg_spec *s, int max_tokens, size_t act_bytes,
                                  struct wg_moe_buffers **out, struct wg_err *err) WG_NODISCARD;
void wg_moe_buffers_free(struct wg_moe_buffers *b);
uint64_t wg_moe_buffer_bytes(const struct wg_spec *s, int max_tokens, size_t act_bytes);

/* attention.c: rotates one head of token t in place; writes n values of a head to its cache row. */
void wg_rotate(const struct wg_forward *f, const struct wg_attn_spec *a, float *head, int t);
void wg_kv_store(const struct wg_forward *f, const struct wg_kv *kv, char *dst, const float *src,
                 int64_t n);

/* mla.c: latent attention's output in f->attn; ends in a barrier. */
void wg_mla(const struct wg_forward *f, const struct wg_worker *w, int layer);

/* attention.c: the attention output of a layer in f->attn; ends in a barrier. */
void wg_attention(const struct wg_forward *f, const struct wg_worker *w, int layer);
/* delta.c: the output of a delta net in f->attn; ends in a barrier. */
void wg_delta_net(const struct wg_forward *f, const struct wg_worker *w, int layer);
/* mlp.c: the hidden values of a layer's dense MLP over norm(x) in f->ff; ends in a barrier. */
void wg_mlp_hidden(const struct wg_forward *f, const struct wg_worker *w, int layer,
                   const struct wg_norm *norm);

#endif
