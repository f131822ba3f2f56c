/* `weigh fit`: whether a model fits this machine, and how fast it will be, from its header. */
#include "cli/cli.h"

#include "base/fmt.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "package/gguf.h"
#include "package/package.h"
#include "plan/fit.h"

#include <stddef.h>

enum { MAX_CHECK_USERS = 64 };

struct options {
    int64_t context, users;
    bool check, remeasure;
};

#define AT(field) offsetof(struct options, field)
static const struct wg_opt opts[] = {
    {"context", 0, WG_OPT_INT, "N",
     "Tokens a user can have; default: what the model was trained for.", AT(context), 1, 1ll << 32},
    {"users", 0, WG_OPT_INT, "N", "Users served at the same time. Default: 1.", AT(users), 1,
     1 << 20},
    {"check", 0, WG_OPT_FLAG, NULL, "Run it with full contexts and compare the peak of memory.",
     AT(check), 0, 0},
    {"remeasure", 0, WG_OPT_FLAG, NULL, "Measure this machine again; do not use what is kept.",
     AT(remeasure), 0, 0},
    {0},
};

/* What --check found; peak_bytes 0: not asked for. */
struct check {
    uint64_t peak_bytes;
};

static enum wg_status fill(struct wg_engine *e, struct wg_session *s, struct wg_err *err)
{
    int64_t n = wg_session_capacity(s), vocab = wg_engine_spec(e)->n_vocab;
    int32_t *ids = wg_calloc((size_t)n, sizeof *ids);
    float *logits = wg_calloc((size_t)vocab, sizeof *logits);
    struct wg_feed feed = {.session = s, .ids = ids, .n = n, .logits = logits};
    enum wg_status st = ids && logits ? WG_OK : wg_oom(err, "the check");

    for (int64_t i = 0; ids && i < n; i++)
        ids[i] = (int32_t)(i % vocab);
    if (st == WG_OK)
        st = wg_engine_step(e, &feed, 1, err);
    wg_free(ids);
    wg_free(logits);
    return st;
}

/* Fills the contexts of all users, so that every byte of the forecast is really used. */
static enum wg_status run_check(const struct wg_pkg *pkg, const struct wg_fit_ask *ask,
                                struct check *c, struct wg_err *err)
{
    struct wg_engine_opts eo = {.threads = ask->threads};
    struct wg_session *sessions[MAX_CHECK_USERS] = {NULL};
    struct wg_engine *e = NULL;
    int64_t users = ask->users ? ask->users : 1;

    if (users > MAX_CHECK_USERS)
        return wg_fail(err, WG_E_LIMIT, "--check runs at most %d users, not %lld", MAX_CHECK_USERS,
                       (long long)users);
    enum wg_status st = wg_engine_open(pkg, &eo, &e, err);
    for (int64_t i = 0; i < users && st == WG_OK; i++) {
        st = wg_session_new(e, ask->context, &sessions[i], err);
        if (st == WG_OK)
            st = fill(e, sessions[i], err);
    }
    c->peak_bytes = wg_peak_rss_bytes();
    for (int64_t i = 0; i < users; i++)
        wg_session_free(sessions[i]);
    wg_engine_close(e);
    return st;
}

static void print_size(FILE *out, const char *what, uint64_t bytes, const char *note)
{
    char s[WG_FMT_BYTES];

    fprintf(out, "  %-14s %11s%s%s\n", what, wg_fmt_bytes(s, bytes), *note ? "   " : "", note);
}

static void print_memory(FILE *out, const struct wg_fit *f, const struct check *c)
{
    char a[WG_FMT_BYTES], b[WG_FMT_BYTES], note[160];

    fprintf(out, "memory for %s user%s at once, %s tokens of context each%s\n",
            wg_fmt_count(a, f->users), f->users == 1 ? "" : "s", wg_fmt_count(b, f->context),
            f->users_assumed && f->context_assumed
                ? " (assumed: one user, the model's full context)"
            : f->users_assumed   ? " (assumed: one user)"
            : f->context_assumed ? " (assumed: the model's full context)"
                                 : "");
    print_size(out, "weights", f->weights_bytes, "");
    snprintf(note, sizeof note, "%s a token", wg_fmt_bytes(a, f->kv_bytes_per_token));
    print_size(out, "KV cache", f->kv_bytes, note);
    print_size(out, "work memory", f->compute_bytes, "buffers, vocabulary, the program");
    print_size(out, "total", f->total_bytes, "");
    snprintf(note, sizeof note, "of which %s are to stay free", wg_fmt_bytes(a, f->margin_bytes));
    print_size(out, "available", f->available_bytes, note);
    if (c->peak_bytes) {
        snprintf(note, sizeof note, "the forecast is off by %+.1f%%",
                 100.0 * ((double)f->total_bytes / (double)c->peak_bytes - 1));
        print_size(out, "measured peak", c->peak_bytes, note);
    }
    fprintf(out, "fits: %s", f->fits ? "yes" : "no");
    if (f->max_users > 0)
        fprintf(out, "; at this context there is room for %s user%s\n",
                wg_fmt_count(a, f->max_users), f->max_users == 1 ? "" : "s");
    else if (f->max_context > 0)
        fprintf(out, "; with %s tokens of context it would\n", wg_fmt_count(a, f->max_context));
    else
        fprintf(out, "; not even with an empty context\n");
}

