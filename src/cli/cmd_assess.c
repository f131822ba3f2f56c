/* `weigh assess`: the whole path for one model, ending in a report. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/mem.h"
#include "package/package.h"
#include "package/pull.h"
#include "report/assess.h"
#include "report/view.h"

#include <stddef.h>
#include <string.h>

struct options {
    const char *use, *task, *prices, *out;
};

#define AT(field) offsetof(struct options, field)
static const struct wg_opt opts[] = {
    {"use", 0, WG_OPT_STRING, "FILE", "What the model is to be used for: USE.yaml. Required.",
     AT(use), 0, 0},
    {"task", 0, WG_OPT_STRING, "FILE", "Own task to evaluate on; named in the report, not run yet.",
     AT(task), 0, 0},
    {"prices", 0, WG_OPT_STRING, "FILE", "Prices: own form, or api.json of models.dev.", AT(prices),
     0, 0},
    {"out", 0, WG_OPT_STRING, "DIR", "Folder of the report, made when missing. Required.", AT(out),
     0, 0},
    {0},
};

/* An argument as a shell takes it: quoted when it holds more than harmless characters. */
static void add_argument(struct wg_buf *b, const char *s)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "-_./:=@+,";

    wg_buf_addc(b, ' ');
    if (*s && s[strspn(s, harmless)] == '\0') {
        wg_buf_adds(b, s);
        return;
    }
    wg_buf_addc(b, '\'');
    for (; *s; s++)
        if (*s == '\'')
            wg_buf_adds(b, "'\\''");
        else
            wg_buf_addc(b, *s);
    wg_buf_addc(b, '\'');
}

static void add_option(struct wg_buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    wg_buf_adds(b, name);
    add_argument(b, value);
}

static enum wg_status command_line(struct wg_buf *b, const struct wg_global *g,
                                   const struct options *o, const char *model, struct wg_err *err)
{
    wg_buf_adds(b, "weigh assess");
    add_argument(b, model);
    add_option(b, " --use", o->use);
    add_option(b, " --task", o->task);
    add_option(b, " --prices", o->prices);
    add_option(b, " --out", o->out);
    if (g->threads)
        wg_buf_addf(b, " --threads %d", g->threads);
    return wg_buf_check(b, "the command line", err);
}

static enum wg_status check_options(const struct options *o, struct wg_err *err)
{
    if (!o->use)
        return wg_fail(
            err, WG_E_USAGE,
            "--use FILE is missing: without the intended use there is nothing to decide; "
            "data/samples/USE.yaml is a sample");
    if (!o->out)
        return wg_fail(err, WG_E_USAGE, "--out DIR is missing: where should the report go?");
    return WG_OK;
}

static json_t *short_json(const json_t *report, const char *path)
{
    json_t *list = json_array();
    size_t i;
    json_t *s;

    json_array_foreach(json_object_get(report, "sections"), i, s)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", wg_view_str(s, "name"),
                            "verdict", wg_view_str(s, "verdict"), "why", wg_view_str(s, "why"),
                            "state", wg_view_str(s, "state"), "rule", wg_view_str(s, "rule"),
                            "change", wg_view_str(s, "change")));
    return json_pack("{s:s, s:s, s:s, s:o}", "verdict", wg_view_str(report, "verdict"), "summary",
                     wg_view_str(report, "summary"), "report", path, "sections", list);
}

static void print_short(FILE *f, const json_t *report, const char *path)
{
    size_t i;
    json_t *s;

    fprintf(f, "%s\n\n", wg_view_str(json_object_get(report, "subject"), "model"));
    json_array_foreach(json_object_get(report, "sections"), i, s) {
        const char *state = wg_view_str(s, "state"), *detail;
        detail = wg_view_str(wg_view_measured(report, wg_view_str(s, "name")), "detail");
        fprintf(f, "  %-24s %-13s %s%s%s\n", wg_view_str(s, "title"),
                strcmp(state, "assessed") == 0 ? wg_view_str(s, "verdict") : state,
                wg_view_str(s, "why"), *detail ? " " : "", detail);
    }
    fprintf(f, "\nverdict: %s. %s\nreport:  %s\n", wg_view_str(report, "verdict"),
            wg_view_str(report, "summary"), path);
}

static enum wg_status deliver(const struct wg_global *g, const json_t *report, const char *dir,
                              int *exit_code, struct wg_err *err)
{
    const char *verdict = wg_view_str(report, "verdict");
    char *path = wg_path_join(dir, "report.html");
    enum wg_status st = WG_OK;

    if (!path)
        return wg_oom(err, "a path");
    *exit_code = strcmp(verdict, "go") == 0 ? 0 : strcmp(verdict, "no-go") == 0 ? 4 : 5;
    if (g->json)
        st = wg_cli_json(g, short_json(report, path), err);
    else
        print_short(g->out, report, path);
    wg_free(path);
    return st;
}

/* "pypi:x" and "https://x" name something to fetch; what has no scheme is a path or a store name.
 */
static bool is_reference(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");

    return n > 1 && s[n] == ':';
}

static enum wg_status open_model(const struct wg_global *g, const char *model, struct wg_pkg **pkg,
                                 struct wg_err *err)
{
    struct wg_pull_opts po = {.offline = g->offline};
    struct wg_store_model *m = NULL;

    if (!is_reference(model))
        return wg_pkg_open(model, pkg, err);
    WG_TRY(wg_pull(model, &po, &m, NULL, err));
    enum wg_status st = wg_pkg_open(m->name, pkg, err);
    wg_store_model_free(m);
    return st;
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct wg_buf command;
    struct wg_pkg *pkg = NULL;
    json_t *report = NULL;

    (void)argc;
    WG_TRY(check_options(o, err));
    wg_buf_init(&command, 1 << 16);
    enum wg_status st = command_line(&command, g, o, argv[0], err);
    if (st == WG_OK)
        st = open_model(g, argv[0], &pkg, err);
    struct wg_assess_ask ask = {.use_path = o->use,
                                .task_path = o->task,
                                .prices_path = o->prices,
                                .command = command.p,
                                .threads = wg_cli_threads(g)};
    if (st == WG_OK)
        st = wg_assess(pkg, &ask, o->out, &report, err);
    if (st == WG_OK)
        st = deliver(g, report, o->out, exit_code, err);
    json_decref(report);
    wg_pkg_close(pkg);
    wg_buf_release(&command);
    return st;
}

const struct wg_cmd wg_cmd_assess = {
    .name = "assess",
    .group = "decide",
    .synopsis = "MODEL|REF --use USE.yaml --out DIR",
    .help = "Walk the whole path for one model and write a go / no-go report.",
    .details =
        "Fetches the model when it is a reference as for weigh pull, then\n"
        "hashes the files, reads the licence against the intended use, says how open the model\n"
        "is, whether it fits, measures its speed here, and compares the cost. Writes report.html\n"
        "(to read and sign), report.md and report.json into DIR. docs/REPORT.md explains them.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
