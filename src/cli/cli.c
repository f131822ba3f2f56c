/* Option parsing, help, dispatch, exit codes. Owns the only knowledge of argv. */
#include "cli/cli.h"

#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct wg_cmd *const commands[] = {
#define WG_CMD_ROW(name) &wg_cmd_##name,
    WG_COMMANDS(WG_CMD_ROW)
#undef WG_CMD_ROW
};

struct global_values {
    bool json, offline, quiet, help;
    int64_t threads;
    const char *cpu_mask;
};

#define GLOBAL(field) offsetof(struct global_values, field)
static const struct wg_opt global_opts[] = {
    {"json", 0, WG_OPT_FLAG, NULL, "Print one JSON document on stdout and nothing else there.",
     GLOBAL(json), 0, 0},
    {"threads", 0, WG_OPT_INT, "N", "Threads to compute with; default: all this process may use.",
     GLOBAL(threads), 1, 1024},
    {"cpu-mask", 0, WG_OPT_STRING, "LEVEL",
     "Highest instruction set to use: base, avx2, avx512, vnni or amx.", GLOBAL(cpu_mask), 0, 0},
    {"offline", 0, WG_OPT_FLAG, NULL, "Refuse to open a network connection.", GLOBAL(offline), 0,
     0},
    {"quiet", 0, WG_OPT_FLAG, NULL, "No progress and no notes on stderr; errors only.",
     GLOBAL(quiet), 0, 0},
    {"help", 'h', WG_OPT_FLAG, NULL, "Print this help.", GLOBAL(help), 0, 0},
    {0},
};

static void print_opts(FILE *f, const struct wg_opt *o)
{
    for (; o && o->name; o++) {
        char left[64];
        char dash[8] = "    ";
        if (!o->help)
            continue;
        if (o->short_name)
            snprintf(dash, sizeof dash, "-%c, ", o->short_name);
        snprintf(left, sizeof left, "%s--%s%s%s", dash, o->name, o->arg ? " " : "",
                 o->arg ? o->arg : "");
        fprintf(f, "  %-28s %s\n", left, o->help);
    }
}

static void print_cmd_help(FILE *f, const struct wg_cmd *c)
{
    fprintf(f, "usage: weigh %s%s%s [options]\n\n%s\n", c->name, c->synopsis[0] ? " " : "",
            c->synopsis, c->help);
    if (c->details)
        fprintf(f, "\n%s\n", c->details);
    if (c->opts) {
        fputs("\noptions:\n", f);
        print_opts(f, c->opts);
    }
    fputs("\noptions of every command:\n", f);
    print_opts(f, global_opts);
}

static void print_help(FILE *f)
{
    const char *group = "";

    fputs("weigh: weigh an open-weights model, then run it, on your own machine\n\n"
          "usage: weigh COMMAND [arguments] [options]\n",
          f);
    for (size_t i = 0; i < WG_COUNT(commands); i++) {
        const struct wg_cmd *c = commands[i];
        if (strcmp(group, c->group) != 0)
            fprintf(f, "\n%s\n", c->group);
        group = c->group;
        fprintf(f, "  %-12s %s\n", c->name, c->help);
    }
    fputs("\n`weigh COMMAND -h` explains a command.\n"
          "exit status: 0 ok, 1 failed, 2 usage, 3 input rejected, 4 no-go, 5 needs a person, "
          "130 interrupted\n",
          f);
}