static void print_speed(FILE *out, const struct wg_fit *f, const struct wg_machine *m)
{
    char a[WG_FMT_BYTES], *machine = wg_machine_describe(m);

    fprintf(out, "\nspeed forecast for one user on %s\n", machine ? machine : "this machine");
    if (f->prefill_tokens_per_s > 0)
        fprintf(out, "  reads a prompt  %10s tokens/s\n", wg_fmt_real(a, f->prefill_tokens_per_s));
    if (f->decode_tokens_per_s > 0)
        fprintf(out, "  writes          %10s tokens/s   reading %.1f MiB a token\n",
                wg_fmt_real(a, f->decode_tokens_per_s), (double)f->decode_read_bytes / 1048576);
    else
        fputs("  not known: this version has no fast kernel for a type of its weights\n", out);
    fputs("From this machine's measured memory and arithmetic speed; `weigh bench` measures the "
          "model itself.\n",
          out);
    wg_free(machine);
}

static enum wg_status print(const struct wg_global *g, const struct wg_fit_model *m,
                            const struct wg_fit *f, const struct wg_machine *machine,
                            const char *name, const struct check *c, struct wg_err *err)
{
    if (!g->json) {
        fprintf(g->out, "%s: %s, %d layers\n\n", name, m->spec.family, m->spec.n_layers);
        print_memory(g->out, f, c);
        print_speed(g->out, f, machine);
        return WG_OK;
    }
    json_t *doc = wg_fit_json(f, machine);
    if (c->peak_bytes)
        json_object_set_new(doc, "check",
                            json_pack("{s:I, s:f}", "peak_rss_bytes", (json_int_t)c->peak_bytes,
                                      "predicted_over_measured",
                                      (double)f->total_bytes / (double)c->peak_bytes));
    return wg_cli_json(g, doc, err);
}

static enum wg_status run_open(const struct wg_global *g, const struct options *o,
                               const struct wg_pkg *pkg, const struct wg_gguf *gguf,
                               struct wg_fit_model *m, struct wg_err *err)
{
    struct wg_fit_ask ask = {
        .context = o->context, .users = o->users, .threads = wg_cli_threads(g)};
    struct wg_machine machine;
    struct wg_fit fit;
    struct check c = {0};

    WG_TRY(wg_fit_model_read(gguf, m, err));
    /* Before the machine is measured: its buffers would count in the peak of this process. */
    if (o->check)
        WG_TRY(run_check(pkg, &ask, &c, err));
    WG_TRY(wg_machine_facts(ask.threads, m->types, m->n_types, o->remeasure, &machine, err));
    WG_TRY(wg_fit(m, &machine, &ask, &fit, err));
    return print(g, m, &fit, &machine, pkg->name, &c, err);
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    struct wg_fit_model m = {0};
    struct wg_gguf *gguf = NULL;
    struct wg_pkg *pkg = NULL;

    (void)argc;
    (void)exit_code;
    enum wg_status st = wg_pkg_open(argv[0], &pkg, err);
    if (st == WG_OK && pkg->format != WG_WEIGHTS_GGUF)
        st = wg_fail(err, WG_E_UNSUPPORTED, "%s: %s", pkg->name,
                     pkg->format == WG_WEIGHTS_NONE
                         ? "the package has no weights"
                         : "this version computes the size of GGUF weights only");
    if (st == WG_OK)
        st = wg_pkg_gguf(pkg, &gguf, err);
    if (st == WG_OK)
        st = run_open(g, options, pkg, gguf, &m, err);
    wg_fit_model_release(&m);
    wg_gguf_close(gguf);
    wg_pkg_close(pkg);
    return st;
}

const struct wg_cmd wg_cmd_fit = {
    .name = "fit",
    .group = "decide",
    .synopsis = "MODEL [--context N] [--users N]",
    .help = "Say whether a model fits this machine, and how fast it will be.",
    .details =
        "Reads the header of the weights and measures this machine (under a second, then kept);\n"
        "nothing of the model is run, except with --check. Fits means: the total leaves a tenth\n"
        "of the memory that is available now.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
