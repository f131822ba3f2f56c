#include "license/match.h"

#include "license/limits.h"

#include <stdlib.h>
#include <string.h>

#define NO_MATCH SIZE_MAX

enum { LEAD = 448 }; /* words that title and copyright holes may take before the first sure word */

static uint64_t ref_hash(const struct wg_ref_text *ref, uint32_t i)
{
    return ref->words[ref->tokens[i] & ~WG_REF_SOFT];
}

static bool ref_soft(const struct wg_ref_text *ref, uint32_t i)
{
    return (ref->tokens[i] & WG_REF_SOFT) != 0;
}

static bool soft(const struct wg_words *w, size_t i)
{
    return (w->tokens[i].flags & WG_TOKEN_SOFT) != 0;
}

/* End of the reference range [first, first + n) laid at word `pos`, or NO_MATCH. */
static size_t lay(const struct wg_ref_text *ref, uint32_t first, uint32_t n,
                  const struct wg_words *w, size_t pos)
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

bool wg_match_range(const struct wg_ref_text *ref, uint32_t first, uint32_t n,
                    const struct wg_words *w, size_t from, size_t *at, size_t *end)
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

/* Words that a name or a copyright statement does not have, and a term would. */
// clang-format off
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
    "internal",    "personal",     "private",     "business",  "solely",     "exclusively",
    "sell",        "sale",         "pay",         "trial",     "contact",    "research",
};
// clang-format on

/* The hashes of the words that holes are made of, and of those that end them. */
struct lexicon {
    uint64_t terms[WG_COUNT(terms)]; /* sorted */
    uint64_t copyright, copyrights, sign, portions, all, rights, reserved;
};

static uint64_t hash_of(const char *word)
{
    return wg_word_hash(word, strlen(word));
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void lexicon_init(struct lexicon *l)
{
    for (size_t i = 0; i < WG_COUNT(terms); i++)
        l->terms[i] = hash_of(terms[i]);
    qsort(l->terms, WG_COUNT(terms), sizeof l->terms[0], by_value);
    l->copyright = hash_of("copyright");
    l->copyrights = hash_of("copyrights");
    l->sign = hash_of("c");
    l->portions = hash_of("portions");
    l->all = hash_of("all");
    l->rights = hash_of("rights");
    l->reserved = hash_of("reserved");
}

static bool is_term(const struct lexicon *l, const struct wg_words *w, size_t i)
{
    return bsearch(&w->tokens[i].hash, l->terms, WG_COUNT(terms), sizeof l->terms[0], by_value) !=
           NULL;
}

bool wg_match_is_term(uint64_t hash)
{
    for (size_t i = 0; i < WG_COUNT(terms); i++)
        if (hash == hash_of(terms[i]))
            return true;
    return false;
}

/* Words of a copyright statement that begins at pos; 0 when none does. "All rights reserved" is a
 * statement too. */
static size_t statement(const struct lexicon *l, const struct wg_words *w, size_t pos)
{
    const struct wg_token *t = w->tokens + pos;
    size_t left = pos < w->n ? w->n - pos : 0, n = 0;

    if (left >= 3 && t[0].hash == l->all && t[1].hash == l->rights && t[2].hash == l->reserved)
        return 3;
    if (left > 0 && t[0].hash == l->portions)
        n++;
    if (n >= left || !(t[n].hash == l->copyright || t[n].hash == l->copyrights ||
                       (t[n].hash == l->sign && soft(w, pos + n))))
        return 0;
    while (n < left && n < WG_COPYRIGHT_MAX_STATEMENT && !is_term(l, w, pos + n))
        n++;
    return n;
}

struct matcher {
    const struct wg_ref_text *ref;
    const struct wg_words *w;
    struct wg_match *m;
    struct lexicon lexicon;
    size_t start;
    size_t reach; /* end of the copyright statements that begin at start, else start */
};

static bool starts_line(const struct wg_words *w, size_t pos)
{
    return pos == 0 || w->tokens[pos - 1].line != w->tokens[pos].line;
}

size_t wg_match_copyright(const struct wg_words *w, size_t at, bool line_start)
{
    struct lexicon l;

    if (at >= w->n || (line_start && !starts_line(w, at)))
        return 0;
    lexicon_init(&l);
    return statement(&l, w, at);
}

static size_t match_parts(struct matcher *x, size_t part, size_t pos);

/* Can any part from `part` on begin at word `pos`? Cheap, so that a long hole is not tried at every
 * length with all that follows. */
static bool may_follow(const struct matcher *x, size_t part, size_t pos)
{
    for (; part < x->ref->n_parts; part++) {
        const struct wg_ref_part *p = &x->ref->parts[part];
        if (p->kind == WG_PART_NAME)
            return pos < x->w->n;
        if (p->kind == WG_PART_COPYRIGHT)
            continue;
        if (pos < x->w->n && (soft(x->w, pos) || ref_soft(x->ref, p->first) ||
                              x->w->tokens[pos].hash == ref_hash(x->ref, p->first)))
            return true;
        if (!p->optional && !p->alternative)
            return false;
    }
    return true;
}

/* After a hole that could take words up to `longest`: the longest take that lets the rest match. */
static size_t match_after_hole(struct matcher *x, size_t part, size_t pos, size_t shortest,
                               size_t longest)
{
    for (size_t n = longest;; n--) {
        x->m->part[part].first = n ? (uint32_t)pos : 0;
        x->m->part[part].end = n ? (uint32_t)(pos + n) : 0;
        size_t end = may_follow(x, part + 1, pos + n) ? match_parts(x, part + 1, pos + n)
                                                      : NO_MATCH;
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
            if ((n = statement(&x->lexicon, x->w, pos + longest)) == 0)
                break;
    if (pos == x->start)
        x->reach = WG_MAX(x->reach, pos + longest);
    return match_after_hole(x, part, pos, 0, longest);
}

static size_t match_name(struct matcher *x, size_t part, size_t pos)
{
    size_t longest = 0;

    while (pos + longest < x->w->n && longest < WG_NAME_MAX_TOKENS &&
           !is_term(&x->lexicon, x->w, pos + longest))
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
static const struct wg_ref_part *sure_part(const struct wg_ref_text *ref)
{
    for (size_t i = 0; i < ref->n_parts; i++) {
        const struct wg_ref_part *p = &ref->parts[i];
        if (p->kind == WG_PART_TEXT && !p->optional && !p->alternative && p->tokens >= 2)
            return p;
    }
    return NULL;
}

bool wg_match_find(const struct wg_ref_text *ref, const struct wg_words *w, size_t from,
                   struct wg_match *out)
{
    const struct wg_ref_part *sure = sure_part(ref);
    struct matcher x = {.ref = ref, .w = w, .m = out};
    size_t at, end, start = from;

    if (!sure || ref->n_parts > WG_MATCH_MAX_PARTS)
        return false;
    lexicon_init(&x.lexicon);
    for (size_t i = from; wg_match_range(ref, sure->first, 2, w, i, &at, &end); i = at + 1) {
        if (at > LEAD && start < at - LEAD)
            start = at - LEAD;
        /* what fails from the start of a run of copyright statements fails from inside it as well
         */
        for (; start <= at; start = WG_MAX(start + 1, x.reach)) {
            memset(out, 0, sizeof *out);
            x.start = x.reach = start;
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
