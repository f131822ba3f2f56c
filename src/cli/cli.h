/*
 * The command line: one table row and one file a command.
 *
 * To add a command:
 *   1. src/cli/cmd_<name>.c with `const struct wg_cmd wg_cmd_<name>` and its run function;
 *   2. its line in WG_COMMANDS below, in the order in which help lists it;
 *   3. its file in src/cli/meson.build;
 *   4. `make docs`, which writes docs/cli/<name>.md from -h, and a test in tests/cli/.
 * tests/cli/test_help.py fails until -h works without a model and docs/cli/<name>.md equals it.
 */
#ifndef WG_CLI_CLI_H
#define WG_CLI_CLI_H

#include "base/json.h"
#include "base/status.h"
#include "text/tokenizer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum wg_opt_kind {
    WG_OPT_FLAG,   /* bool: --name */
    WG_OPT_STRING, /* const char *: --name TEXT (borrowed from argv) */
    WG_OPT_INT,    /* int64_t, within [min, max] */
    WG_OPT_FLOAT,  /* double, within [min, max] */
};

struct wg_opt {
    const char *name; /* long name without "--", or NULL at the end of the list */
    char short_name;  /* or 0 */
    enum wg_opt_kind kind;
    const char *arg;  /* "N", "FILE": shown in help; NULL for a flag */
    const char *help; /* one sentence */
    size_t offset;    /* of the value in the command's options struct */
    double min, max;  /* for INT and FLOAT; both 0: no bound */
};

/* Options of every command. */
struct wg_global {
    bool json, offline, quiet;
    int threads; /* 0: as many as this process may use */
    FILE *out;   /* stdout */
};

struct wg_cmd {
    const char *name;
    const char *group;    /* heading in `weigh -h` */
    const char *synopsis; /* arguments after the name: "MODEL [-p TEXT]" */
    const char *help;     /* one line */
    const char *details;  /* paragraphs for -h, may be NULL */
    const struct wg_opt *opts;
    size_t opts_bytes;      /* size of the options struct, zeroed before run */
    const void *defaults;   /* initial options struct, or NULL for zeroes */
    int min_args, max_args; /* positional arguments; max_args < 0: no limit */
    /* Returns the status; *exit_code (0 at the call) may be set to 4 or 5 for a verdict. */
    enum wg_status (*run)(const struct wg_global *g, const void *opts, int argc, char **argv,
                          int *exit_code, struct wg_err *err);
};

/* X(name): declares wg_cmd_<name> and lists it. */
// clang-format off
#define WG_COMMANDS(X) \
    X(assess) \
    X(pull) \
    X(list) \
    X(show) \
    X(verify) \
    X(rm) \
    X(license) \
    X(openness) \
    X(fit) \
    X(cost) \
    X(run) \
    X(tokenize) \
    X(detokenize) \
    X(logits) \
    X(render) \
    X(convert) \
    X(quantize) \
    X(bench) \
    X(version)
// clang-format on

#define WG_CMD_DECLARE(name) extern const struct wg_cmd wg_cmd_##name;
WG_COMMANDS(WG_CMD_DECLARE)
#undef WG_CMD_DECLARE

/* Parses argv, runs the command and returns the exit code of the contract. */
int wg_cli_main(int argc, char **argv);

/* Writes a JSON document and a newline to g->out; steals doc (NULL is out of memory). */
enum wg_status wg_cli_json(const struct wg_global *g, json_t *doc, struct wg_err *err) WG_NODISCARD;

/* Threads to use: g->threads, else wg_cpu_count(). */
int wg_cli_threads(const struct wg_global *g);

/* Appends the ids of a list such as "1,2,3". */
enum wg_status wg_cli_ids(const char *list, struct wg_ids *out, struct wg_err *err) WG_NODISCARD;

/* SIGINT and SIGTERM set wg_interrupted() once; a second signal ends the process. Call again to
 * forget an interrupt that was handled. */
void wg_cli_arm_signals(void);

#endif
