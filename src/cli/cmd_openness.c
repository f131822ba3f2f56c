/* `weigh openness`: how open a package is, with the evidence. */
#include "cli/cli.h"

#include "license/openness.h"

static void print_result(FILE *f, const struct wg_openness_result *r)
{
    for (size_t i = 0; i < r->n_items; i++) {
        const struct wg_openness_item *x = &r->items[i];
        fprintf(f, "%-10s %s: %s\n", x->state, x->name, x->evidence);
    }
    fprintf(f, "\nModel Openness Framework: class %s; if the links hold: %s\nclass: %s\n%s\n",
            r->mof_class, r->mof_if_links_hold, wg_openness_class_name(r->class), r->why);
}

static enum wg_status run(const struct wg_global *g, const void *opts, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    struct wg_pkg *p = NULL;
    struct wg_license_result *license = NULL;
    struct wg_openness_result *r = NULL;

    (void)opts;
    (void)argc;
    (void)exit_code;
    WG_TRY(wg_pkg_open(argv[0], &p, err));
    enum wg_status st = wg_license_package(p, NULL, &license, err);
    if (st == WG_OK)
        st = wg_openness(p, license, &r, err);
    if (st == WG_OK && g->json)
        st = wg_cli_json(g, wg_openness_json(r), err);
    else if (st == WG_OK)
        print_result(g->out, r);
    wg_openness_free(r);
    wg_license_free(license);
    wg_pkg_close(p);
    return st;
}

const struct wg_cmd wg_cmd_openness = {
    .name = "openness",
    .group = "decide",
    .synopsis = "PATH",
    .help = "Say how open a package is, item by item, with the evidence.",
    .details =
        "PATH is a GGUF file, a folder, or a name in the store. Items are those of the Open "
        "Source\n"
        "AI Definition 1.0 (PROVEN, NOT_SHOWN, FAILS) and the components of the Model Openness\n"
        "Framework (PRESENT in the package, DECLARED by a link that is not followed, ABSENT). A\n"
        "program cannot prove that data information suffices, so \"OSI open source\" is never its\n"
        "answer alone.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
