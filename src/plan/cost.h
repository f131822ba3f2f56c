/*
 * Own machine against an API, for one load: what a month costs on each side, where the two meet,
 * and how much of the machine the load takes. Pure arithmetic on four inputs; what is missing is
 * named and makes the verdict review.
 *
 * Conventions: a month is 365.25 / 12 days; USD; tokens are input plus output at the mix of the
 * load; measured rates are totals over all streams of a batch (`weigh bench --json`).
 */
#ifndef WG_PLAN_COST_H
#define WG_PLAN_COST_H

#include "base/arena.h"
#include "base/json.h"
#include "license/use.h"
#include "license/verdict.h"

/* What the API costs. */
struct wg_price {
    const char *provider, *model;
    double input_usd_per_million, output_usd_per_million;
    const char *as_of; /* YYYY-MM-DD, or NULL when the file is not dated */
    const char *source, *sha256;
};

/* What this machine does. */
struct wg_speed {
    double prefill_tokens_per_s, decode_tokens_per_s; /* totals over the batch */
    int batch;                                        /* of the decode rate */
    const char *isa, *source;
};

struct wg_cost_line {
    const char *side; /* "own" or "api" */
    const char *what;
    double quantity;
    const char *unit; /* of the quantity: "month", "hours", "input tokens" ... */
    double usd_per_unit, usd_per_month;
    const char *source; /* file and key the figure is from */
};

struct wg_cost_result {
    struct wg_arena arena;
    enum wg_verdict verdict; /* go: own is not dearer; no-go: dearer, or the machine is too small */
    const char *why;
    double tokens_per_month, input_tokens_per_month, output_tokens_per_month; /* of the load */
    bool own_known, api_known, speed_known, load_known;
    double own_usd_per_month, api_usd_per_month;
    int machines;       /* that the load needs at 100%; 1 when the speed is not known */
    double utilisation; /* of them; valid with speed_known and load_known */
    double capacity_tokens_per_month; /* of one machine */
    double ttft_at_peak_ms;           /* all peak requests arriving at once, the last one served */
    bool ttft_known, ttft_ok;
    bool break_even_known; /* false with own, api and speed known: own never gets cheaper */
    double break_even_tokens_per_month;
    struct wg_price price;
    struct wg_speed speed;
    struct wg_cost_line *lines;
    size_t n_lines;
    const char **missing; /* keys of USE.yaml, or what else is lacking */
    size_t n_missing;
};

/* price and speed may be NULL: not given. Strings of both are copied. */
enum wg_status wg_cost(const struct wg_use *use, const struct wg_price *price,
                       const struct wg_speed *speed, struct wg_cost_result **out,
                       struct wg_err *err) WG_NODISCARD;
void wg_cost_free(struct wg_cost_result *r);
json_t *wg_cost_json(const struct wg_cost_result *r) WG_NODISCARD;

/*
 * Finds provider and model in a price file, JSON or YAML, of one of two forms:
 *   {"as_of": "YYYY-MM-DD", "prices": [{"provider", "model", "input_usd_per_million",
 *    "output_usd_per_million"}]}
 *   models.dev api.json: {provider: {"models": {model: {"cost": {"input", "output"}}}}}
 * Strings are put into the arena. WG_E_NOT_FOUND names the nearest models; WG_E_INPUT a broken
 * file.
 */
enum wg_status wg_price_find(const char *path, const char *provider, const char *model,
                             struct wg_arena *arena, struct wg_price *out,
                             struct wg_err *err) WG_NODISCARD;
/* Rates from a document of `weigh bench --json`: prefill, and decode at the largest batch not over
 * `concurrency`. */
enum wg_status wg_speed_load(const char *path, double concurrency, struct wg_arena *arena,
                             struct wg_speed *out, struct wg_err *err) WG_NODISCARD;
enum wg_status wg_speed_from_json(const json_t *bench, double concurrency, const char *name,
                                  struct wg_arena *arena, struct wg_speed *out,
                                  struct wg_err *err) WG_NODISCARD;

#endif
