/* `weigh convert`: a model as one GGUF file, with the numbers as they are. */
#include "cli/cli.h"

#include "cli/convert_out.h"
#include "package/package.h"

#include <stddef.h>

struct options {
    const char *out;
    bool no_tokenizer;
};

static const struct wg_opt opts[] = {
    {"out", 'o', WG_OPT_STRING, "F", "The GGUF file to write.", offsetof(struct options, out), 0,
     0},
    {"no-tokenizer", 0, WG_OPT_FLAG, NULL,
     "Write the file of a folder without tokenizer: for ids only.",
     offsetof(struct options, no_tokenizer), 0, 0},
    {0},
};

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct wg_convert_opts co = {
        .out = o->out, .no_tokenizer = o->no_tokenizer, .threads = wg_cli_threads(g)};
    struct wg_convert_result result;
    struct wg_pkg *pkg = NULL;

    (void)argc;
    (void)exit_code;
    if (!o->out)
        return wg_fail(err, WG_E_USAGE, "--out is needed: the GGUF file to write");
    WG_TRY(wg_pkg_open(argv[0], &pkg, err));
    enum wg_status st = wg_convert(pkg, &co, &result, err);
    if (st == WG_OK)
        st = wg_cli_converted(g, &co, &result, err);
    wg_pkg_close(pkg);
    return st;
}

const struct wg_cmd wg_cmd_convert = {
    .name = "convert",
    .group = "use",
    .synopsis = "MODEL --out F",
    .help = "Write a model as one GGUF file, with its numbers as they are.",
    .details = "MODEL is a folder in Hugging Face layout, or a GGUF file or split set, which is\n"
               "written as one file with all keys. Matrices keep their type, vectors and routers\n"
               "are F32. Tokenizer, chat template and licence of a folder go along.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
