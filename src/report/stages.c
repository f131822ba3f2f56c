#include "report/stages.h"

#include "base/cpu.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/gguf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ARENA_BYTES = 1 << 20,
    MAX_USE_BYTES = 1 << 20,
    PREFILL_TOKENS = 512,
    DECODE_TOKENS = 32,
    REPEATS = 3,
    MAX_BATCH = 16, /* sessions of the peak that are measured together */
};

const char *wg_file_state_name(enum wg_file_state s)
{
    static const char *const names[] = {"verified", "unrecorded", "changed", "missing"};
    return names[s];
}

/* A measurement counts as unsteady over these: share of the mean, runnable processes a processor.
 */
#define MAX_SCATTER 0.15
#define MAX_LOAD    0.75

/* ---- files ---- */

static enum wg_status check_file(const struct wg_pkg_file *f, struct wg_file_check *c,
                                 struct wg_err *err)
{
    enum wg_status st = wg_sha256_file(f->full, c->sha256, &c->bytes, err);

    if (st == WG_E_NOT_FOUND) {
        *c = (struct wg_file_check){.state = WG_FILE_MISSING};
        return WG_OK;
    }
    WG_TRY(st);
    if (f->sha256[0] == '\0')
        c->state = WG_FILE_UNRECORDED;
    else
        c->state = strcmp(f->sha256, c->sha256) == 0 ? WG_FILE_VERIFIED : WG_FILE_CHANGED;
    return WG_OK;
}

static enum wg_status check_files(struct wg_stages *s, struct wg_err *err)
{
    struct wg_err hash_err = {0};

    s->files = wg_calloc(s->pkg->n_files, sizeof *s->files);
    if (!s->files)
        return wg_oom(err, "the file list");
    for (size_t i = 0; i < s->pkg->n_files; i++) {
        enum wg_status st = check_file(&s->pkg->files[i], &s->files[i], &hash_err);
        if (st != WG_OK) {
            wg_fail(err, st, "%s", hash_err.msg);
            return st;
        }
        if (wg_interrupted())
            return wg_fail(err, WG_E_INTERRUPTED, "interrupted");
    }
    return WG_OK;
}

/* ---- memory ---- */

static enum wg_status read_shape(struct wg_stages *s, struct wg_err *err)
{
    struct wg_gguf *g = NULL;

    if (s->pkg->format != WG_WEIGHTS_GGUF)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s",
                       s->pkg->format == WG_WEIGHTS_NONE
                           ? "the package has no weights"
                           : "this version reads the shape of GGUF weights only");
    WG_TRY(wg_pkg_gguf(s->pkg, &g, err));
    enum wg_status st = wg_fit_model_read(g, &s->model, err);
    wg_gguf_close(g);
    return st;
}

static enum wg_status forecast(struct wg_stages *s, struct wg_err *err)
{
    const struct wg_use *u = s->use;
    double request = u->input_tokens + u->output_tokens;
    struct wg_fit_ask ask = {.threads = s->ask->threads};

    WG_TRY(wg_machine_facts(s->ask->threads, s->model.types, s->model.n_types, false, &s->machine,
                            err));
    if (u->known[WG_USE_LOAD_CONCURRENCY] && u->peak_concurrency >= 1)
        ask.users = (int64_t)u->peak_concurrency;
    WG_TRY(wg_fit(&s->model, &s->machine, &ask, &s->fit_full, err));
    if (!u->known[WG_USE_LOAD_INPUT] || !u->known[WG_USE_LOAD_OUTPUT] || !(request >= 1))
        return WG_OK;
    s->request_too_long = request > (double)s->model.spec.context_length;
    if (s->request_too_long)
        return WG_OK;
    ask.context = (int64_t)request;
    s->average_known = true;
    return wg_fit(&s->model, &s->machine, &ask, &s->fit_average, err);
}

/* What the model makes impossible is a finding, what the machine or the caller does is not. */
static bool is_finding(enum wg_status st)
{
    return st == WG_E_UNSUPPORTED || st == WG_E_INPUT || st == WG_E_LIMIT || st == WG_E_OOM;
}

static enum wg_status size_up(struct wg_stages *s, struct wg_err *err)
{
    enum wg_status st = read_shape(s, &s->shape_err);

    if (st == WG_OK)
        st = forecast(s, &s->shape_err);
    s->shape_known = st == WG_OK;
    return st == WG_OK || is_finding(st) ? WG_OK : wg_fail(err, st, "%s", s->shape_err.msg);
}

/* ---- speed ---- */

static bool is_unsteady(const struct wg_stages *s, double load)
{
    bool scatter = false;

    for (int i = 0; i < s->n_rates; i++)
        scatter = scatter || s->rates[i].stddev > MAX_SCATTER * s->rates[i].tokens_per_s;
    return scatter || load > MAX_LOAD * wg_cpu_count();
}

static enum wg_status measure(struct wg_stages *s, struct wg_engine *e, struct wg_err *err)
{
    int64_t context = wg_engine_spec(e)->context_length;
    int64_t users = s->fit_full.users;
    int batch = (int)WG_MIN(users, (int64_t)MAX_BATCH);
    struct wg_rate *r = s->rates;
    double load = 0;

