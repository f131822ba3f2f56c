/*
 * Sampling: logits to the next token. Order of the steps: repetition penalty; temperature (0 takes
 * the most likely token and ends here); top-k; min-p; top-p of what is left; draw.
 *
 * The same seed and logits give the same tokens on every machine: the generator is PCG-XSH-RR
 * 64/32 (O'Neill 2014) and probabilities are summed in double in order of rank.
 */
#ifndef WG_ENGINE_SAMPLER_H
#define WG_ENGINE_SAMPLER_H

#include "base/status.h"

#include <stdint.h>

struct wg_sampling {
    double temperature;        /* 0: always the most likely token */
    int64_t top_k;             /* 0: off */
    double top_p;              /* 1: off */
    double min_p;              /* 0: off; keeps p >= min_p * p_max */
    double repetition_penalty; /* 1: off (Keskar et al. 2019) */
    int64_t repetition_window; /* last tokens that the penalty sees; 0: all */
    uint64_t seed;
};

/* Temperature 0, everything else off. */
struct wg_sampling wg_sampling_greedy(void);
/* Bounds of every field; WG_E_USAGE names the field. */
enum wg_status wg_sampling_check(const struct wg_sampling *s, struct wg_err *err) WG_NODISCARD;

struct wg_sampler;

enum wg_status wg_sampler_new(const struct wg_sampling *s, int64_t n_vocab, struct wg_sampler **out,
                              struct wg_err *err) WG_NODISCARD;
void wg_sampler_free(struct wg_sampler *s);
/* The next token; logits[n_vocab] is changed. history: tokens so far, oldest first. Logits that are
 * NaN are WG_E_FAILED. Ties go to the smaller id. */
enum wg_status wg_sampler_next(struct wg_sampler *s, float *logits, const int32_t *history,
                               int64_t n_history, int32_t *id, struct wg_err *err) WG_NODISCARD;

#endif
