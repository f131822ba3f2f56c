/*
 * The stages of an assessment, run one after the other: files and hashes, licence, openness,
 * memory, measured speed, cost. Each leaves a plain result; the report is built from them
 * (build.h). A stage that the model itself makes impossible (weights of a family that this version
 * does not run) leaves its message instead; a failure of the program or of an input file ends all.
 */
#ifndef WG_REPORT_STAGES_H
#define WG_REPORT_STAGES_H

#include "base/hash.h"
#include "engine/measure.h"
#include "license/license.h"
#include "license/openness.h"
#include "package/package.h"
#include "plan/cost.h"
#include "plan/fit.h"

struct wg_assess_ask {
    const char *use_path;
    const char *task_path;   /* NULL: none. Named only: evaluation is not part of this version */
    const char *prices_path; /* NULL: none */
    const char *command;     /* as a person would type it again */
    int threads;
};

enum wg_file_state {
    WG_FILE_VERIFIED,   /* the recorded hash */
    WG_FILE_UNRECORDED, /* no hash was recorded */
    WG_FILE_CHANGED,
    WG_FILE_MISSING,
};
const char *wg_file_state_name(enum wg_file_state s);

struct wg_file_check {
    enum wg_file_state state;
    char sha256[WG_SHA256_HEX]; /* now; "" when missing */
    uint64_t bytes;
};

enum { WG_STAGES_MAX_RATES = 3 };

struct wg_stages {
    const struct wg_assess_ask *ask; /* borrowed, as pkg */
    const struct wg_pkg *pkg;
    struct wg_use *use;
    json_t *answers; /* the same file as it stands, for the report */
    char use_sha256[WG_SHA256_HEX], task_sha256[WG_SHA256_HEX];
    uint64_t use_bytes, task_bytes, prices_bytes;
    struct wg_file_check *files; /* [pkg->n_files] */
    struct wg_license_result *license;
    struct wg_openness_result *openness;

    bool shape_known; /* model, fit_full, fit_average and machine are valid */
    struct wg_err shape_err;
    struct wg_fit_model model;
    struct wg_machine machine;
    struct wg_fit fit_full;    /* all users of the peak, with the model's whole context */
    struct wg_fit fit_average; /* the same users with an average request each */
    bool average_known;        /* the load says how long a request is, and the model can read it */
    bool request_too_long;

    struct wg_rate rates[WG_STAGES_MAX_RATES]; /* prefill, decode of one, decode of the peak */
    int n_rates;                               /* 0: not measured, for speed_err's reason */
    struct wg_err speed_err;
    bool unsteady; /* the rates scatter, or other processes wanted the processors as well */

    struct wg_arena arena; /* of price */
    bool price_known;
    struct wg_price price;
    struct wg_err price_err; /* why it is not known although a file was given */
    struct wg_cost_result *cost;

    int64_t started, measured, finished; /* unix seconds */
};

/* *s is released by the caller, also after a failure. */
enum wg_status wg_stages_run(const struct wg_pkg *pkg, const struct wg_assess_ask *ask,
                             struct wg_stages *s, struct wg_err *err) WG_NODISCARD;
void wg_stages_release(struct wg_stages *s);

#endif
