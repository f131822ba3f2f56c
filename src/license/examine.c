/* One text: which known texts are in it, what else is, and where the clauses stand. */
#include "license/work.h"

#include "base/hash.h"
#include "license/limits.h"

#include <string.h>

struct finds {
    struct wg_match m[WG_LICENSE_MAX_FOUND];
    size_t n;
};

/* Two references never share words; where two matches overlap the longer one is the text. */
static void add_match(struct finds *f, const struct wg_match *m)
{
    for (size_t i = 0; i < f->n; i++) {
        struct wg_match *o = &f->m[i];
        if (m->first >= o->end || o->first >= m->end)
            continue;
        if (m->end - m->first > o->end - o->first)
            *o = *m;
        return;
    }
    if (f->n < WG_LICENSE_MAX_FOUND)
        f->m[f->n++] = *m;
}

static void sort_matches(struct finds *f)
{
    for (size_t i = 1; i < f->n; i++)
        for (size_t k = i; k > 0 && f->m[k].first < f->m[k - 1].first; k--) {
            struct wg_match t = f->m[k];
            f->m[k] = f->m[k - 1];
            f->m[k - 1] = t;
        }
}

static void find_all(const struct wg_words *w, struct finds *f)
{
    for (size_t i = 0; i < wg_ref_count(); i++) {
        struct wg_match m;
        size_t from = 0;
        while (f->n < WG_LICENSE_MAX_FOUND && wg_match_find(wg_ref_at(i), w, from, &m)) {
            add_match(f, &m);
            from = m.end;
        }
    }
    sort_matches(f);
}

/* Words [first, end) stand outside every known text: quoted as an insertion. Enumerators alone say
 * nothing. */
static enum wg_status add_foreign(struct wg_license_work *w, const struct wg_license_text *t,
                                  struct wg_license_file *f, size_t first, size_t end)
{
    size_t hard = 0;

    for (size_t i = first; i < end; i++)
        hard += !(t->words.tokens[i].flags & WG_TOKEN_SOFT);
    if (hard == 0)
        return WG_OK;
    f->flags |= WG_LICENSE_ADDITIONAL_TERMS;
    struct wg_license_edit *edits =
        wg_license_grow(&w->r->arena, f->edits, &f->n_edits, sizeof *edits);
    if (!edits)
        return wg_oom(w->err, "an examined licence text");
    f->edits = edits;
    edits[f->n_edits - 1] = (struct wg_license_edit){
        .kind = WG_EDIT_INSERT,
        .line = t->words.tokens[first].line,
        .text = wg_license_quote(&w->r->arena, t, first, end),
        .words = end - first,
        .sensitive = true,
    };
    return edits[f->n_edits - 1].text ? WG_OK : wg_oom(w->err, "an examined licence text");
}

static enum wg_status add_found(struct wg_license_work *w, const struct wg_license_text *t,
                                struct wg_license_file *f, const struct finds *finds)
{
    size_t at = 0;

    for (size_t i = 0; i < finds->n; i++) {
        const struct wg_match *m = &finds->m[i];
        struct wg_license_found *found =
            wg_license_grow(&w->r->arena, f->found, &f->n_found, sizeof *found);
        if (!found)
            return wg_oom(w->err, "an examined licence text");
        f->found = found;
        found[f->n_found - 1] =
            (struct wg_license_found){.ref = m->ref,
                                      .first_line = t->words.tokens[m->first].line,
                                      .last_line = t->words.tokens[m->end - 1].line};
        WG_TRY(add_foreign(w, t, f, at, m->first));
        at = m->end;
    }
    return add_foreign(w, t, f, at, t->words.n);
}

/* Appends the clauses of ref: intact where their words stand in [first, end) of the text. */
static enum wg_status add_clauses(struct wg_license_work *w, const struct wg_license_text *t,
                                  const struct wg_ref_text *ref, size_t first, size_t end)
{
    for (size_t i = 0; i < ref->n_clauses; i++) {
        const struct wg_clause *c = &ref->clauses[i];
        struct wg_license_clause *all =
            wg_license_grow(&w->r->arena, w->r->clauses, &w->r->n_clauses, sizeof *all);
        size_t at, stop;
        if (!all)
            return wg_oom(w->err, "the clauses of a licence text");
        w->r->clauses = all;
        struct wg_license_clause *out = &all[w->r->n_clauses - 1];
        *out = (struct wg_license_clause){
            .ref = ref, .clause = c, .state = WG_CLAUSE_ALTERED, .file = t->path};
        uint32_t anchor = ref->parts[c->part].first + c->first;
        if (!wg_match_range(ref, anchor, c->tokens, &t->words, first, &at, &stop) || stop > end)
            continue;
        out->state = WG_CLAUSE_INTACT;
        out->line = t->words.tokens[at].line;
        out->quote = wg_license_quote(&w->r->arena, t, at, stop);
        if (!out->quote)
            return wg_oom(w->err, "the clauses of a licence text");
    }
    return WG_OK;
}

static bool known_bytes(const struct wg_ref_text *ref, const char *sha256)
{
    for (size_t i = 0; i < ref->n_sha256; i++)
        if (strcmp(ref->sha256[i], sha256) == 0)
            return true;
    return false;
}

static enum wg_license_state state_of(const struct wg_license_file *f)
{
    if (f->n_found == 0)
        return WG_LICENSE_NONE;
    for (size_t i = 1; i < f->n_found; i++)
        if (f->found[i].ref != f->found[0].ref)
            return WG_LICENSE_MULTI;
    if (f->n_found == 1 && known_bytes(f->found[0].ref, f->sha256))
        return WG_LICENSE_EXACT_BYTES;
    return f->n_edits || f->n_found > 1 ? WG_LICENSE_EXACT_IN_FILE : WG_LICENSE_EXACT_TEXT;
}

enum wg_status wg_license_examine(struct wg_license_work *w, const struct wg_license_text *t,
                                  struct wg_license_file *f)
{
    struct finds finds = {.n = 0};
    const struct wg_ref_text *edited = NULL;
    char hex[WG_SHA256_HEX];

    wg_sha256_hex(t->p, t->n, hex);
    f->sha256 = wg_arena_strndup(&w->r->arena, hex, sizeof hex - 1);
    if (!f->sha256)
        return wg_oom(w->err, "an examined licence text");
    find_all(&t->words, &finds);
    if (t->words.suspicious) {
        f->flags |= WG_LICENSE_SUSPICIOUS_CHARACTERS;
        f->suspicious_line = t->words.suspicious_line;
    }
    f->state = WG_LICENSE_NONE;
    bool runs_on = finds.n == 0;
    if (finds.n == 1)
        WG_TRY(wg_license_runs_on(w, t, &finds.m[0], &runs_on));
    if (runs_on)
        WG_TRY(wg_license_find_edits(w, t, f, &edited));
    if (edited || finds.n == 0)
        return edited ? add_clauses(w, t, edited, 0, t->words.n) : WG_OK;
    WG_TRY(add_found(w, t, f, &finds));
    f->state = state_of(f);
    for (size_t i = 0; i < finds.n; i++)
        WG_TRY(add_clauses(w, t, finds.m[i].ref, finds.m[i].first, finds.m[i].end));
    return WG_OK;
}
