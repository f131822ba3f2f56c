/* `weigh logits`: logits at every position of a list of ids. */
#include "cli/cli.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "model/spec.h"
#include "package/package.h"

#include <math.h>
#include <stddef.h>

struct options {
    const char *ids;
    bool exact;
};

static const struct wg_opt opts[] = {
    {"ids", 0, WG_OPT_STRING, "1,2,3", "Token ids, oldest first.", offsetof(struct options, ids), 0,
     0},
    {"exact", 0, WG_OPT_FLAG, NULL, "Compute in f32 from dequantized weights.",
     offsetof(struct options, exact), 0, 0},
    {0},
};

/* Written by hand: a position has as many numbers as the vocabulary, too many for a tree. Nine
 * digits give every float back exactly. */
static void print_json(FILE *f, const float *logits, int64_t n, int64_t vocab)
{
    fprintf(f, "{\"vocab\": %lld, \"logits\": [", (long long)vocab);
    for (int64_t t = 0; t < n; t++) {
        fputs(t ? ",\n[" : "\n[", f);
        for (int64_t i = 0; i < vocab; i++) {
            float v = logits[t * vocab + i];
            if (isfinite(v))
                fprintf(f, "%s%.9g", i ? "," : "", (double)v);
            else
                fprintf(f, "%snull", i ? "," : "");
        }
        fputc(']', f);
    }
    fputs("]}\n", f);
}

static void print_top(FILE *f, const float *logits, int64_t n, int64_t vocab, const int32_t *ids)
{
    enum { TOP = 5 };

    fprintf(f, "%-10s %-10s most likely next ids (logit)\n", "position", "id");
    for (int64_t t = 0; t < n; t++) {
        const float *row = logits + t * vocab;
        float above = INFINITY;
        int64_t last = -1;
        fprintf(f, "%-10lld %-10d", (long long)t, ids[t]);
        for (int k = 0; k < TOP && k < vocab; k++) {
            int64_t best = -1;
            for (int64_t i = 0; i < vocab; i++)
                if ((row[i] < above || (row[i] == above && i > last)) &&
                    (best < 0 || row[i] > row[best]))
                    best = i;
            if (best < 0)
                break;
            fprintf(f, " %lld (%.3f)", (long long)best, (double)row[best]);
            above = row[best];
            last = best;
        }
        fputc('\n', f);
    }
}

static enum wg_status compute(struct wg_engine *e, const struct wg_global *g,
                              const struct wg_ids *ids, struct wg_err *err)
{
    int64_t vocab = wg_engine_spec(e)->n_vocab;
    struct wg_session *s = NULL;
    float *logits = wg_alloc_aligned(64, ids->n * (size_t)vocab, sizeof *logits);

    if (!logits)
        return wg_oom(err, "the logits");
    enum wg_status st = wg_session_new(e, (int64_t)ids->n, &s, err);
    struct wg_feed feed = {
        .session = s, .ids = ids->v, .n = (int64_t)ids->n, .logits = logits, .all_logits = true};
    if (st == WG_OK)
        st = wg_engine_step(e, &feed, 1, err);
    if (st == WG_OK && g->json)
        print_json(g->out, logits, (int64_t)ids->n, vocab);
    else if (st == WG_OK)
        print_top(g->out, logits, (int64_t)ids->n, vocab, ids->v);
    wg_session_free(s);
    wg_free(logits);
    return st;
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct wg_engine_opts eo = {
        .threads = wg_cli_threads(g), .exact = o->exact, .no_tokenizer = true};
    struct wg_ids ids = {0};
    struct wg_pkg *pkg = NULL;
    struct wg_engine *e = NULL;

    (void)argc;
    (void)exit_code;
    if (!o->ids)
        return wg_fail(err, WG_E_USAGE, "--ids is needed: --ids 1,2,3");
    enum wg_status st = wg_cli_ids(o->ids, &ids, err);
    if (st == WG_OK)
        st = wg_pkg_open(argv[0], &pkg, err);
    if (st == WG_OK)
        st = wg_engine_open(pkg, &eo, &e, err);
    if (st == WG_OK)
        st = compute(e, g, &ids, err);
    wg_engine_close(e);
    wg_pkg_close(pkg);
    wg_ids_release(&ids);
    return st;
}

const struct wg_cmd wg_cmd_logits = {
    .name = "logits",
    .group = "use",
    .synopsis = "MODEL --ids 1,2,3",
    .help = "Print the logits at every position of a list of token ids.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
