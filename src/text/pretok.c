/* Runs pre-tokenizer stages with PCRE2. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pretok.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "text/limits.h"
#include "text/unicode_since.h"

#include <pcre2.h>
#include <string.h>

struct stage {
    pcre2_code *code;
    enum wg_split split;
    bool invert, jit;
};

struct wg_pretok {
    struct stage stage[WG_TEXT_MAX_STAGES];
    int n;
    pcre2_general_context *memory;
};

struct wg_pretok_run {
    const struct wg_pretok *p;
    pcre2_match_data *match[WG_TEXT_MAX_STAGES]; /* stages nest: one each */
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    wg_word_fn word;
    void *arg;
};

static void *pcre_alloc(size_t n, void *arg)
{
    (void)arg;
    return wg_realloc(NULL, n, 1);
}

static void pcre_free(void *p, void *arg)
{
    (void)arg;
    wg_free(p);
}

/* Appends the ranges that newer Unicode versions added to a general category ("L", "Lu"). */
static void add_newer(struct wg_buf *b, const char *category, size_t n)
{
#define ROW(cat, lo, hi) {#cat, lo, hi},
    static const struct {
        char category[3];
        uint32_t lo, hi;
    } rows[] = {WG_UNICODE_SINCE_14(ROW)};
#undef ROW

    for (size_t i = 0; i < WG_COUNT(rows); i++)
        if (n <= 2 && memcmp(rows[i].category, category, n) == 0)
            wg_buf_addf(b, "\\x{%X}-\\x{%X}", rows[i].lo, rows[i].hi);
}

/* \p{X} or \P{X} at s (after the backslash), at most n bytes; returns how many it takes. */
static size_t translate_property(struct wg_buf *b, const char *s, size_t n, bool in_class)
{
    const char *close = n > 2 && s[1] == '{' ? memchr(s, '}', n) : NULL;
    bool outside = s[0] == 'P';

    if (!close || (outside && in_class)) {
        wg_buf_addf(b, "\\%c", s[0]);
        return 1;
    }
    size_t len = (size_t)(close - s) - 2;
    if (!in_class)
        wg_buf_adds(b, outside ? "[^" : "[");
    wg_buf_addf(b, "\\p{%.*s}", (int)len, s + 2);
    add_newer(b, s + 2, len);
    if (!in_class)
        wg_buf_addc(b, ']');
    return len + 3;
}

/*
 * From Oniguruma's and Rust's reading to PCRE2's: \s and \S are White_Space (PCRE2's own \s has
 * U+180E too), and general categories get what Unicode added after the version of the library.
 */
static void translate(struct wg_buf *b, const char *expr, size_t n)
{
    bool in_class = false;

    for (size_t i = 0; i < n; i++) {
        char c = expr[i];
        if (c != '\\' || i + 1 == n) {
            in_class = c == '[' || (in_class && c != ']');
            wg_buf_addc(b, c);
            continue;
        }
        c = expr[++i];
        if (c == 's')
            wg_buf_adds(b, "\\p{White_Space}");
        else if (c == 'S')
            wg_buf_adds(b, "\\P{White_Space}");
        else if (c == 'p' || c == 'P')
            i += translate_property(b, expr + i, n - i, in_class) - 1;
        else
            wg_buf_addf(b, "\\%c", c);
    }
}

enum wg_status wg_pretok_new(struct wg_pretok **out, struct wg_err *err)
{
    struct wg_pretok *p = wg_calloc(1, sizeof *p);

    if (p)
        p->memory = pcre2_general_context_create(pcre_alloc, pcre_free, NULL);
    if (!p || !p->memory) {
        wg_free(p);
        return wg_oom(err, "the pre-tokenizer");
    }
    *out = p;
    return WG_OK;
}

