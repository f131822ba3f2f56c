/* Reads the texts of a package, in the order of their authority, and has them judged. */
#include "license/license.h"

#include "base/file.h"
#include "base/mem.h"
#include "license/limits.h"
#include "license/work.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char wg_license_disclaimer[] =
    "This is what the texts say, compared word for word; it is not legal advice.";

void *wg_license_grow(struct wg_arena *a, void *array, size_t *n, size_t item_bytes)
{
    void *p = array;

    if ((*n & (*n - 1)) == 0) { /* 0, 1, 2, 4 ...: the room is used up */
        p = wg_arena_alloc(a, *n ? *n * 2 : 1, item_bytes);
        if (p && array)
            memcpy(p, array, *n * item_bytes);
    }
    if (p)
        (*n)++;
    return p;
}

const char *wg_license_textf(struct wg_arena *a, const char *fmt, ...)
{
    char line[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    return wg_arena_strndup(a, line, strlen(line));
}

const char *wg_license_quote(struct wg_arena *a, const struct wg_license_text *t, size_t first,
                             size_t end)
{
    const struct wg_token *w = t->words.tokens;
    size_t from = w[first].offset;

    while (end > first + 1 && w[end - 1].offset + w[end - 1].bytes - from > WG_LICENSE_MAX_QUOTE)
        end--;
    size_t n = w[end - 1].offset + w[end - 1].bytes - from;
    return wg_arena_strndup(a, t->p + from, n);
}

enum wg_status wg_license_reason(struct wg_license_work *w, struct wg_license_reason reason)
{
    struct wg_license_reason *all =
        wg_license_grow(&w->r->arena, w->r->reasons, &w->r->n_reasons, sizeof *all);

    if (!all || !reason.why)
        return wg_oom(w->err, "the reasons of a verdict");
    w->r->reasons = all;
    all[w->r->n_reasons - 1] = reason;
    return WG_OK;
}

/* First word of a line in which a card speaks about use, or words.n. */
static size_t use_talk(const struct wg_words *w)
{
    static const char *const phrases[][2] = {
        {"non", "commercial"},      {"noncommercial", NULL},  {"research", "only"},
        {"research", "purposes"},   {"research", "use"},      {"commercial", "use"},
        {"commercial", "purposes"}, {"community", "license"}, {"license", "agreement"},
        {"hereby", NULL},           {"licensee", NULL},       {"licensor", NULL},
        {"prohibited", NULL},       {"acceptable", "use"},    {"terms", "of"},
        {"not", "permitted"},       {"not", "allowed"},       {"sublicense", NULL},
        {"liability", NULL},        {"restrictions", NULL},   {"permission", NULL},
    };

    for (size_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < WG_COUNT(phrases); k++) {
            const char *a = phrases[k][0], *b = phrases[k][1];
            if (w->tokens[i].hash == wg_word_hash(a, strlen(a)) &&
                (!b || (i + 1 < w->n && w->tokens[i + 1].hash == wg_word_hash(b, strlen(b)))))
                return i;
        }
    return w->n;
}

/* A card without a known text is listed only when it speaks about use. */
static enum wg_status examine_card(struct wg_license_work *w, const struct wg_license_text *t,
                                   struct wg_license_file *f, bool *keep)
{
    size_t at = use_talk(&t->words), end = at, first = at;

    *keep = f->n_found > 0 || at < t->words.n;
    if (f->n_found > 0 || !*keep)
        return WG_OK;
    while (first > 0 && t->words.tokens[first - 1].line == t->words.tokens[at].line)
        first--;
    while (end < t->words.n && t->words.tokens[end].line == t->words.tokens[at].line)
        end++;
    f->flags |= WG_LICENSE_ADDITIONAL_TERMS;
    f->edits = wg_license_grow(&w->r->arena, NULL, &f->n_edits, sizeof *f->edits);
    if (!f->edits)
        return wg_oom(w->err, "an examined card");
    f->edits[0] = (struct wg_license_edit){.kind = WG_EDIT_INSERT,
                                           .line = t->words.tokens[at].line,
                                           .text = wg_license_quote(&w->r->arena, t, first, end),
                                           .words = end - first,
                                           .sensitive = true};
    return f->edits[0].text ? WG_OK : wg_oom(w->err, "an examined card");
}

/* Drops the words of front matter: it is data, not text. */
static void skip_front(struct wg_words *w, size_t front)
{
    size_t k = 0;

    while (k < w->n && w->tokens[k].offset < front)
        k++;
    if (k == 0)
        return;
    memmove(w->tokens, w->tokens + k, (w->n - k) * sizeof *w->tokens);
    w->n -= k;
}

static enum wg_status examine(struct wg_license_work *w, const struct wg_pkg_file *pf,
                              const struct wg_buf *b)
{
    struct wg_license_result *r = w->r;
    struct wg_license_text t = {.p = b->p ? b->p : "", .n = b->len};
    struct wg_license_file f = {.role = pf->role};
    bool keep = true;

    t.path = f.path = wg_arena_strndup(&r->arena, pf->path, strlen(pf->path));
    if (!f.path)
        return wg_oom(w->err, "an examined licence text");
    if (pf->role == WG_ROLE_CARD)
        WG_TRY(wg_license_read_metadata(w, f.path, t.p, t.n));
    WG_TRY(wg_license_read_card(w, f.path, t.p, t.n));
    WG_TRY(wg_words_read(&t.words, t.p, t.n, f.path, w->err));
    skip_front(&t.words, wg_license_front_matter(t.p, t.n));
    enum wg_status st = wg_license_examine(w, &t, &f);
    if (st == WG_OK && pf->role == WG_ROLE_CARD)
        st = examine_card(w, &t, &f, &keep);
    if (st == WG_OK && keep) {
        struct wg_license_file *all =
            wg_license_grow(&r->arena, r->files, &r->n_files, sizeof *all);
        if (all) {
            r->files = all;
            all[r->n_files - 1] = f;
        } else {
            st = wg_oom(w->err, "an examined licence text");
        }
    }
    wg_words_release(&t.words);
    return st;
}

static enum wg_status read_file(struct wg_license_work *w, const struct wg_pkg_file *pf)
{
    struct wg_buf b;

    if (pf->bytes > WG_LICENSE_MAX_BYTES)
        return wg_fail(
            w->err, WG_E_LIMIT,
            "%s: %llu bytes: a licence text or a card has at most %d MiB; it is not read", pf->path,
            (unsigned long long)pf->bytes, (int)(WG_LICENSE_MAX_BYTES >> 20));
    wg_buf_init(&b, 2 * WG_LICENSE_MAX_BYTES);
    enum wg_status st = wg_file_read(&b, pf->full, WG_LICENSE_MAX_BYTES, w->err);
    if (st == WG_OK)
        st = examine(w, pf, &b);
    wg_buf_release(&b);
    return st;
}

static enum wg_status read_role(struct wg_license_work *w, enum wg_role role)
{
    for (size_t i = 0; i < w->pkg->n_files; i++)
        if (w->pkg->files[i].role == role)
            WG_TRY(read_file(w, &w->pkg->files[i]));
    return WG_OK;
}

/* Texts first, then the card, the GGUF keys, the adapter: the label of the first one that has one
 * is the package's. */
static enum wg_status read_package(struct wg_license_work *w)
{
    const struct wg_pkg *p = w->pkg;

    w->notice_file = wg_pkg_find(p, WG_ROLE_NOTICE) != NULL;
    WG_TRY(read_role(w, WG_ROLE_LICENSE));
    WG_TRY(read_role(w, WG_ROLE_NOTICE));
    WG_TRY(read_role(w, WG_ROLE_POLICY));
    WG_TRY(read_role(w, WG_ROLE_CARD));
    if (p->format == WG_WEIGHTS_GGUF)
        WG_TRY(wg_license_read_gguf(w, p->files[p->weights].path, p->files[p->weights].full));
    for (size_t i = 0; i < p->n_files; i++)
        if (p->files[i].role == WG_ROLE_ADAPTER)
            WG_TRY(wg_license_read_adapter(w, p->files[i].path, p->files[i].full));
    return wg_license_judge(w);
}

enum wg_status wg_license_package(const struct wg_pkg *p, const struct wg_use *use,
                                  struct wg_license_result **out, struct wg_err *err)
{
    struct wg_license_result *r = wg_calloc(1, sizeof *r);

    if (!r)
        return wg_oom(err, "a licence result");
    wg_arena_init(&r->arena, WG_LICENSE_ARENA_BYTES);
    struct wg_license_work w = {.r = r, .pkg = p, .use = use, .err = err};
    enum wg_status st = read_package(&w);
    if (st == WG_OK)
        *out = r;
    else
        wg_license_free(r);
    return st;
}

void wg_license_free(struct wg_license_result *r)
{
    if (!r)
        return;
    wg_arena_release(&r->arena);
    wg_free(r);
}

/* A file that is no weights file, as a package of itself. */
static enum wg_status text_alone(const char *path, const struct wg_use *use,
                                 struct wg_license_result **out, struct wg_err *err)
{
    enum wg_role role = wg_role_of(wg_basename(path));
    struct wg_map m;

    WG_TRY(wg_map_open(&m, path, err));
    bool text = role == WG_ROLE_CARD || role == WG_ROLE_NOTICE || role == WG_ROLE_POLICY;
    struct wg_pkg_file file = {.path = (char *)wg_basename(path),
                               .full = (char *)path,
                               .bytes = m.size,
                               .role = text ? role : WG_ROLE_LICENSE};
    struct wg_pkg p = {.name = file.full, .root = file.full, .files = &file, .n_files = 1};
    wg_map_close(&m);
    return wg_license_package(&p, use, out, err);
}

enum wg_status wg_license_path(const char *path, const struct wg_use *use,
                               struct wg_license_result **out, struct wg_err *err)
{
    struct wg_pkg *p = NULL;

    if (wg_is_file(path) && wg_role_of(wg_basename(path)) != WG_ROLE_WEIGHTS)
        return text_alone(path, use, out, err);
    WG_TRY(wg_pkg_open(path, &p, err));
    enum wg_status st = wg_license_package(p, use, out, err);
    wg_pkg_close(p);
    return st;
}
