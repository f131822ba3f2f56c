/* `weigh license`: what the package may be used for. */
#include "cli/cli.h"

#include "license/license.h"

#include <stddef.h>

struct options {
    const char *use;
};

static const struct wg_opt opts[] = {
    {"use", 0, WG_OPT_STRING, "FILE", "The intended use, for a verdict: USE.yaml.",
     offsetof(struct options, use), 0, 0},
    {0},
};

/* A quote on one line: white space folded, the rest as it is. */
static void print_quote(FILE *f, const char *quote)
{
    bool space = false;

    fputs("      \"", f);
    for (; *quote; quote++) {
        if (*quote == ' ' || *quote == '\n' || *quote == '\r' || *quote == '\t') {
            space = true;
            continue;
        }
        if (space)
            fputc(' ', f);
        space = false;
        fputc((unsigned char)*quote < 0x20 ? '?' : *quote, f);
    }
    fputs("\"\n", f);
}

static void print_place(FILE *f, const char *file, size_t line)
{
    if (file && line)
        fprintf(f, "  (%s:%zu)", file, line);
    else if (file)
        fprintf(f, "  (%s)", file);
    fputc('\n', f);
}

static void print_found(FILE *f, const struct wg_license_result *r)
{
    for (size_t i = 0; i < r->n_files; i++) {
        const struct wg_license_file *file = &r->files[i];
        fprintf(f, "%s: %s", file->path, wg_license_state_name(file->state));
        for (size_t k = 0; k < file->n_found; k++)
            fprintf(f, "%s %s, lines %zu to %zu", k ? ";" : "", file->found[k].ref->name,
                    file->found[k].first_line, file->found[k].last_line);
        fputc('\n', f);
        for (size_t k = 0; k < file->n_edits; k++) {
            const struct wg_license_edit *e = &file->edits[k];
            fprintf(f, "    line %zu: %zu words %s%s", e->line,
                    e->kind == WG_EDIT_DELETE ? e->words_known : e->words,
                    e->kind == WG_EDIT_DELETE   ? "missing"
                    : e->kind == WG_EDIT_INSERT ? "added"
                                                : "changed",
                    e->text[0] ? ":\n" : "\n");
            if (e->text[0])
                print_quote(f, e->text);
        }
    }
    if (r->label)
        fprintf(f, "label: %s (%s)%s\n", r->label, r->label_source,
                !r->mismatch_known ? ""
                : r->mismatch      ? ", not what the text is"
                                   : ", as the text");
    for (size_t i = 0; i < r->n_base_models; i++)
        fprintf(f, "made from: %s (%s)\n", r->base_models[i].id, r->base_models[i].source);
}

static void print_clauses(FILE *f, const struct wg_license_result *r)
{
    static const char *const states[] = {"", " [altered]", " [missing]"};

    if (r->n_clauses)
        fputs("\nclauses\n", f);
    for (size_t i = 0; i < r->n_clauses; i++) {
        const struct wg_license_clause *c = &r->clauses[i];
        fprintf(f, "  %s %s%s: %s", c->clause->topic, c->clause->clause, states[c->state],
                c->clause->value);
        print_place(f, c->file, c->line);
    }
}

static void print_verdict(FILE *f, const struct wg_license_result *r)
{
    if (r->n_reasons)
        fputs("\nreasons\n", f);
    for (size_t i = 0; i < r->n_reasons; i++) {
        const struct wg_license_reason *x = &r->reasons[i];
        fprintf(f, "  %-6s %s: %s", wg_verdict_name(x->verdict), x->topic, x->why);
        print_place(f, x->file, x->line);
        if (x->quote)
            print_quote(f, x->quote);
    }
    if (r->n_obligations)
        fputs("\nobligations\n", f);
    for (size_t i = 0; i < r->n_obligations; i++) {
        fprintf(f, "  %s", r->obligations[i].what);
        print_place(f, r->obligations[i].file, r->obligations[i].line);
        print_quote(f, r->obligations[i].quote);
    }
    if (r->verdict != WG_VERDICT_NONE)
        fprintf(f, "\nverdict: %s\n", wg_verdict_name(r->verdict));
    else
        fputs("\nno verdict: say what you intend with --use USE.yaml\n", f);
    fprintf(f, "%s\n", wg_license_disclaimer);
}

static enum wg_status run(const struct wg_global *g, const void *opts_, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = opts_;
    struct wg_use *use = NULL;
    struct wg_license_result *r = NULL;

    (void)argc;
    if (o->use)
        WG_TRY(wg_use_load(o->use, &use, err));
    enum wg_status st = wg_license_path(argv[0], use, &r, err);
    if (st == WG_OK) {
        *exit_code = wg_verdict_exit_code(r->verdict);
        if (g->json) {
            st = wg_cli_json(g, wg_license_json(r), err);
        } else {
            print_found(g->out, r);
            print_clauses(g->out, r);
            print_verdict(g->out, r);
        }
    }
    wg_license_free(r);
    wg_use_free(use);
    return st;
}

const struct wg_cmd wg_cmd_license = {
    .name = "license",
    .group = "decide",
    .synopsis = "PATH [--use USE.yaml]",
    .help = "Say which licence texts a package holds, and what they mean for your use.",
    .details =
        "PATH is a licence text, a card, a GGUF file, a folder, or a name in the store. A text is\n"
        "recognised word for word or not at all; edits and foreign text are quoted. A label is\n"
        "compared with the text, and never believed instead of it. With --use the answer is a\n"
        "verdict: exit status 0 go, 4 no-go, 5 review (a person has to look); without it there is\n"
        "none. docs/LICENSES.md says how it works and which texts are known.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
