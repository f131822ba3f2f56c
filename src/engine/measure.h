/* Speed of a loaded model, measured: what `weigh bench` prints and `weigh assess` reports. */
#ifndef WG_ENGINE_MEASURE_H
#define WG_ENGINE_MEASURE_H

#include "engine/engine.h"

enum { WG_MEASURE_MAX_BATCH = 64, WG_MEASURE_MAX_REPEATS = 100 };

struct wg_rate {
    const char *test;            /* "prefill" or "decode" */
    int64_t tokens;              /* a session */
    int batch;                   /* sessions that ran together */
    double tokens_per_s, stddev; /* over all sessions; mean and sample deviation of the repeats */
};

/*
 * `repeats` measured runs after one that is not: `tokens` prompt tokens in one session, or `tokens`
 * decode steps of `batch` sessions that start empty. Ids are fixed pseudo-random ones: what they
 * are does not change the work. WG_E_USAGE outside the limits above; WG_E_INTERRUPTED stops.
 */
enum wg_status wg_measure_prefill(struct wg_engine *e, int64_t tokens, int repeats,
                                  struct wg_rate *out, struct wg_err *err) WG_NODISCARD;
enum wg_status wg_measure_decode(struct wg_engine *e, int64_t tokens, int batch, int repeats,
                                 struct wg_rate *out, struct wg_err *err) WG_NODISCARD;

#endif
