#include "text/normalize.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

size_t wg_norm_utf8(struct wg_buf *b, const char *s, size_t n)
{
    size_t parts = 0, from = 0;
    uint32_t cp;

    for (size_t i = 0; i < n;) {
        int len = wg_utf8_decode(s + i, n - i, &cp);
        if (len > 0) {
            i += (size_t)len;
            continue;
        }
        wg_buf_add(b, s + from, i - from);
        wg_buf_add_utf8(b, 0xFFFD);
        i = len < 0 ? i + (size_t)-len : n; /* 0: cut by the end of the text, one part */
        from = i;
        parts++;
    }
    wg_buf_add(b, s + from, n - from);
    return parts;
}

/* Below these no character changes in that form. */
static uint32_t first_changing(enum wg_norm_form form)
{
    return form == WG_NORM_NFC ? 0x300 : form == WG_NORM_NFD ? 0xC0 : 0xA0;
}

struct points {
    utf8proc_int32_t *v;
    size_t n, cap;
};

/* Decomposes s into code points, not yet in canonical order. */
static bool decompose(struct points *p, const char *s, size_t n, int options)
{
    enum { LONGEST = 18 }; /* U+FDFA in NFKD */
    uint32_t cp;

    for (size_t i = 0; i < n;) {
        int len = wg_utf8_decode(s + i, n - i, &cp);
        if (len <= 0)
            return false;
        if (p->cap - p->n < LONGEST) {
            size_t cap = p->cap ? p->cap * 2 : n + LONGEST;
            utf8proc_int32_t *v = wg_realloc(p->v, cap, sizeof *v);
            if (!v)
                return false;
            p->v = v;
            p->cap = cap;
        }
        utf8proc_ssize_t k = utf8proc_decompose_char(
            (utf8proc_int32_t)cp, p->v + p->n, (utf8proc_ssize_t)(p->cap - p->n), options, NULL);
        if (k < 0 || (size_t)k > p->cap - p->n)
            return false;
        p->n += (size_t)k;
        i += (size_t)len;
    }
    return true;
}

static unsigned combining_class(utf8proc_int32_t cp)
{
    return (unsigned)utf8proc_get_property(cp)->combining_class;
}

/* Stable order by combining class within each run of marks: a counting sort for long runs, since
 * exchanging neighbours takes quadratic time on a text made of marks. */
static bool order_marks(utf8proc_int32_t *v, size_t n)
{
    utf8proc_int32_t *tmp = NULL;
    size_t tmp_cap = 0;

    for (size_t i = 0; i < n;) {
        size_t end = i;
        bool sorted = true;
        for (unsigned last = 0; end < n; end++) {
            unsigned c = combining_class(v[end]);
            if (c == 0)
                break;
            sorted = sorted && c >= last;
            last = c;
        }
        size_t run = end - i;
        if (!sorted) {
            size_t start[257] = {0};
            if (run > tmp_cap) {
                wg_free(tmp);
                tmp = wg_calloc(run, sizeof *tmp);
                if (!tmp)
                    return false;
                tmp_cap = run;
            }
            for (size_t k = i; k < end; k++)
                start[combining_class(v[k]) + 1]++;
            for (int c = 1; c < 257; c++)
                start[c] += start[c - 1];
            for (size_t k = i; k < end; k++)
                tmp[start[combining_class(v[k])]++] = v[k];
            memcpy(v + i, tmp, run * sizeof *v);
        }
        i = end + 1;
    }
    wg_free(tmp);
    return true;
}

enum wg_status wg_norm_unicode(struct wg_buf *b, const char *s, size_t n, enum wg_norm_form form,
                               struct wg_err *err)
{
    struct points p = {0};
    uint32_t cp = 0, limit = first_changing(form);
    int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    size_t same = 0;

    while (same < n) {
        int len = wg_utf8_decode(s + same, n - same, &cp);
        if (len <= 0 || cp >= limit)
            break;
        same += (size_t)len;
    }
    if (same == n) {
        wg_buf_add(b, s, n);
        return wg_buf_check(b, "normalised text", err);
    }
    if (form == WG_NORM_NFKC || form == WG_NORM_NFKD)
        options |= UTF8PROC_COMPAT;
    bool ok = decompose(&p, s, n, options) && order_marks(p.v, p.n);
    if (ok && (form == WG_NORM_NFC || form == WG_NORM_NFKC)) {
        utf8proc_ssize_t k = utf8proc_normalize_utf32(p.v, (utf8proc_ssize_t)p.n,
                                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE);
        ok = k >= 0;
        p.n = ok ? (size_t)k : 0;
    }
    for (size_t i = 0; ok && i < p.n; i++)
        wg_buf_add_utf8(b, (uint32_t)p.v[i]);
    wg_free(p.v);
    return ok ? wg_buf_check(b, "normalised text", err) : wg_oom(err, "normalised text");
}

void wg_norm_spaces(struct wg_buf *b, const char *s, size_t n)
{
    const char *end = s + n;

    while (s < end) {
        const char *space = memchr(s, ' ', (size_t)(end - s));
        wg_buf_add(b, s, (size_t)((space ? space : end) - s));
        if (!space)
            break;
        wg_buf_add(b, "\xE2\x96\x81", 3);
        s = space + 1;
    }
}

bool wg_is_space(uint32_t cp)
{
    return (cp >= 9 && cp <= 13) || cp == ' ' || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

size_t wg_space_after(const char *s, size_t n)
{
    size_t i = 0;
    uint32_t cp;

    while (i < n) {
        int len = wg_utf8_decode(s + i, n - i, &cp);
        if (len <= 0 || !wg_is_space(cp))
            break;
        i += (size_t)len;
    }
    return i;
}

size_t wg_space_before(const char *s, size_t n)
{
    while (n > 0) {
        size_t at = n - 1;
        uint32_t cp;
        while (at > 0 && ((unsigned char)s[at] & 0xC0) == 0x80)
            at--;
        if (wg_utf8_decode(s + at, n - at, &cp) <= 0 || !wg_is_space(cp))
            break;
        n = at;
    }
    return n;
}
