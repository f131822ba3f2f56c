#include "license/match.h"

#include "license/limits.h"

#include <string.h>

#define NO_MATCH SIZE_MAX

enum { LEAD = 448 }; /* words that title and copyright holes may take before the first sure word */

struct matcher {
    const struct wg_ref *ref;
    const struct wg_words *w;
    struct wg_match *m;
    size_t start;
};

static uint64_t ref_hash(const struct wg_ref *ref, uint32_t i)
{
    return ref->words[ref->tokens[i] & ~WG_REF_SOFT];
}

static bool ref_soft(const struct wg_ref *ref, uint32_t i)
{
    return (ref->tokens[i] & WG_REF_SOFT) != 0;
}

static bool soft(const struct wg_words *w, size_t i)
{
    return (w->tokens[i].flags & WG_TOKEN_SOFT) != 0;
}

/* End of the reference range [first, first + n) laid at word `pos`, or NO_MATCH. */
static size_t lay(const struct wg_ref *ref, uint32_t first, uint32_t n, const struct wg_words *w,
                  size_t pos)
{
    uint32_t i = first, end = first + n;

    while (i < end) {
        if (pos < w->n && ref_hash(ref, i) == w->tokens[pos].hash) {
            i++;
            pos++;
            continue;
        }
        bool theirs = pos < w->n && soft(w, pos);
        if (ref_soft(ref, i) && !theirs)
            i++;
        else if (!ref_soft(ref, i) && theirs)
            pos++;
        else
            return NO_MATCH;
    }
    return pos;
}

bool wg_match_range(const struct wg_ref *ref, uint32_t first, uint32_t n, const struct wg_words *w,
                    size_t from, size_t *at, size_t *end)
{
    for (size_t i = from; n > 0 && i < w->n; i++) {
        if (w->tokens[i].hash != ref_hash(ref, first))
            continue;
        size_t e = lay(ref, first, n, w, i);
        if (e != NO_MATCH) {
            *at = i;
            *end = e;
            return true;
        }
    }
    return false;
}

static bool word_is(const struct wg_words *w, size_t i, const char *word)
{
    const struct wg_token *t = &w->tokens[i];

    return t->hash == wg_word_hash(word, strlen(word));
}

/* Words that a name or a copyright statement does not have, and a term would. */
bool wg_match_is_term(uint64_t hash)
{
    static const char *const terms[] = {
        "license",     "licensed",     "licenses",    "licence",   "licensing",  "permission",
        "permitted",   "permits",      "prohibited",  "forbidden", "may",        "must",
        "shall",       "will",         "can",         "cannot",    "not",        "no",
        "non",         "only",         "except",      "unless",    "without",    "provided",
        "subject",     "terms",        "conditions",  "condition", "agreement",  "agree",
        "use",         "used",         "using",       "uses",      "commercial", "noncommercial",
        "academic",    "evaluation",   "educational", "purpose",   "purposes",   "redistribution",
        "distribute",  "modify",       "copies",      "grant",     "granted",    "restricted",
        "restriction", "confidential", "proprietary", "fee",       "royalty",    "warranty",
        "liability",   "patent",       "patents",     "prior",     "written",    "hereby",
    };

    for (size_t k = 0; k < WG_COUNT(terms); k++)
        if (hash == wg_word_hash(terms[k], strlen(terms[k])))
            return true;
    return false;
}

static bool is_term(const struct wg_words *w, size_t i)
{
    return wg_match_is_term(w->tokens[i].hash);
}

/* Words of a copyright statement that begins at pos; 0 when none does. "All rights reserved" is a
 * statement too. */
static size_t statement(const struct wg_words *w, size_t pos)
{
    size_t n = 0;

    if (pos + 2 < w->n && word_is(w, pos, "all") && word_is(w, pos + 1, "rights") &&
        word_is(w, pos + 2, "reserved"))
        return 3;
    if (pos < w->n && word_is(w, pos, "portions"))
        n++;
    if (pos + n >= w->n ||
        !(word_is(w, pos + n, "copyright") || word_is(w, pos + n, "copyrights") ||
          (word_is(w, pos + n, "c") && soft(w, pos + n))))
        return 0;
    while (pos + n < w->n && n < WG_COPYRIGHT_MAX_STATEMENT && !is_term(w, pos + n))
        n++;
    return n;
}

static bool starts_line(const struct wg_words *w, size_t pos)
{
    return pos == 0 || w->tokens[pos - 1].line != w->tokens[pos].line;
}

