/* `weigh bench`: prefill and decode speed of a model on this machine. */
#include "cli/cli.h"

#include "base/cpu.h"
#include "engine/engine.h"
#include "engine/measure.h"
#include "package/package.h"

#include <stddef.h>
#include <stdlib.h>

struct options {
    int64_t prefill, decode, repeats;
    const char *batch;
    bool exact;
};

static const struct options defaults = {.prefill = 512, .decode = 128, .repeats = 5, .batch = "1"};

#define AT(field) offsetof(struct options, field)
static const struct wg_opt opts[] = {
    {"prefill", 'p', WG_OPT_INT, "N", "Prompt tokens to prefill; 0 leaves it out. Default: 512.",
     AT(prefill), 0, 1 << 24},
    {"decode", 'n', WG_OPT_INT, "N", "Tokens to decode; 0 leaves it out. Default: 128.", AT(decode),
     0, 1 << 24},
    {"batch", 'b', WG_OPT_STRING, "1,8", "Numbers of sessions that decode together. Default: 1.",
     AT(batch), 0, 0},
    {"repeats", 'r', WG_OPT_INT, "N", "Runs that are measured, after one that is not. Default: 5.",
     AT(repeats), 1, WG_MEASURE_MAX_REPEATS},
    {"exact", 0, WG_OPT_FLAG, NULL, "Compute in f32 from dequantized weights.", AT(exact), 0, 0},
    {0},
};

struct bench {
    const struct options *o;
    struct wg_engine *e;
    json_t *results;
    bool json;
    FILE *out;
};

static enum wg_status add(struct bench *b, const struct wg_rate *r, struct wg_err *err)
{
    if (!b->json)
        fprintf(b->out, "%-8s %7lld tokens  batch %-3d %10.1f tokens/s  +- %.1f\n", r->test,
                (long long)r->tokens, r->batch, r->tokens_per_s, r->stddev);
    json_t *row = json_pack("{s:s, s:I, s:i, s:f, s:f}", "test", r->test, "tokens",
                            (json_int_t)r->tokens, "batch", r->batch, "tokens_per_s",
                            r->tokens_per_s, "stddev", r->stddev);
    return json_array_append_new(b->results, row) == 0 ? WG_OK : wg_oom(err, "the results");
}

static enum wg_status next_batch(const char **s, int *batch, struct wg_err *err)
{
    char *end;
    long v = strtol(*s, &end, 10);

    if (end == *s || v < 1 || v > WG_MEASURE_MAX_BATCH || (*end != ',' && *end != '\0'))
        return wg_fail(err, WG_E_USAGE,
                       "--batch: \"%s\" is not a list of numbers from 1 to %d such as 1,8", *s,
                       WG_MEASURE_MAX_BATCH);
    *batch = (int)v;
    *s = *end == ',' ? end + 1 : end;
    return WG_OK;
}

static enum wg_status run_all(struct bench *b, struct wg_err *err)
{
    int repeats = (int)b->o->repeats, batch = 0;
    struct wg_rate r;

    b->results = json_array();
    if (!b->results)
        return wg_oom(err, "the results");
    if (b->o->prefill) {
        WG_TRY(wg_measure_prefill(b->e, b->o->prefill, repeats, &r, err));
        WG_TRY(add(b, &r, err));
    }
    for (const char *s = b->o->batch; b->o->decode && *s;) {
        WG_TRY(next_batch(&s, &batch, err));
        WG_TRY(wg_measure_decode(b->e, b->o->decode, batch, repeats, &r, err));
        WG_TRY(add(b, &r, err));
    }
    return WG_OK;
}

static enum wg_status report(struct bench *b, const struct wg_global *g, struct wg_err *err)
{
    if (!g->json) {
        fprintf(g->out, "isa %s, %d threads, peak memory %.1f MiB\n", wg_isa_name(wg_cpu_isa()),
                wg_engine_threads(b->e), (double)wg_peak_rss_bytes() / 1048576.0);
        return WG_OK;
    }
    return wg_cli_json(g,
                       json_pack("{s:s, s:s, s:i, s:b, s:O, s:I}", "isa", wg_isa_name(wg_cpu_isa()),
                                 "cpu", wg_cpu_name(), "threads", wg_engine_threads(b->e), "exact",
                                 (int)b->o->exact, "results", b->results, "peak_rss_bytes",
                                 (json_int_t)wg_peak_rss_bytes()),
                       err);
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct bench b = {.o = o, .json = g->json, .out = g->out};
    struct wg_engine_opts eo = {
        .threads = wg_cli_threads(g), .exact = o->exact, .no_tokenizer = true};
    struct wg_pkg *pkg = NULL;

    (void)argc;
    (void)exit_code;
    enum wg_status st = wg_pkg_open(argv[0], &pkg, err);
    if (st == WG_OK)
        st = wg_engine_open(pkg, &eo, &b.e, err);
    if (st == WG_OK)
        st = run_all(&b, err);
    if (st == WG_OK)
        st = report(&b, g, err);
    wg_engine_close(b.e);
    wg_pkg_close(pkg);
    json_decref(b.results);
    return st;
}

const struct wg_cmd wg_cmd_bench = {
    .name = "bench",
    .group = "use",
    .synopsis = "MODEL [-p 512] [-n 128] [--batch 1,8]",
    .help = "Measure prefill and decode speed on this machine.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .defaults = &defaults,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