    if (getloadavg(&load, 1) != 1)
        load = 0;
    wg_log(WG_LOG_INFO, "measuring the speed of %s", s->pkg->name);
    WG_TRY(wg_measure_prefill(e, WG_MIN(context, (int64_t)PREFILL_TOKENS), REPEATS, &r[0], err));
    WG_TRY(wg_measure_decode(e, WG_MIN(context, (int64_t)DECODE_TOKENS), 1, REPEATS, &r[1], err));
    if (batch > 1)
        WG_TRY(wg_measure_decode(e, WG_MIN(context, (int64_t)DECODE_TOKENS), batch, REPEATS, &r[2],
                                 err));
    s->n_rates = batch > 1 ? 3 : 2;
    s->unsteady = is_unsteady(s, load);
    return WG_OK;
}

static enum wg_status run_model(struct wg_stages *s, struct wg_err *err)
{
    struct wg_engine_opts eo = {.threads = s->ask->threads, .no_tokenizer = true};
    struct wg_engine *e = NULL;
    enum wg_status st = WG_OK;

    s->measured = (int64_t)time(NULL);
    if (!s->shape_known)
        st = wg_fail(&s->speed_err, WG_E_UNSUPPORTED, "%s", s->shape_err.msg);
    else if (!s->fit_average.fits && !s->fit_full.fits)
        st = wg_fail(&s->speed_err, WG_E_LIMIT, "it does not fit in memory, so it was not run");
    else
        st = wg_engine_open(s->pkg, &eo, &e, &s->speed_err);
    if (st == WG_OK)
        st = measure(s, e, &s->speed_err);
    wg_engine_close(e);
    return st == WG_OK || is_finding(st) ? WG_OK : wg_fail(err, st, "%s", s->speed_err.msg);
}

/* ---- cost ---- */

static enum wg_status find_price(struct wg_stages *s, struct wg_err *err)
{
    const struct wg_use *u = s->use;
    enum wg_status st;

    if (!s->ask->prices_path)
        return WG_OK;
    if (!u->known[WG_USE_TODAY_PROVIDER] || !u->known[WG_USE_TODAY_MODEL]) {
        wg_fail(&s->price_err, WG_E_INPUT, "%s does not say which model is used today (today)",
                u->path);
        return WG_OK;
    }
    st = wg_price_find(s->ask->prices_path, u->provider, u->model, &s->arena, &s->price,
                       &s->price_err);
    s->price_known = st == WG_OK;
    return st == WG_OK ? WG_OK : wg_fail(err, st, "%s", s->price_err.msg);
}

static enum wg_status compare_cost(struct wg_stages *s, struct wg_err *err)
{
    struct wg_speed speed = {.isa = wg_isa_name(s->machine.isa), .source = "measured here"};

    WG_TRY(find_price(s, err));
    if (s->n_rates) {
        const struct wg_rate *decode = &s->rates[s->n_rates - 1];
        speed.prefill_tokens_per_s = s->rates[0].tokens_per_s;
        speed.decode_tokens_per_s = decode->tokens_per_s;
        speed.batch = decode->batch;
    }
    return wg_cost(s->use, s->price_known ? &s->price : NULL, s->n_rates ? &speed : NULL, &s->cost,
                   err);
}

/* ---- the whole ---- */

static enum wg_status read_inputs(struct wg_stages *s, struct wg_err *err)
{
    char hex[WG_SHA256_HEX];

    WG_TRY(wg_use_load(s->ask->use_path, &s->use, err));
    WG_TRY(wg_yaml_load(s->ask->use_path, MAX_USE_BYTES, &s->answers, err));
    WG_TRY(wg_sha256_file(s->ask->use_path, s->use_sha256, &s->use_bytes, err));
    if (s->ask->task_path)
        WG_TRY(wg_sha256_file(s->ask->task_path, s->task_sha256, &s->task_bytes, err));
    if (s->ask->prices_path)
        WG_TRY(wg_sha256_file(s->ask->prices_path, hex, &s->prices_bytes, err));
    return WG_OK;
}

enum wg_status wg_stages_run(const struct wg_pkg *pkg, const struct wg_assess_ask *ask,
                             struct wg_stages *s, struct wg_err *err)
{
    *s = (struct wg_stages){.ask = ask, .pkg = pkg, .started = (int64_t)time(NULL)};
    wg_arena_init(&s->arena, ARENA_BYTES);
    WG_TRY(read_inputs(s, err));
    WG_TRY(check_files(s, err));
    WG_TRY(wg_license_package(pkg, s->use, &s->license, err));
    WG_TRY(wg_openness(pkg, s->license, &s->openness, err));
    WG_TRY(size_up(s, err));
    WG_TRY(run_model(s, err));
    WG_TRY(compare_cost(s, err));
    s->finished = (int64_t)time(NULL);
    return WG_OK;
}

void wg_stages_release(struct wg_stages *s)
{
    wg_use_free(s->use);
    json_decref(s->answers);
    wg_free(s->files);
    wg_license_free(s->license);
    wg_openness_free(s->openness);
    wg_fit_model_release(&s->model);
    wg_cost_free(s->cost);
    wg_arena_release(&s->arena);
    *s = (struct wg_stages){0};
}
