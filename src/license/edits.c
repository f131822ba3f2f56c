/*
 * A text that is a known one with edits. A share of common word triples picks the candidate; then
 * every difference is listed, or, when there are too many, the text is another one: NONE.
 */
#include "license/work.h"

#include "base/mem.h"
#include "license/diff.h"
#include "license/limits.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_D = 400, CANDIDATE_PERCENT = 60, PART_PERCENT = 50, TEXT_MAX = 1 << 16 };

/* Hashes without enumerators, and where each is from. */
struct seq {
    uint64_t *hash;
    uint32_t *from;
    size_t n;
};

static void seq_release(struct seq *s)
{
    wg_free(s->hash);
    wg_free(s->from);
}

static enum wg_status seq_new(struct seq *s, size_t max, struct wg_err *err)
{
    s->n = 0;
    s->hash = wg_calloc(max, sizeof *s->hash);
    s->from = wg_calloc(max, sizeof *s->from);
    return s->hash && s->from ? WG_OK : wg_oom(err, "a comparison of licence texts");
}

static uint64_t triple(const uint64_t *h)
{
    return h[0] * 3 + (h[1] ^ h[1] >> 7) * 5 + (h[2] ^ h[2] >> 13) * 7;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Per cent of the triples of ref tokens [first, first + n) that are among the sorted ones. Texts of
 * one or two words have none and count as absent. */
static unsigned common(const struct wg_ref_text *ref, uint32_t first, uint32_t n,
                       const uint64_t *sorted, size_t n_sorted)
{
    uint64_t h[3] = {0};
    size_t have = 0, all = 0, hit = 0;

    for (uint32_t i = first; i < first + n; i++) {
        if (ref->tokens[i] & WG_REF_SOFT)
            continue;
        h[0] = h[1];
        h[1] = h[2];
        h[2] = ref->words[ref->tokens[i]];
        if (++have < 3)
            continue;
        uint64_t key = triple(h);
        all++;
        hit += bsearch(&key, sorted, n_sorted, sizeof key, by_value) != NULL;
    }
    return all ? (unsigned)(100 * hit / all) : 0;
}

/* All triples of the text, sorted. */
static uint64_t *triples_of(const struct seq *s, size_t *n)
{
    uint64_t *t = wg_calloc(s->n, sizeof *t);

    *n = s->n < 3 ? 0 : s->n - 2;
    for (size_t i = 0; t && i < *n; i++)
        t[i] = triple(s->hash + i);
    if (t && *n)
        qsort(t, *n, sizeof *t, by_value);
    return t;
}

/* The reference with the most words in common, less those that the text lacks; NULL when none has
 * its share. */
static const struct wg_ref_text *candidate(const uint64_t *sorted, size_t n)
{
    const struct wg_ref_text *best = NULL;
    int64_t best_score = 0;

    for (size_t i = 0; i < wg_ref_count(); i++) {
        const struct wg_ref_text *ref = wg_ref_at(i);
        int64_t words = 0, hits = 0; /* hits in hundredths of a word */
        for (size_t p = 0; p < ref->n_parts; p++) {
            const struct wg_ref_part *part = &ref->parts[p];
            if (part->optional || part->alternative || part->kind != WG_PART_TEXT)
                continue;
            hits += (int64_t)part->tokens * common(ref, part->first, part->tokens, sorted, n);
            words += part->tokens;
        }
        int64_t score = 2 * hits - 100 * words;
        if (hits >= words * CANDIDATE_PERCENT && score > best_score) {
            best_score = score;
            best = ref;
        }
    }
    return best;
}

/* Which of parts [part, next), alternatives of each other, the text has: the index, or next. */
static size_t choose(const struct wg_ref_text *ref, size_t part, size_t next,
                     const struct seq *text, const uint64_t *sorted, size_t n)
{
    size_t best = ref->parts[part].optional ? next : part;
    unsigned best_percent = PART_PERCENT;

    for (size_t i = part; i < next; i++) {
        const struct wg_ref_part *p = &ref->parts[i];
        unsigned percent = common(ref, p->first, p->tokens, sorted, n);
        if (p->tokens < 3) /* too short for triples: does any of its words stand there? */
            for (size_t k = 0; k < text->n && percent == 0; k++)
                percent = text->hash[k] == ref->words[ref->tokens[p->first] & ~WG_REF_SOFT] ? 60
                                                                                            : 0;
        if (percent > best_percent) {
            best_percent = percent;
            best = i;
        }
    }
    return best;
}

/* The reference as one sequence, with the optional parts that the text has. */
static void flatten(const struct wg_ref_text *ref, const struct seq *text, const uint64_t *sorted,
                    size_t n, struct seq *out)
{
    for (size_t part = 0, next; part < ref->n_parts; part = next) {
        const struct wg_ref_part *p = &ref->parts[part];
        for (next = part + 1; p->alternative && next < ref->n_parts &&
                              ref->parts[next].alternative == p->alternative;)
            next++;
        size_t chosen = p->kind != WG_PART_TEXT         ? next
                        : p->optional || p->alternative ? choose(ref, part, next, text, sorted, n)
                                                        : part;
        if (chosen == next)
            continue;
        p = &ref->parts[chosen];
        for (uint32_t i = p->first; i < p->first + p->tokens; i++)
            if (!(ref->tokens[i] & WG_REF_SOFT)) {
                out->hash[out->n] = ref->words[ref->tokens[i]];
                out->from[out->n++] = i;
            }
    }
}

static void text_seq(const struct wg_words *w, struct seq *out)
{
    for (size_t i = 0; i < w->n; i++)
        if (!(w->tokens[i].flags & WG_TOKEN_SOFT)) {
            out->hash[out->n] = w->tokens[i].hash;
            out->from[out->n++] = (uint32_t)i;
        }
}

static bool in_clause(const struct wg_ref_text *ref, uint32_t token)
{
    for (size_t i = 0; i < ref->n_clauses; i++) {
        const struct wg_clause *c = &ref->clauses[i];
        uint32_t first = ref->parts[c->part].first + c->first;
        if (token >= first && token < first + c->tokens)
            return true;
    }
    return false;
}

static bool is_sensitive(const struct wg_ref_text *ref, const struct seq *known,
                         const struct wg_license_text *t, const struct seq *text,
                         const struct wg_hunk *h)
{
    for (uint32_t i = h->a_first; i < h->a_end; i++)
        if (in_clause(ref, known->from[i]) || wg_match_is_term(known->hash[i]))
            return true;
    for (uint32_t i = h->b_first; i < h->b_end; i++) {
        const struct wg_token *token = &t->words.tokens[text->from[i]];
        if ((token->flags & (WG_TOKEN_NUMBER | WG_TOKEN_ADDRESS)) || wg_match_is_term(token->hash))
            return true;
    }
    return h->a_first > 0 && h->a_first < known->n && in_clause(ref, known->from[h->a_first]) &&
           in_clause(ref, known->from[h->a_first - 1]);
}

/* Words [first, end) are nothing but copyright statements? */
static bool is_copyright(const struct wg_words *w, size_t first, size_t end)
{
    size_t n = wg_match_copyright(w, first, true);

    for (size_t at = first; n > 0; n = wg_match_copyright(w, at, false)) {
        at += n;
        if (at >= end)
            return at == end;
    }
    return false;
}

/* What fills a hole of the reference is no edit. */
static bool fills_hole(const struct wg_ref_text *ref, const struct seq *known,
                       const struct wg_hunk *h, const struct seq *text, const struct wg_words *w)
{
    bool name = h->b_end - h->b_first <= WG_NAME_MAX_TOKENS;

    if (h->a_first != h->a_end || h->b_first == h->b_end)
        return false;
    for (uint32_t i = h->b_first; i < h->b_end; i++)
        name &= !wg_match_is_term(text->hash[i]);
    bool copyright = is_copyright(w, text->from[h->b_first], text->from[h->b_end - 1] + 1);
    for (size_t p = 0; p < ref->n_parts; p++) {
        uint32_t at = ref->parts[p].first;
        bool here = (h->a_first == 0 || known->from[h->a_first - 1] < at) &&
                    (h->a_first == known->n || known->from[h->a_first] >= at);
        if (here && ((ref->parts[p].kind == WG_PART_NAME && name) ||
                     (ref->parts[p].kind == WG_PART_COPYRIGHT && copyright)))
            return true;
    }
    return false;
}

static enum wg_status add_edit(struct wg_license_work *w, const struct wg_ref_text *ref,
                               const struct wg_license_text *t, const struct seq *known,
                               const struct seq *text, const struct wg_hunk *h,
                               struct wg_license_file *f)
{
    struct wg_license_edit *all = wg_license_grow(&w->r->arena, f->edits, &f->n_edits, sizeof *all);
    bool none = h->b_first == h->b_end;
    uint32_t place = WG_MIN(h->b_first, (uint32_t)text->n - 1);

    if (!all)
        return wg_oom(w->err, "an examined licence text");
    f->edits = all;
    struct wg_license_edit *e = &all[f->n_edits - 1];
    e->kind = none ? WG_EDIT_DELETE : h->a_first == h->a_end ? WG_EDIT_INSERT : WG_EDIT_REPLACE;
    e->line = t->words.tokens[text->from[place]].line;
    e->words = h->b_end - h->b_first;
    e->words_known = h->a_end - h->a_first;
    e->sensitive = is_sensitive(ref, known, t, text, h);
    e->text = none ? ""
                   : wg_license_quote(&w->r->arena, t, text->from[h->b_first],
                                      text->from[h->b_end - 1] + 1);
    return e->text ? WG_OK : wg_oom(w->err, "an examined licence text");
}

static enum wg_status compare(struct wg_license_work *w, const struct wg_ref_text *ref,
                              const struct wg_license_text *t, const struct seq *known,
                              const struct seq *text, struct wg_license_file *f,
                              const struct wg_ref_text **out)
{
    struct wg_hunk hunks[WG_LICENSE_MAX_EDITS];
    size_t n;
    bool same;

    WG_TRY(wg_diff(known->hash, known->n, text->hash, text->n, MAX_D, hunks, WG_COUNT(hunks), &n,
                   &same, w->err));
    if (!same || text->n == 0)
        return WG_OK;
    for (size_t i = 0; i < n; i++)
        if (!fills_hole(ref, known, &hunks[i], text, &t->words))
            WG_TRY(add_edit(w, ref, t, known, text, &hunks[i], f));
    struct wg_license_found *found =
        wg_license_grow(&w->r->arena, f->found, &f->n_found, sizeof *found);
    if (!found)
        return wg_oom(w->err, "an examined licence text");
    f->found = found;
    found[f->n_found - 1] =
        (struct wg_license_found){.ref = ref,
                                  .first_line = t->words.tokens[0].line,
                                  .last_line = t->words.tokens[t->words.n - 1].line};
    f->state = WG_LICENSE_EDITED;
    *out = ref;
    return WG_OK;
}

/* Hard words of the text on the line of word `a` and right beside it, at word `b`? */
static bool beside(const struct wg_words *w, size_t a, size_t b)
{
    return w->tokens[a].line == w->tokens[b].line && !(w->tokens[b].flags & WG_TOKEN_SOFT);
}

enum wg_status wg_license_runs_on(struct wg_license_work *w, const struct wg_license_text *t,
                                  const struct wg_match *m, bool *out)
{
    const struct wg_words *words = &t->words;
    struct seq text = {0};
    size_t n = 0;

    *out = (m->first > 0 && beside(words, m->first, m->first - 1)) ||
           (m->end < words->n && beside(words, m->end - 1, m->end));
    if (*out || words->n > TEXT_MAX)
        return WG_OK;
    enum wg_status st = seq_new(&text, words->n, w->err);
    if (st == WG_OK) {
        text_seq(words, &text);
        uint64_t *sorted = triples_of(&text, &n);
        for (size_t p = 0; sorted && p < m->ref->n_parts; p++) {
            const struct wg_ref_part *part = &m->ref->parts[p];
            *out |= part->kind == WG_PART_TEXT && part->optional && !part->alternative &&
                    m->part[p].end == 0 &&
                    common(m->ref, part->first, part->tokens, sorted, n) >= PART_PERCENT;
        }
        st = sorted ? WG_OK : wg_oom(w->err, "a comparison of licence texts");
        wg_free(sorted);
    }
    seq_release(&text);
    return st;
}

enum wg_status wg_license_find_edits(struct wg_license_work *w, const struct wg_license_text *t,
                                     struct wg_license_file *f, const struct wg_ref_text **out)
{
    struct seq text = {0}, known = {0};
    uint64_t *sorted = NULL;
    size_t n = 0;

    *out = NULL;
    if (t->words.n > TEXT_MAX)
        return WG_OK;
    enum wg_status st = seq_new(&text, t->words.n, w->err);
    if (st == WG_OK) {
        text_seq(&t->words, &text);
        sorted = triples_of(&text, &n);
        st = sorted ? WG_OK : wg_oom(w->err, "a comparison of licence texts");
    }
    const struct wg_ref_text *ref = st == WG_OK ? candidate(sorted, n) : NULL;
    if (ref) {
        st = seq_new(&known, ref->n_tokens, w->err);
        if (st == WG_OK) {
            flatten(ref, &text, sorted, n, &known);
            st = compare(w, ref, t, &known, &text, f, out);
        }
    }
    wg_free(sorted);
    seq_release(&text);
    seq_release(&known);
    return st;
}