/* --top_p is --top-p: people bring the names of the HTTP API. */
static bool same_name(const char *a, const char *b, size_t n)
{
    if (strlen(a) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (a[i] != (b[i] == '_' ? '-' : b[i]))
            return false;
    return true;
}

static const struct wg_opt *find_opt(const struct wg_opt *list, const char *name, size_t n,
                                     char short_name)
{
    for (; list && list->name; list++)
        if (short_name ? list->short_name == short_name : same_name(list->name, name, n))
            return list;
    return NULL;
}

static enum wg_status set_number(const struct wg_opt *o, void *base, const char *value,
                                 struct wg_err *err)
{
    char *end;
    double d;

    errno = 0;
    if (o->kind == WG_OPT_INT) {
        long long v = strtoll(value, &end, 10);
        d = (double)v;
        if (errno == 0 && end != value && *end == '\0')
            *(int64_t *)((char *)base + o->offset) = v;
    } else {
        d = strtod(value, &end);
        *(double *)((char *)base + o->offset) = d;
    }
    if (errno != 0 || end == value || *end != '\0' || !isfinite(d))
        return wg_fail(err, WG_E_USAGE, "--%s: \"%s\" is not %s number", o->name, value,
                       o->kind == WG_OPT_INT ? "a whole" : "a");
    if ((o->min != 0 || o->max != 0) && (d < o->min || d > o->max))
        return wg_fail(err, WG_E_USAGE, "--%s: %s is outside %g to %g", o->name, value, o->min,
                       o->max);
    return WG_OK;
}

static enum wg_status set_opt(const struct wg_opt *o, void *base, const char *value,
                              struct wg_err *err)
{
    if (o->kind == WG_OPT_FLAG) {
        if (value)
            return wg_fail(err, WG_E_USAGE, "--%s takes no value", o->name);
        *(bool *)((char *)base + o->offset) = true;
        return WG_OK;
    }
    if (!value)
        return wg_fail(err, WG_E_USAGE, "--%s needs a value: --%s %s", o->name, o->name, o->arg);
    if (o->kind == WG_OPT_STRING) {
        *(const char **)((char *)base + o->offset) = value;
        return WG_OK;
    }
    return set_number(o, base, value, err);
}

/* Options may stand anywhere; "--" ends them. Positional arguments are moved to args. */
static enum wg_status parse(const struct wg_cmd *c, int argc, char **argv, struct global_values *gv,
                            void *opts, char **args, int *n_args, struct wg_err *err)
{
    bool only_args = false;

    for (int i = 0; i < argc; i++) {
        char *a = argv[i];
        if (only_args || a[0] != '-' || a[1] == '\0') {
            args[(*n_args)++] = a;
            continue;
        }
        if (strcmp(a, "--") == 0) {
            only_args = true;
            continue;
        }
        bool is_long = a[1] == '-';
        const char *name = a + (is_long ? 2 : 1), *eq = strchr(name, '=');
        size_t n = eq ? (size_t)(eq - name) : strlen(name);
        char short_name = is_long ? 0 : name[0];
        if (!is_long && n != 1)
            return wg_fail(err, WG_E_USAGE, "%s: write long options with two dashes", a);
        void *base = opts;
        const struct wg_opt *o = find_opt(c->opts, name, n, short_name);
        if (!o) {
            base = gv;
            o = find_opt(global_opts, name, n, short_name);
        }
        if (!o)
            return wg_fail(err, WG_E_USAGE, "%s: weigh %s has no such option; see weigh %s -h", a,
                           c->name, c->name);
        const char *value = eq ? eq + 1 : NULL;
        if (!value && o->kind != WG_OPT_FLAG && i + 1 < argc)
            value = argv[++i];
        WG_TRY(set_opt(o, base, value, err));
    }
    return WG_OK;
}

static void on_signal(int sig)
{
    /* A second signal ends the process at once: the first one was not enough. */
    signal(sig, SIG_DFL);
    wg_interrupt();
}

void wg_cli_arm_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal};

    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    wg_interrupt_clear();
}

static enum wg_status flush_stdout(struct wg_err *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return wg_fail(err, WG_E_IO, "cannot write to stdout: %s", strerror(errno));
    return WG_OK;
}

