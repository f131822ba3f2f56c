/* `weigh rm`: forget a model and free its space. */
#include "cli/cli.h"

#include "base/fmt.h"
#include "package/store.h"

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    struct wg_store *s = NULL;
    char size[WG_FMT_BYTES];
    uint64_t freed = 0;

    (void)options;
    (void)argc;
    (void)exit_code;
    enum wg_status st = wg_store_open(false, &s, err);
    if (st == WG_OK) { /* known to exist: now for writing */
        wg_store_close(s);
        s = NULL;
        st = wg_store_open(true, &s, err);
    }
    if (st == WG_OK)
        st = wg_store_remove(s, argv[0], &freed, err);
    wg_store_close(s);
    WG_TRY(st);
    if (g->json)
        return wg_cli_json(
            g, json_pack("{s:s, s:I}", "removed", argv[0], "freed_bytes", (json_int_t)freed), err);
    fprintf(g->out, "removed %s, freed %s\n", argv[0], wg_fmt_bytes(size, freed));
    return WG_OK;
}

const struct wg_cmd wg_cmd_rm = {
    .name = "rm",
    .group = "models",
    .synopsis = "NAME",
    .help = "Remove a model from the store.",
    .details = "Files that another model shares stay. A model that is running keeps running.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
