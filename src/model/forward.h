/*
 * The forward pass: one batch of tokens of any number of sessions through the layers.
 *
 * Every thread of the pool runs the same code over its share of rows and meets the others at
 * barriers. What a token's result is depends on its own session's earlier tokens only: not on the
 * batch, the threads, or how a prompt was cut.
 */
#ifndef WG_MODEL_FORWARD_H
#define WG_MODEL_FORWARD_H

#include "base/pool.h"
#include "model/kv.h"
#include "model/model.h"

/* One token of a batch. Tokens of one KV cache stand in order of position, without gaps, the first
 * at kv->length; the cache has room for them. */
struct wg_batch_token {
    int32_t id;
    int64_t pos;
    struct wg_kv *kv;
    float *logits; /* [n_vocab] to fill, or NULL */
};

/* Scratch memory for batches of up to max_tokens; belongs to one engine, used by one batch at a
 * time. */
struct wg_forward;

enum wg_status wg_forward_new(const struct wg_model *m, int max_tokens, int threads, bool exact,
                              struct wg_forward **out, struct wg_err *err) WG_NODISCARD;
void wg_forward_free(struct wg_forward *f);
/* Bytes of scratch that wg_forward_new takes: the "compute" part of a memory estimate. */
uint64_t wg_forward_bytes(const struct wg_spec *spec, int max_tokens, int threads);

/* Runs n tokens (1 <= n <= max_tokens) and moves the caches' lengths on. Ids are checked by the
 * caller. */
void wg_forward_run(struct wg_forward *f, struct wg_pool *pool, const struct wg_batch_token *tokens,
                    int n);

#endif