static enum wg_status apply_globals(const struct global_values *gv, struct wg_global *g,
                                    struct wg_err *err)
{
    *g = (struct wg_global){.json = gv->json,
                            .offline = gv->offline,
                            .quiet = gv->quiet,
                            .threads = (int)gv->threads,
                            .out = stdout};
    if (gv->quiet)
        wg_log_set_level(WG_LOG_ERROR);
    if (gv->cpu_mask) {
        enum wg_isa isa;
        WG_TRY(wg_isa_parse(gv->cpu_mask, &isa, err));
        wg_cpu_set_mask(isa);
    }
    return WG_OK;
}

static enum wg_status run_command(const struct wg_cmd *c, int argc, char **argv, int *exit_code,
                                  struct wg_err *err)
{
    struct global_values gv = {0};
    struct wg_global g;
    int n_args = 0;
    void *opts = wg_calloc(1, c->opts_bytes);
    char **args = wg_calloc((size_t)argc + 1, sizeof *args);
    enum wg_status st = WG_OK;

    if (!opts || !args) {
        st = wg_oom(err, "the command line");
    } else {
        if (c->defaults)
            memcpy(opts, c->defaults, c->opts_bytes);
        st = parse(c, argc, argv, &gv, opts, args, &n_args, err);
    }
    if (st == WG_OK && gv.help) {
        print_cmd_help(stdout, c);
    } else if (st == WG_OK &&
               (n_args < c->min_args || (c->max_args >= 0 && n_args > c->max_args))) {
        st = wg_fail(err, WG_E_USAGE, "usage: weigh %s %s; see weigh %s -h", c->name, c->synopsis,
                     c->name);
    } else if (st == WG_OK) {
        st = apply_globals(&gv, &g, err);
        if (st == WG_OK)
            st = c->run(&g, opts, n_args, args, exit_code, err);
    }
    wg_free(opts);
    wg_free(args);
    if (st == WG_OK)
        st = flush_stdout(err);
    return st;
}

static const struct wg_cmd *find_command(const char *name)
{
    for (size_t i = 0; i < WG_COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int wg_cli_main(int argc, char **argv)
{
    struct wg_err err = {0};
    int exit_code = 0;

    wg_cli_arm_signals();
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return wg_status_exit_code(WG_E_USAGE);
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    const struct wg_cmd *c = find_command(name);
    if (!c) {
        fprintf(stderr, "weigh: there is no command \"%s\"; see weigh -h\n", name);
        return wg_status_exit_code(WG_E_USAGE);
    }
    enum wg_status st = run_command(c, argc - 2, argv + 2, &exit_code, &err);
    if (st != WG_OK) {
        fprintf(stderr, "weigh %s: %s\n", c->name, err.msg);
        return wg_status_exit_code(st);
    }
    return exit_code;
}

enum wg_status wg_cli_json(const struct wg_global *g, json_t *doc, struct wg_err *err)
{
    struct wg_buf b;

    wg_buf_init(&b, SIZE_MAX);
    enum wg_status st = wg_json_write(&b, doc, 2, err);
    json_decref(doc);
    if (st == WG_OK && (fwrite(b.p, 1, b.len, g->out) != b.len || fputc('\n', g->out) == EOF))
        st = wg_fail(err, WG_E_IO, "cannot write to stdout: %s", strerror(errno));
    wg_buf_release(&b);
    return st;
}

int wg_cli_threads(const struct wg_global *g)
{
    return g->threads ? g->threads : wg_cpu_count();
}

enum wg_status wg_cli_ids(const char *list, struct wg_ids *out, struct wg_err *err)
{
    const char *s = list;

    while (*s) {
        char *end;
        errno = 0;
        long v = strtol(s, &end, 10);
        if (end == s || errno != 0 || v < 0 || v > INT32_MAX || (*end != ',' && *end != '\0'))
            return wg_fail(err, WG_E_USAGE,
                           "--ids: \"%.40s\" is not a list of token ids such as 1,2,3", s);
        WG_TRY(wg_ids_add(out, (int32_t)v, err));
        s = *end == ',' ? end + 1 : end;
    }
    if (out->n == 0)
        return wg_fail(err, WG_E_USAGE, "--ids: the list is empty");
    return WG_OK;
}
