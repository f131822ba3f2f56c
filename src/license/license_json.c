/* The document of `weigh license --json`; its fields are promised in docs/LICENSES.md. */
#include "license/license.h"

#include <string.h>

const char *wg_license_state_name(enum wg_license_state s)
{
    static const char *const names[] = {
#define WG_LICENSE_STATE_NAME(e) #e,
        WG_LICENSE_STATES(WG_LICENSE_STATE_NAME)
#undef WG_LICENSE_STATE_NAME
    };

    return (unsigned)s < WG_COUNT(names) ? names[s] : "NONE";
}

static json_t *text(const char *s)
{
    return s ? wg_json_text(s, strlen(s)) : json_null();
}

static json_t *line_or_null(size_t line)
{
    return line ? json_integer((json_int_t)line) : json_null();
}

static json_t *flags_json(unsigned flags)
{
    static const char *const names[] = {"SUSPICIOUS_CHARACTERS", "VERSION_CONFLICT",
                                        "ADDITIONAL_TERMS"};
    json_t *list = json_array();

    for (size_t i = 0; i < WG_COUNT(names); i++)
        if (flags & 1u << i)
            json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *edits_json(const struct wg_license_file *f)
{
    static const char *const kinds[] = {"insert", "delete", "replace"};
    json_t *list = json_array();

    for (size_t i = 0; i < f->n_edits; i++) {
        const struct wg_license_edit *e = &f->edits[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:o, s:b, s:I, s:I}", "kind", kinds[e->kind],
                                        "line", (json_int_t)e->line, "text", text(e->text),
                                        "sensitive", e->sensitive, "words", (json_int_t)e->words,
                                        "words_known", (json_int_t)e->words_known));
    }
    return list;
}

static json_t *files_json(const struct wg_license_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_files; i++) {
        const struct wg_license_file *f = &r->files[i];
        json_t *found = json_array();
        for (size_t k = 0; k < f->n_found; k++)
            json_array_append_new(
                found,
                json_pack("{s:s, s:s, s:s, s:[I, I]}", "id", f->found[k].ref->id, "spdx",
                          f->found[k].ref->spdx, "name", f->found[k].ref->name, "lines",
                          (json_int_t)f->found[k].first_line, (json_int_t)f->found[k].last_line));
        json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o}", "path",
                                              text(f->path), "role", wg_role_name(f->role), "state",
                                              wg_license_state_name(f->state), "sha256", f->sha256,
                                              "licenses", found, "edits", edits_json(f), "flags",
                                              flags_json(f->flags)));
    }
    return list;
}

static json_t *links_json(const struct wg_license_link *links, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:o, s:o}", "id", text(links[i].id), "source",
                                              text(links[i].source)));
    return list;
}

static json_t *clauses_json(const struct wg_license_result *r)
{
    static const char *const states[] = {"intact", "altered", "missing"};
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_clauses; i++) {
        const struct wg_license_clause *c = &r->clauses[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "license",
                                              c->ref->id, "topic", c->clause->topic, "clause",
                                              c->clause->clause, "state", states[c->state], "file",
                                              text(c->file), "line", line_or_null(c->line), "quote",
                                              text(c->quote), "value", c->clause->value));
    }
    return list;
}

static json_t *reasons_json(const struct wg_license_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_reasons; i++) {
        const struct wg_license_reason *x = &r->reasons[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "topic", x->topic,
                                              "verdict", wg_verdict_name(x->verdict), "why",
                                              text(x->why), "file", text(x->file), "line",
                                              line_or_null(x->line), "quote", text(x->quote)));
    }
    return list;
}

static json_t *obligations_json(const struct wg_license_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_obligations; i++) {
        const struct wg_license_obligation *o = &r->obligations[i];
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "what", o->what, "file",
                                              text(o->file), "line", line_or_null(o->line), "quote",
                                              text(o->quote)));
    }
    return list;
}

json_t *wg_license_json(const struct wg_license_result *r)
{
    json_t *label =
        r->label ? json_pack("{s:o, s:o}", "value", text(r->label), "source", text(r->label_source))
                 : json_null();

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:o, s:s}", "files", files_json(r),
                     "label", label, "mismatch",
                     r->mismatch_known ? json_boolean(r->mismatch) : json_null(), "base_models",
                     links_json(r->base_models, r->n_base_models), "datasets",
                     links_json(r->datasets, r->n_datasets), "clauses", clauses_json(r), "verdict",
                     wg_verdict_name(r->verdict), "reasons", reasons_json(r), "obligations",
                     obligations_json(r), "note", wg_license_disclaimer);
}
