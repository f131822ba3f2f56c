/* `weigh list`: what is in the store. */
#include "cli/cli.h"

#include "base/attr.h"
#include "base/fmt.h"
#include "base/mem.h"
#include "cli/store_json.h"

#include <string.h>

static enum wg_status print_json(const struct wg_global *g, const char *folder,
                                 struct wg_store_model **models, size_t n, struct wg_err *err)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, wg_store_model_json(models[i]));
    return wg_cli_json(
        g, json_pack("{s:o, s:o}", "store", wg_json_text(folder, strlen(folder)), "models", list),
        err);
}

static void print_table(FILE *f, struct wg_store_model **models, size_t n)
{
    char size[WG_FMT_BYTES], when[WG_WHEN_BYTES];
    int width = 4;

    for (size_t i = 0; i < n; i++)
        width = WG_MAX(width, (int)strlen(models[i]->name));
    fprintf(f, "%-*s  %10s  %5s  %-20s  %s\n", width, "NAME", "SIZE", "FILES", "PULLED", "FROM");
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%-*s  %10s  %5zu  %-20s  %s\n", width, models[i]->name,
                wg_fmt_bytes(size, wg_store_model_bytes(models[i])), models[i]->n_files,
                wg_when(when, models[i]->added_at), models[i]->ref);
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    struct wg_store *s = NULL;
    struct wg_store_model **models = NULL;
    char *folder = NULL;
    size_t n = 0;

    (void)options;
    (void)argc;
    (void)argv;
    (void)exit_code;
    WG_TRY(wg_store_home(&folder, err));
    enum wg_status st = wg_store_open(false, &s, err);
    if (st == WG_OK)
        st = wg_store_list(s, &models, &n, err);
    else if (st == WG_E_NOT_FOUND) /* no store yet is an empty one */
        st = WG_OK;
    if (st == WG_OK && g->json)
        st = print_json(g, folder, models, n, err);
    else if (st == WG_OK && n > 0)
        print_table(g->out, models, n);
    else if (st == WG_OK)
        fprintf(g->out, "The store is empty (%s). weigh pull REF fetches a model.\n", folder);
    wg_store_models_free(models, n);
    wg_store_close(s);
    wg_free(folder);
    return st;
}

const struct wg_cmd wg_cmd_list = {
    .name = "list",
    .group = "models",
    .synopsis = "",
    .help = "List the models in the store.",
    .run = run,
};