static enum wg_status compile(struct wg_pretok *p, const char *expr, size_t n, const char *name,
                              struct stage *s, struct wg_err *err)
{
    const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context = pcre2_compile_context_create(p->memory);
    PCRE2_UCHAR why[128];
    PCRE2_SIZE at;
    int code;

    if (!context)
        return wg_oom(err, "the pre-tokenizer");
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    s->code = pcre2_compile((PCRE2_SPTR)expr, n, options, &code, &at, context);
    pcre2_compile_context_free(context);
    if (!s->code && code == PCRE2_ERROR_HEAP_FAILED)
        return wg_oom(err, "the pre-tokenizer");
    if (!s->code) {
        pcre2_get_error_message(code, why, sizeof why);
        return wg_fail(err, WG_E_INPUT,
                       "%s: the pre-tokenizer expression is not valid at byte "
                       "%zu: %s",
                       name, (size_t)at, (const char *)why);
    }
    /* Where machine code cannot be made (hardened systems) PCRE2 interprets. */
    s->jit = pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE) == 0;
    return WG_OK;
}

enum wg_status wg_pretok_add(struct wg_pretok *p, const char *expr, size_t n, enum wg_split split,
                             bool invert, const char *name, struct wg_err *err)
{
    struct stage s = {.split = split, .invert = invert};
    struct wg_buf b;

    if (p->n == WG_TEXT_MAX_STAGES)
        return wg_fail(err, WG_E_LIMIT, "%s: more than %d pre-tokenizer stages", name,
                       WG_TEXT_MAX_STAGES);
    wg_buf_init(&b, WG_TEXT_MAX_EXPR_BYTES);
    translate(&b, expr, n);
    enum wg_status st = wg_buf_check(&b, "a pre-tokenizer expression", err);
    if (st == WG_OK)
        st = compile(p, b.p ? b.p : "", b.len, name, &s, err);
    if (st == WG_OK)
        p->stage[p->n++] = s;
    wg_buf_release(&b);
    return st;
}

void wg_pretok_free(struct wg_pretok *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n; i++)
        pcre2_code_free(p->stage[i].code);
    pcre2_general_context_free(p->memory);
    wg_free(p);
}

enum wg_status wg_pretok_run_new(const struct wg_pretok *p, struct wg_pretok_run **out,
                                 struct wg_err *err)
{
    struct wg_pretok_run *r = wg_calloc(1, sizeof *r);
    bool ok = r != NULL;

    if (ok) {
        r->p = p;
        r->context = pcre2_match_context_create(p->memory);
        r->stack = pcre2_jit_stack_create(32 * 1024, WG_TEXT_JIT_STACK_BYTES, p->memory);
        ok = r->context && r->stack;
    }
    for (int i = 0; ok && i < p->n; i++) {
        r->match[i] = pcre2_match_data_create(1, p->memory);
        ok = r->match[i] != NULL;
    }
    if (!ok) {
        wg_pretok_run_free(r);
        return wg_oom(err, "the pre-tokenizer");
    }
    pcre2_jit_stack_assign(r->context, NULL, r->stack);
    *out = r;
    return WG_OK;
}

void wg_pretok_run_free(struct wg_pretok_run *r)
{
    if (!r)
        return;
    for (int i = 0; i < WG_TEXT_MAX_STAGES; i++)
        pcre2_match_data_free(r->match[i]);
    pcre2_match_context_free(r->context);
    pcre2_jit_stack_free(r->stack);
    wg_free(r);
}

/* Finds the next match at or after `at`; *found is false when there is none. */
static enum wg_status next_match(const struct wg_pretok_run *r, int k, const char *text, size_t n,
                                 size_t at, bool *found, size_t *begin, size_t *end,
                                 struct wg_err *err)
{
    const struct stage *s = &r->p->stage[k];
    pcre2_match_data *m = r->match[k];
    int rc = PCRE2_ERROR_JIT_STACKLIMIT;

