/* What the texts in the package say, and how open it is: the results of src/license, told. */
#include "report/build.h"

#include <stdio.h>
#include <string.h>

static const char *state_in_words(enum wg_license_state s)
{
    switch (s) {
    case WG_LICENSE_EXACT_BYTES:
        return "a known text, byte for byte";
    case WG_LICENSE_EXACT_TEXT:
        return "a known text, word for word";
    case WG_LICENSE_EXACT_IN_FILE:
        return "a known text, and other text around it";
    case WG_LICENSE_EDITED:
        return "close to a known text, with edits";
    case WG_LICENSE_MULTI:
        return "more than one known text";
    case WG_LICENSE_NONE:
        return "no text that is known here";
    default:
        return wg_license_state_name(s);
    }
}

static void add_texts(struct wg_build *b, json_t *section)
{
    const struct wg_license_result *r = b->s->license;

    for (size_t i = 0; i < r->n_files; i++) {
        const struct wg_license_file *f = &r->files[i];
        const struct wg_license_found *found = f->n_found ? &f->found[0] : NULL;
        json_t *p = wg_build_point(b, section, "Texts", f->path, found ? found->ref->id : "unknown",
                                   WG_VERDICT_NONE);
        if (found)
            wg_build_textf(b, p, "note", "%s (%s), lines %zu to %zu", state_in_words(f->state),
                           wg_license_state_name(f->state), found->first_line, found->last_line);
        else
            wg_build_textf(b, p, "note", "%s (%s)", state_in_words(f->state),
                           wg_license_state_name(f->state));
        wg_build_evidence(b, p,
                          &(struct wg_evidence){.file = f->path,
                                                .sha256 = f->sha256,
                                                .line = found ? found->first_line : 0});
    }
    if (r->label) {
        json_t *p = wg_build_point(b, section, "Texts", "What the package calls its licence",
                                   r->label, WG_VERDICT_NONE);
        wg_build_evidence(b, p,
                          &(struct wg_evidence){.file = r->label_source,
                                                .sha256 = wg_build_hash_of(b, r->label_source)});
    }
}

static void add_reasons(struct wg_build *b, json_t *section)
{
    const struct wg_license_result *r = b->s->license;

    for (size_t i = 0; i < r->n_reasons; i++) {
        const struct wg_license_reason *x = &r->reasons[i];
        json_t *p = wg_build_point(b, section, "Reasons", x->why, NULL, x->verdict);
        if (x->file)
            wg_build_evidence(b, p,
                              &(struct wg_evidence){.file = x->file,
                                                    .sha256 = wg_build_hash_of(b, x->file),
                                                    .line = x->line,
                                                    .quote = x->quote});
    }
    for (size_t i = 0; i < r->n_obligations; i++) {
        const struct wg_license_obligation *x = &r->obligations[i];
        json_t *p = wg_build_point(b, section, "What you must do", x->what, NULL, WG_VERDICT_NONE);
        wg_build_evidence(b, p,
                          &(struct wg_evidence){.file = x->file,
                                                .sha256 = wg_build_hash_of(b, x->file),
                                                .line = x->line,
                                                .quote = x->quote});
    }
}

static void add_clauses(struct wg_build *b, json_t *section)
{
    static const char *const states[] = {[WG_CLAUSE_INTACT] = "intact",
                                         [WG_CLAUSE_ALTERED] = "altered",
                                         [WG_CLAUSE_MISSING] = "missing"};
    static const char *const columns[] = {"Topic", "What it says", "Clause",
                                          "State", "Where",        NULL};
    const struct wg_license_result *r = b->s->license;

    if (r->n_clauses == 0)
        return;
    json_t *t = wg_build_table(b, section, "Clauses that are known", columns);
    for (size_t i = 0; i < r->n_clauses; i++) {
        const struct wg_license_clause *c = &r->clauses[i];
        char where[256] = "", topic[64];
        if (c->line)
            snprintf(where, sizeof where, "%.200s:%zu", c->file, c->line);
        snprintf(topic, sizeof topic, "%s", c->clause->topic);
        for (char *x = topic; *x; x++)
            *x = *x == '_' ? ' ' : *x;
        const char *says = c->clause->value ? c->clause->value : c->clause->what;
        wg_build_row(
            b, t,
            (const char *[]){topic, says ? says : "", c->clause->clause, states[c->state], where},
            5);
    }
}

