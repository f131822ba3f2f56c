/*
 * USE.yaml: what the user intends to do with a model. Read strictly: an unknown key, a wrong type
 * or a value out of range is WG_E_INPUT with file, key and rule (and the nearest known key).
 * An absent or null key is unanswered: nothing has a default, and who needs the answer asks for it
 * by its name (wg_use_known).
 *
 * To add a question: 1. its enumerator and row in WG_USE_KEYS; 2. its field in struct wg_use and
 * its reader in use.c; 3. a row in docs/LICENSES.md; tests/unit/test_use.c checks that every row
 * has a reader.
 */
#ifndef WG_LICENSE_USE_H
#define WG_LICENSE_USE_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enumerator, dotted key, the question as it is put to a person) */
#define WG_USE_KEYS(X)                                                                             \
    X(COMMERCIAL, "commercial", "is the use commercial?")                                          \
    X(MAU, "monthly_active_users", "how many monthly active users now, affiliates included?")      \
    X(MAU_AT_RELEASE, "monthly_active_users_at_release",                                           \
      "how many monthly active users in the month before the release dates?")                      \
    X(ANNUAL_REVENUE, "annual_revenue_usd", "what is the annual revenue in USD?")                  \
    X(MONTHLY_REVENUE, "monthly_revenue_usd", "what is the monthly revenue in USD?")               \
    X(REGIONS, "regions", "in which countries is it used or offered?")                             \
    X(ROLE, "role", "deployer or end-user?")                                                       \
    X(OFFERS, "offers", "is it internal, a hosted service, or part of a product?")                 \
    X(REDISTRIBUTES_WEIGHTS, "redistributes.weights", "are the weights passed on to others?")      \
    X(REDISTRIBUTES_FINE_TUNE, "redistributes.fine_tune",                                          \
      "are fine-tuned weights passed on to others?")                                               \
    X(FINE_TUNES, "fine_tunes", "is the model fine-tuned?")                                        \
    X(TRAINS_ON_OUTPUTS, "trains_other_models_on_outputs",                                         \
      "are other models trained on its outputs?")                                                  \
    X(MODALITY, "modality", "text, image, audio, video or multimodal?")                            \
    X(BUDGET_HOST, "budget.host_usd_per_month", "what may the machine cost a month, in USD?")      \
    X(BUDGET_STAFF_HOURS, "budget.staff_hours_per_month", "how many hours of work a month?")       \
    X(BUDGET_STAFF_RATE, "budget.staff_usd_per_hour", "what does an hour of work cost, in USD?")   \
    X(LOAD_REQUESTS, "load.requests_per_day", "how many requests a day?")                          \
    X(LOAD_INPUT, "load.input_tokens", "how many tokens does a request bring?")                    \
    X(LOAD_OUTPUT, "load.output_tokens", "how many tokens does an answer have?")                   \
    X(LOAD_CONCURRENCY, "load.peak_concurrency", "how many requests at once at the peak?")         \
    X(LOAD_TTFT, "load.max_ttft_ms", "how long may the first token take, in milliseconds?")        \
    X(TODAY_PROVIDER, "today.provider", "which provider serves this today?")                       \
    X(TODAY_MODEL, "today.model", "which model serves this today?")

enum wg_use_key {
#define WG_USE_ENUM(e, key, question) WG_USE_##e,
    WG_USE_KEYS(WG_USE_ENUM)
#undef WG_USE_ENUM
        WG_USE_COUNT
};

enum wg_use_role { WG_DEPLOYER, WG_END_USER };

enum wg_use_offer { /* a set */
                    WG_OFFERS_INTERNAL = 1 << 0,
                    WG_OFFERS_HOSTED = 1 << 1,
                    WG_OFFERS_PRODUCT = 1 << 2,
};

struct wg_use_at_release {
    const char *date; /* YYYY-MM-DD */
    double users;
};

/* A field is meaningful only where known[] says so. Strings live in the arena. */
struct wg_use {
    struct wg_arena arena;
    const char *path; /* of the file, for messages */
    bool known[WG_USE_COUNT];

    bool commercial;
    double monthly_active_users;
    struct wg_use_at_release *at_release;
    size_t n_at_release;
    double annual_revenue_usd, monthly_revenue_usd;
    const char **regions; /* ISO 3166-1 alpha-2, upper case */
    size_t n_regions;
    enum wg_use_role role;
    unsigned offers; /* of enum wg_use_offer */
    bool redistributes_weights, redistributes_fine_tune;
    bool fine_tunes, trains_other_models_on_outputs;
    const char *modality;

    double host_usd_per_month, staff_hours_per_month, staff_usd_per_hour;
    double requests_per_day, input_tokens, output_tokens, peak_concurrency, max_ttft_ms;
    const char *provider, *model;
};

enum wg_status wg_use_load(const char *path, struct wg_use **out, struct wg_err *err) WG_NODISCARD;
enum wg_status wg_use_parse(const char *text, size_t n, const char *name, struct wg_use **out,
                            struct wg_err *err) WG_NODISCARD;
void wg_use_free(struct wg_use *u);

const char *wg_use_key_name(enum wg_use_key key);
const char *wg_use_question(enum wg_use_key key);

#endif
