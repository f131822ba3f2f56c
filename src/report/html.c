#include "report/html.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

void wg_html_init(struct wg_html *h, struct wg_buf *b)
{
    *h = (struct wg_html){.b = b};
}

static bool is_hidden(uint32_t cp)
{
    return (cp < 0x20 && cp != '\n' && cp != '\t') || (cp >= 0x7F && cp <= 0x9F) ||
           (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069) || cp == 0x061C || cp == 0x00AD || cp == 0xFEFF;
}

static const char *entity(uint32_t cp)
{
    switch (cp) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void wg_html_escape(struct wg_buf *b, const char *s)
{
    size_t n = strlen(s);

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        int len = wg_utf8_decode(s + i, n - i, &cp);
        if (len <= 0) {
            wg_buf_add_utf8(b, 0xFFFD);
            i += len < 0 ? (size_t)-len : n - i;
            continue;
        }
        const char *e = entity(cp);
        if (e)
            wg_buf_adds(b, e);
        else if (is_hidden(cp))
            wg_buf_addf(b, "[U+%04X]", (unsigned)cp);
        else
            wg_buf_add(b, s + i, (size_t)len);
        i += (size_t)len;
    }
}

static void start_tag(struct wg_html *h, const char *tag, va_list ap)
{
    const char *name;

    wg_buf_addc(h->b, '<');
    wg_buf_adds(h->b, tag);
    while ((name = va_arg(ap, const char *))) {
        const char *value = va_arg(ap, const char *);
        if (!value)
            continue;
        wg_buf_addc(h->b, ' ');
        wg_buf_adds(h->b, name);
        wg_buf_adds(h->b, "=\"");
        wg_html_escape(h->b, value);
        wg_buf_addc(h->b, '"');
    }
}

void wg_html_open(struct wg_html *h, const char *tag, ...)
{
    va_list ap;

    assert(h->depth < WG_HTML_MAX_DEPTH);
    va_start(ap, tag);
    start_tag(h, tag, ap);
    va_end(ap);
    wg_buf_addc(h->b, '>');
    h->open[h->depth++] = tag;
}

void wg_html_void(struct wg_html *h, const char *tag, ...)
{
    va_list ap;

    va_start(ap, tag);
    start_tag(h, tag, ap);
    va_end(ap);
    wg_buf_adds(h->b, "/>");
}

void wg_html_close(struct wg_html *h)
{
    assert(h->depth > 0);
    const char *tag = h->open[--h->depth];

    wg_buf_adds(h->b, "</");
    wg_buf_adds(h->b, tag);
    wg_buf_addc(h->b, '>');
    /* A line break between blocks keeps the file readable as text. */
    if (strcmp(tag, "p") == 0 || strcmp(tag, "li") == 0 || strcmp(tag, "tr") == 0 ||
        strcmp(tag, "section") == 0 || strcmp(tag, "div") == 0 || strcmp(tag, "svg") == 0)
        wg_buf_addc(h->b, '\n');
}

void wg_html_text(struct wg_html *h, const char *s)
{
    wg_html_escape(h->b, s);
}

void wg_html_element(struct wg_html *h, const char *tag, const char *cls, const char *text)
{
    wg_html_open(h, tag, "class", cls, NULL);
    wg_html_text(h, text);
    wg_html_close(h);
}

void wg_html_literal(struct wg_html *h, const char *markup)
{
    wg_buf_adds(h->b, markup);
}