    if (s->jit)
        rc = pcre2_jit_match(s->code, (PCRE2_SPTR)text, n, at, PCRE2_NO_UTF_CHECK, m, r->context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(s->code, (PCRE2_SPTR)text, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, m,
                         r->context);
    *found = rc >= 0;
    if (rc >= 0) {
        const PCRE2_SIZE *v = pcre2_get_ovector_pointer(m);
        *begin = v[0];
        *end = v[1];
        return WG_OK;
    }
    if (rc == PCRE2_ERROR_NOMATCH)
        return WG_OK;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return wg_oom(err, "the pre-tokenizer");
    PCRE2_UCHAR why[128];
    pcre2_get_error_message(rc, why, sizeof why);
    return wg_fail(err, WG_E_LIMIT,
                   "the pre-tokenizer expression gave up on this text at byte %zu "
                   "of a piece of %zu bytes: %s",
                   at, n, (const char *)why);
}

static enum wg_status run_stage(struct wg_pretok_run *r, int k, const char *text, size_t n,
                                struct wg_err *err);

/* One stage's pieces on their way out: joins what the behaviour wants joined. */
struct joiner {
    struct wg_pretok_run *r;
    int stage;
    const char *text;
    size_t begin, end; /* of the piece that is held back */
    bool held, held_is_match;
};

static enum wg_status flush(struct joiner *j, struct wg_err *err)
{
    if (!j->held)
        return WG_OK;
    j->held = false;
    return run_stage(j->r, j->stage + 1, j->text + j->begin, j->end - j->begin, err);
}

static enum wg_status piece(struct joiner *j, size_t begin, size_t end, bool is_match,
                            struct wg_err *err)
{
    const struct stage *s = &j->r->p->stage[j->stage];
    bool join = false;

    if (begin == end)
        return WG_OK;
    is_match ^= s->invert;
    if (s->split == WG_SPLIT_ISOLATED)
        return run_stage(j->r, j->stage + 1, j->text + begin, end - begin, err);
    if (s->split == WG_SPLIT_REMOVED)
        return is_match ? WG_OK : run_stage(j->r, j->stage + 1, j->text + begin, end - begin, err);
    if (j->held && s->split == WG_SPLIT_WITH_PREVIOUS)
        join = is_match && !j->held_is_match;
    else if (j->held && s->split == WG_SPLIT_WITH_NEXT)
        join = !is_match && j->held_is_match;
    else if (j->held)
        join = is_match == j->held_is_match;
    if (!join) {
        WG_TRY(flush(j, err));
        j->begin = begin;
    }
    j->end = end;
    j->held = true;
    j->held_is_match = is_match;
    return WG_OK;
}

static enum wg_status run_stage(struct wg_pretok_run *r, int k, const char *text, size_t n,
                                struct wg_err *err)
{
    struct joiner j = {.r = r, .stage = k, .text = text};
    size_t last = 0;

    if (n == 0)
        return WG_OK;
    if (k == r->p->n)
        return r->word(r->arg, text, n, err);
    for (size_t at = 0; at < n;) {
        size_t begin, end;
        bool found;
        WG_TRY(next_match(r, k, text, n, at, &found, &begin, &end, err));
        if (!found)
            break;
        WG_TRY(piece(&j, last, begin, false, err));
        WG_TRY(piece(&j, begin, end, true, err));
        last = end;
        at = end;
        if (begin == end && end < n) { /* an empty match is a cut; look further on */
            uint32_t cp;
            int len = wg_utf8_decode(text + end, n - end, &cp);
            at = end + (size_t)(len > 0 ? len : 1);
        } else if (begin == end) {
            break;
        }
    }
    WG_TRY(piece(&j, last, n, false, err));
    return flush(&j, err);
}

enum wg_status wg_pretok_split(struct wg_pretok_run *r, const char *text, size_t n, wg_word_fn word,
                               void *arg, struct wg_err *err)
{
    r->word = word;
    r->arg = arg;
    return run_stage(r, 0, text, n, err);
}
