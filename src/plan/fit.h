/*
 * Will it fit, and how fast will it be: computed from the header of a weights file, the shape of
 * the model (model/spec.h) and the facts of a machine. Nothing is loaded or run.
 *
 * Memory:  weights  bytes of all tensors: they stay in the mapping of the file
 *          kv       KV caches of `users` sessions of `context` tokens each (wg_spec_kv_bytes)
 *          compute  work buffers of the forward pass, a row of logits a user, and the tokenizer
 *                   and the program itself
 * Decode:  a step reads every weight once (of experts, the chosen ones)
 *          and the keys and values of WG_FIT_FORECAST_TOKENS positions, at the bandwidth measured
 *          for that much memory; it cannot be faster than the measured rate of the one-row
 *          products of its weight types. WG_FIT_DECODE_EFFICIENCY of that is what the rest of a
 *          step leaves.
 * Prefill: 2 operations a weight and token at the measured rate of the many-row products, and the
 *          same efficiency rule.
 */
#ifndef WG_PLAN_FIT_H
#define WG_PLAN_FIT_H

#include "base/json.h"
#include "model/spec.h"
#include "plan/machine.h"

struct wg_gguf;

/* Shares of the bounds that a whole step reaches, from `weigh bench` on SmolLM2-135M (small
 * matrices, so larger models reach more). */
#define WG_FIT_DECODE_EFFICIENCY  0.45
#define WG_FIT_PREFILL_EFFICIENCY 0.40
/* Length of the session whose decode speed is forecast; longer ones read more and are slower. */
enum { WG_FIT_FORECAST_TOKENS = 256 };
/* Share of the available memory that stays free. */
#define WG_FIT_MARGIN 0.10

/* What a model asks of a machine, apart from any machine. */
struct wg_fit_model {
    struct wg_spec spec; /* owned */
    uint64_t weights_bytes;
    uint64_t metadata_bytes;               /* tokenizer and template, as they stand in the file */
    uint64_t step_bytes[WG_TYPE_LIMIT];    /* weights that a decode step reads, by type */
    uint64_t prompt_values[WG_TYPE_LIMIT]; /* weights that every prompt token is multiplied with */
    enum wg_type types[WG_TYPE_LIMIT];     /* those with step_bytes, for the measurement */
    size_t n_types;
};

/* Reads the header only. *m is released by the caller, also after a failure. */
enum wg_status wg_fit_model_read(const struct wg_gguf *g, struct wg_fit_model *m,
                                 struct wg_err *err) WG_NODISCARD;
void wg_fit_model_release(struct wg_fit_model *m);

struct wg_fit_ask {
    int64_t context; /* tokens a session; 0: what the model was trained for */
    int64_t users;   /* sessions at once; 0: one */
    int max_batch;   /* tokens a step; 0: what the engine takes by default */
    int threads;
};

struct wg_fit {
    int64_t context, users;
    bool context_assumed, users_assumed;
    int64_t model_context;
    uint64_t weights_bytes, kv_bytes, compute_bytes, total_bytes;
    uint64_t kv_bytes_per_token; /* of one session, before any window is full */
    uint64_t available_bytes, margin_bytes;
    bool fits; /* total + margin <= available */
    int64_t
        max_context;   /* largest that fits with this many users, 0 if none; at most the model's */
    int64_t max_users; /* most that fit with this context, 0 if none */
    uint64_t decode_read_bytes;                       /* of one step with one session */
    double decode_tokens_per_s, prefill_tokens_per_s; /* of one session; 0: not known */
};

/* A context over the model's is WG_E_LIMIT with both numbers. */
enum wg_status wg_fit(const struct wg_fit_model *m, const struct wg_machine *machine,
                      const struct wg_fit_ask *ask, struct wg_fit *out,
                      struct wg_err *err) WG_NODISCARD;
/* The document of `weigh fit --json`; a new reference, NULL when out of memory. */
json_t *wg_fit_json(const struct wg_fit *f, const struct wg_machine *machine) WG_NODISCARD;

#endif
