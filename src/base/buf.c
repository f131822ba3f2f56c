#include "base/buf.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

void wg_buf_init(struct wg_buf *b, size_t max_bytes)
{
    *b = (struct wg_buf){.max = max_bytes};
}

char *wg_buf_reserve(struct wg_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (n > b->max - b->len || b->max - b->len == n) {
        b->failed = WG_E_LIMIT;
        return NULL;
    }
    size_t need = b->len + n + 1;
    if (need > b->cap || !b->p) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < need)
            cap = cap > b->max / 2 ? need : cap * 2;
        char *p = wg_realloc(b->p, cap, 1);
        if (!p) {
            b->failed = WG_E_OOM;
            return NULL;
        }
        b->p = p;
        b->cap = cap;
    }
    b->p[b->len + n] = '\0';
    return b->p + b->len;
}

void wg_buf_add(struct wg_buf *b, const void *bytes, size_t n)
{
    char *dst = wg_buf_reserve(b, n);

    if (!dst)
        return;
    if (n)
        memcpy(dst, bytes, n);
    b->len += n;
}

void wg_buf_addc(struct wg_buf *b, char c)
{
    wg_buf_add(b, &c, 1);
}

void wg_buf_adds(struct wg_buf *b, const char *s)
{
    wg_buf_add(b, s, strlen(s));
}

void wg_buf_addf(struct wg_buf *b, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *dst = n >= 0 ? wg_buf_reserve(b, (size_t)n) : NULL;
    if (dst) {
        vsnprintf(dst, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void wg_buf_add_utf8(struct wg_buf *b, uint32_t cp)
{
    char s[4];

    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = 0xFFFD;
    if (cp < 0x80) {
        wg_buf_addc(b, (char)cp);
    } else if (cp < 0x800) {
        s[0] = (char)(0xC0 | cp >> 6);
        s[1] = (char)(0x80 | (cp & 63));
        wg_buf_add(b, s, 2);
    } else if (cp < 0x10000) {
        s[0] = (char)(0xE0 | cp >> 12);
        s[1] = (char)(0x80 | (cp >> 6 & 63));
        s[2] = (char)(0x80 | (cp & 63));
        wg_buf_add(b, s, 3);
    } else {
        s[0] = (char)(0xF0 | cp >> 18);
        s[1] = (char)(0x80 | (cp >> 12 & 63));
        s[2] = (char)(0x80 | (cp >> 6 & 63));
        s[3] = (char)(0x80 | (cp & 63));
        wg_buf_add(b, s, 4);
    }
}

void wg_buf_clear(struct wg_buf *b)
{
    b->len = 0;
    b->failed = WG_OK;
    if (b->p)
        b->p[0] = '\0';
}

void wg_buf_release(struct wg_buf *b)
{
    wg_free(b->p);
    *b = (struct wg_buf){.max = b->max};
}

enum wg_status wg_buf_check(const struct wg_buf *b, const char *what, struct wg_err *err)
{
    if (b->failed == WG_E_LIMIT)
        return wg_fail(err, WG_E_LIMIT, "%s is over the limit of %zu bytes", what, b->max);
    if (b->failed)
        return wg_oom(err, what);
    return WG_OK;
}

char *wg_buf_detach(struct wg_buf *b)
{
    if (!b->failed && !b->p)
        wg_buf_add(b, "", 0);
    char *p = b->failed ? NULL : b->p;
    if (!p)
        wg_free(b->p);
    *b = (struct wg_buf){.max = b->max};
    return p;
}
