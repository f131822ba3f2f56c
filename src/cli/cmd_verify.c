/* `weigh verify`: hash every file again and compare. */
#include "cli/cli.h"

#include "base/log.h"
#include "package/store.h"

#include <string.h>

static enum wg_status verify(const struct wg_global *g, const struct wg_store *s,
                             const struct wg_store_model *m, json_t *files, bool *ok,
                             struct wg_err *err)
{
    for (size_t i = 0; i < m->n_files; i++) {
        const struct wg_store_file *f = &m->files[i];
        const char *state = "";
        if (wg_interrupted())
            return wg_fail(err, WG_E_INTERRUPTED, "interrupted");
        WG_TRY(wg_store_check(s, f, &state, err));
        *ok &= strcmp(state, "ok") == 0;
        if (!g->json)
            fprintf(g->out, "%-8s %.12s  %s\n", state, f->sha256, f->path);
        json_array_append_new(files, json_pack("{s:o, s:s, s:s}", "path",
                                               wg_json_text(f->path, strlen(f->path)), "sha256",
                                               f->sha256, "state", state));
    }
    return WG_OK;
}

static enum wg_status report(const struct wg_global *g, const struct wg_store_model *m,
                             json_t *files, bool ok, int *exit_code, struct wg_err *err)
{
    *exit_code = ok ? 0 : 1;
    if (g->json)
        return wg_cli_json(
            g, json_pack("{s:s, s:b, s:O}", "name", m->name, "ok", ok, "files", files), err);
    if (ok)
        fprintf(g->out, "%s: all %zu files are as they were pulled\n", m->name, m->n_files);
    else
        fprintf(g->out, "%s: NOT as it was pulled; weigh pull %s fetches it again\n", m->name,
                m->ref);
    return WG_OK;
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    struct wg_store *s = NULL;
    struct wg_store_model *m = NULL;
    json_t *files = json_array();
    bool ok = true;

    (void)options;
    (void)argc;
    enum wg_status st = files ? wg_store_open(false, &s, err) : wg_oom(err, "a list of files");
    if (st == WG_OK)
        st = wg_store_find(s, argv[0], &m, err);
    if (st == WG_OK)
        st = verify(g, s, m, files, &ok, err);
    if (st == WG_OK)
        st = report(g, m, files, ok, exit_code, err);
    json_decref(files);
    wg_store_model_free(m);
    wg_store_close(s);
    return st;
}

const struct wg_cmd wg_cmd_verify = {
    .name = "verify",
    .group = "models",
    .synopsis = "NAME",
    .help = "Hash a model of the store again and compare with what was pulled.",
    .details = "Each file is ok, changed or missing; exit status 1 when one is not ok.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
