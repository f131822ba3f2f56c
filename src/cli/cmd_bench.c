/* `weigh bench`: prefill and decode speed of a model on this machine. */
#include "cli/cli.h"

#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "model/spec.h"
#include "package/package.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

enum { MAX_SESSIONS = 64, MAX_REPEATS = 100 };

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
     AT(repeats), 1, MAX_REPEATS},
    {"exact", 0, WG_OPT_FLAG, NULL, "Compute in f32 from dequantized weights.", AT(exact), 0, 0},
    {0},
};

struct bench {
    const struct options *o;
    struct wg_engine *e;
    struct wg_session *sessions[MAX_SESSIONS];
    int32_t *ids;  /* [prefill] */
    float *logits; /* [MAX_SESSIONS][n_vocab] */
    json_t *results;
    bool json;
    FILE *out;
};

/* Fixed pseudo-random ids: what they are does not change the work. */
static void fill_ids(int32_t *ids, int64_t n, int64_t vocab)
{
    uint64_t x = 12345;

    for (int64_t i = 0; i < n; i++) {
        x = x * UINT64_C(6364136223846793005) + 1;
        ids[i] = (int32_t)((x >> 33) % (uint64_t)vocab);
    }
}

static enum wg_status run_prefill(struct bench *b, int batch, double *seconds, struct wg_err *err)
{
    double start = wg_now_s();
    struct wg_feed feed = {
        .session = b->sessions[0], .ids = b->ids, .n = b->o->prefill, .logits = b->logits};

    (void)batch;
    wg_session_truncate(b->sessions[0], 0);
    WG_TRY(wg_engine_step(b->e, &feed, 1, err));
    *seconds = wg_now_s() - start;
    return WG_OK;
}

static enum wg_status run_decode(struct bench *b, int batch, double *seconds, struct wg_err *err)
{
    struct wg_feed feeds[MAX_SESSIONS];
    int64_t vocab = wg_engine_spec(b->e)->n_vocab;
    double start;

    for (int i = 0; i < batch; i++) {
        wg_session_truncate(b->sessions[i], 0);
        feeds[i] = (struct wg_feed){
            .session = b->sessions[i], .ids = b->ids, .n = 1, .logits = b->logits + i * vocab};
    }
    start = wg_now_s();
    for (int64_t t = 0; t < b->o->decode; t++)
        WG_TRY(wg_engine_step(b->e, feeds, batch, err));
    *seconds = wg_now_s() - start;
    return WG_OK;
}

static enum wg_status measure(struct bench *b, const char *test, int64_t tokens, int batch,
                              enum wg_status (*work)(struct bench *, int, double *,
                                                     struct wg_err *),
                              struct wg_err *err)
{
    double sum = 0, squares = 0, seconds = 0;
    int64_t n = b->o->repeats;

    WG_TRY(work(b, batch, &seconds, err));
    for (int64_t i = 0; i < n; i++) {
        WG_TRY(work(b, batch, &seconds, err));
        double rate = (double)tokens * batch / seconds;
        sum += rate;
        squares += rate * rate;
    }
    double mean = sum / (double)n;
    double var = n > 1 ? (squares - sum * mean) / (double)(n - 1) : 0;
    double sd = var > 0 ? sqrt(var) : 0;
    if (!b->json)
        fprintf(b->out, "%-8s %7lld tokens  batch %-3d %10.1f tokens/s  +- %.1f\n", test,
                (long long)tokens, batch, mean, sd);
    json_t *row = json_pack("{s:s, s:I, s:i, s:f, s:f}", "test", test, "tokens", (json_int_t)tokens,
                            "batch", batch, "tokens_per_s", mean, "stddev", sd);
    return json_array_append_new(b->results, row) == 0 ? WG_OK : wg_oom(err, "the results");
}

static enum wg_status next_batch(const char **s, int *batch, struct wg_err *err)
{
    char *end;
    long v = strtol(*s, &end, 10);

    if (end == *s || v < 1 || v > MAX_SESSIONS || (*end != ',' && *end != '\0'))
        return wg_fail(err, WG_E_USAGE,
                       "--batch: \"%s\" is not a list of numbers from 1 to %d such as 1,8", *s,
                       MAX_SESSIONS);
    *batch = (int)v;
    *s = *end == ',' ? end + 1 : end;
    return WG_OK;
}

static enum wg_status open_sessions(struct bench *b, int count, struct wg_err *err)
{
    int64_t need = WG_MAX(b->o->prefill, b->o->decode);

    for (int i = 0; i < count; i++)
        if (!b->sessions[i])
            WG_TRY(wg_session_new(b->e, need, &b->sessions[i], err));
    return WG_OK;
}

static enum wg_status run_all(struct bench *b, struct wg_err *err)
{
    int64_t vocab = wg_engine_spec(b->e)->n_vocab;
    int batch = 0;

    b->ids = wg_calloc((size_t)WG_MAX(b->o->prefill, 1), sizeof *b->ids);
    b->logits = wg_calloc(MAX_SESSIONS * (size_t)vocab, sizeof *b->logits);
    b->results = json_array();
    if (!b->ids || !b->logits || !b->results)
        return wg_oom(err, "the benchmark");
    fill_ids(b->ids, WG_MAX(b->o->prefill, 1), vocab);
    if (b->o->prefill) {
        WG_TRY(open_sessions(b, 1, err));
        WG_TRY(measure(b, "prefill", b->o->prefill, 1, run_prefill, err));
    }
    for (const char *s = b->o->batch; b->o->decode && *s;) {
        WG_TRY(next_batch(&s, &batch, err));
        WG_TRY(open_sessions(b, batch, err));
        WG_TRY(measure(b, "decode", b->o->decode, batch, run_decode, err));
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
    for (int i = 0; i < MAX_SESSIONS; i++)
        wg_session_free(b.sessions[i]);
    wg_engine_close(b.e);
    wg_pkg_close(pkg);
    json_decref(b.results);
    wg_free(b.ids);
    wg_free(b.logits);
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