/* What follows the rule's sentence: the licence for a go, else the first reason of the verdict. */
static const char *say_more(const struct wg_license_result *r, char *out, size_t size)
{
    size_t same = 0;
    const char *first = NULL;

    if (r->verdict == WG_VERDICT_GO) {
        for (size_t i = 0; i < r->n_files && !first; i++)
            first = r->files[i].n_found ? r->files[i].found[0].ref->name : NULL;
        snprintf(out, size, "It is the %.200s.", first ? first : "");
        return first ? out : NULL;
    }
    for (size_t i = 0; i < r->n_reasons; i++) {
        if (r->reasons[i].verdict != r->verdict)
            continue;
        first = first ? first : r->reasons[i].why;
        same++;
    }
    if (!first)
        return NULL;
    if (same == 1)
        snprintf(out, size, "It is: %.600s.", first);
    else
        snprintf(out, size, "%zu reasons, the first: %.600s.", same, first);
    return out;
}

void wg_section_license(struct wg_build *b)
{
    const struct wg_license_result *r = b->s->license;
    char more[768];
    enum wg_rule_id rule = r->verdict == WG_VERDICT_GO      ? WG_RULE_LICENSE_ALLOWED
                           : r->verdict == WG_VERDICT_NO_GO ? WG_RULE_LICENSE_FORBIDDEN
                                                            : WG_RULE_LICENSE_PERSON;
    json_t *section = wg_build_section(b, rule, "assessed", say_more(r, more, sizeof more));

    add_reasons(b, section);
    add_texts(b, section);
    add_clauses(b, section);
}

static const char *item_in_words(const char *state)
{
    static const char *const words[][2] = {{"PROVEN", "proven"},        {"NOT_SHOWN", "not shown"},
                                           {"FAILS", "fails"},          {"PRESENT", "present"},
                                           {"DECLARED", "only linked"}, {"ABSENT", "absent"}};

    for (size_t i = 0; i < WG_COUNT(words); i++)
        if (strcmp(state, words[i][0]) == 0)
            return words[i][1];
    return state;
}

/* Items whose id begins with `kind`; absent components are told together. */
static void add_items(struct wg_build *b, json_t *section, const char *group, const char *kind)
{
    const struct wg_openness_result *r = b->s->openness;

    for (size_t i = 0; i < r->n_items; i++) {
        const struct wg_openness_item *x = &r->items[i];
        if (strncmp(x->id, kind, strlen(kind)) != 0 || strcmp(x->state, "ABSENT") == 0)
            continue;
        json_t *p =
            wg_build_point(b, section, group, x->name, item_in_words(x->state), WG_VERDICT_NONE);
        wg_build_text(b, p, "note", x->evidence);
        if (x->path)
            wg_build_evidence(
                b, p,
                &(struct wg_evidence){.file = x->path, .sha256 = wg_build_hash_of(b, x->path)});
    }
}

static void add_absent(struct wg_build *b, json_t *section)
{
    const struct wg_openness_result *r = b->s->openness;
    struct wg_buf names;

    wg_buf_init(&names, 4096);
    for (size_t i = 0; i < r->n_items; i++) {
        if (strcmp(r->items[i].state, "ABSENT") != 0)
            continue;
        wg_buf_adds(&names, names.len ? ", " : "");
        wg_buf_adds(&names, r->items[i].name);
    }
    if (names.len) {
        json_t *p = wg_build_point(b, section, "Components of the Model Openness Framework",
                                   "neither in the package nor linked", "absent", WG_VERDICT_NONE);
        wg_build_text(b, p, "note", names.p);
    }
    b->failed = b->failed || names.failed;
    wg_buf_release(&names);
}

void wg_section_openness(struct wg_build *b)
{
    const struct wg_openness_result *r = b->s->openness;
    char more[512];

    snprintf(more, sizeof more, "Class: %s; %.400s.", wg_openness_class_name(r->class), r->why);
    json_t *section = wg_build_section(
        b, r->class == WG_OPEN_UNKNOWN ? WG_RULE_OPENNESS_UNKNOWN : WG_RULE_OPENNESS_STATED,
        "assessed", more);
    wg_build_point(b, section, "Class", "Openness class", wg_openness_class_name(r->class),
                   WG_VERDICT_NONE);
    wg_build_point(b, section, "Class", "Model Openness Framework, from what is in the package",
                   r->mof_class, WG_VERDICT_NONE);
    wg_build_point(b, section, "Class", "The same if everything linked holds", r->mof_if_links_hold,
                   WG_VERDICT_NONE);
    add_items(b, section, "Open Source AI Definition 1.0", "osaid");
    add_items(b, section, "Components of the Model Openness Framework", "mof");
    add_absent(b, section);
}