size_t wg_match_copyright(const struct wg_words *w, size_t at, bool line_start)
{
    return line_start && !starts_line(w, at) ? 0 : statement(w, at);
}

static size_t match_parts(struct matcher *x, size_t part, size_t pos);

/* After a hole that could take words up to `longest`: the longest take that lets the rest match. */
static size_t match_after_hole(struct matcher *x, size_t part, size_t pos, size_t shortest,
                               size_t longest)
{
    for (size_t n = longest;; n--) {
        x->m->part[part].first = n ? (uint32_t)pos : 0;
        x->m->part[part].end = n ? (uint32_t)(pos + n) : 0;
        size_t end = match_parts(x, part + 1, pos + n);
        if (end != NO_MATCH)
            return end;
        if (n <= shortest)
            return NO_MATCH;
    }
}

static size_t match_copyright(struct matcher *x, size_t part, size_t pos)
{
    size_t longest = 0;

    /* Foreign prose that happens to end in "copyright" is no statement: one begins its line, or
     * stands right after a part that matched. */
    if (pos < x->w->n && (pos != x->start || starts_line(x->w, pos)))
        for (size_t n; longest < WG_COPYRIGHT_MAX_TOKENS; longest += n)
            if ((n = statement(x->w, pos + longest)) == 0)
                break;
    return match_after_hole(x, part, pos, 0, longest);
}

static size_t match_name(struct matcher *x, size_t part, size_t pos)
{
    size_t longest = 0;

    while (pos + longest < x->w->n && longest < WG_NAME_MAX_TOKENS && !is_term(x->w, pos + longest))
        longest++;
    return longest ? match_after_hole(x, part, pos, 1, longest) : NO_MATCH;
}

static size_t match_text(struct matcher *x, size_t part, size_t next, size_t pos)
{
    const struct wg_ref_part *p = &x->ref->parts[part];
    size_t end = lay(x->ref, p->first, p->tokens, x->w, pos);

    if (end == NO_MATCH)
        return NO_MATCH;
    size_t all = match_parts(x, next, end);
    if (all != NO_MATCH) {
        x->m->part[part].first = (uint32_t)pos;
        x->m->part[part].end = (uint32_t)end;
    }
    return all;
}

/* Matches parts from `part` on at word `pos`; the end of the match, or NO_MATCH. The depth is the
 * number of parts. */
static size_t match_parts(struct matcher *x, size_t part, size_t pos)
{
    const struct wg_ref_part *p = &x->ref->parts[part];
    size_t next = part + 1, end;

    if (part == x->ref->n_parts)
        return pos;
    if (p->kind == WG_PART_COPYRIGHT)
        return match_copyright(x, part, pos);
    if (p->kind == WG_PART_NAME)
        return match_name(x, part, pos);
    while (p->alternative && next < x->ref->n_parts &&
           x->ref->parts[next].alternative == p->alternative)
        next++;
    for (size_t k = part; k < next; k++)
        if ((end = match_text(x, k, next, pos)) != NO_MATCH)
            return end;
    return p->optional ? match_parts(x, next, pos) : NO_MATCH;
}

/* The first words that every copy of the text has: where a search looks. */
static const struct wg_ref_part *sure_part(const struct wg_ref *ref)
{
    for (size_t i = 0; i < ref->n_parts; i++) {
        const struct wg_ref_part *p = &ref->parts[i];
        if (p->kind == WG_PART_TEXT && !p->optional && !p->alternative && p->tokens >= 2)
            return p;
    }
    return NULL;
}

bool wg_match_find(const struct wg_ref *ref, const struct wg_words *w, size_t from,
                   struct wg_match *out)
{
    const struct wg_ref_part *sure = sure_part(ref);
    struct matcher x = {.ref = ref, .w = w, .m = out};
    size_t at, end, start = from;

    if (!sure || ref->n_parts > WG_MATCH_MAX_PARTS)
        return false;
    for (size_t i = from; wg_match_range(ref, sure->first, 2, w, i, &at, &end); i = at + 1) {
        if (at > LEAD && start < at - LEAD)
            start = at - LEAD;
        for (; start <= at; start++) {
            memset(out, 0, sizeof *out);
            x.start = start;
            size_t stop = match_parts(&x, 0, start);
            if (stop != NO_MATCH) {
                out->ref = ref;
                out->first = start;
                out->end = stop;
                return true;
            }
        }
    }
    return false;
}
