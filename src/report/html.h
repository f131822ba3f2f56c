/*
 * A writer of HTML that escapes by default: text and attribute values go through wg_html_text and
 * wg_html_open, and only string literals of this program are written as they are. The writer keeps
 * the open elements, so that a document is closed in the right order.
 *
 * Text of packages is untrusted. Besides the five characters of markup, control characters and the
 * invisible characters that reorder text (Unicode bidi controls) are shown as their code point, so
 * that a quote cannot read differently from what it is.
 */
#ifndef WG_REPORT_HTML_H
#define WG_REPORT_HTML_H

#include "base/buf.h"

enum { WG_HTML_MAX_DEPTH = 32 };

struct wg_html {
    struct wg_buf *b; /* failures are sticky there */
    const char *open[WG_HTML_MAX_DEPTH];
    int depth;
};

void wg_html_init(struct wg_html *h, struct wg_buf *b);
/* Opens an element with attributes: name, value pairs ending with NULL; a NULL value leaves the
 * attribute out. `tag` and names are literals. */
void wg_html_open(struct wg_html *h, const char *tag, ...) __attribute__((sentinel));
/* As wg_html_open for elements without content (meta, br, and shapes in SVG). */
void wg_html_void(struct wg_html *h, const char *tag, ...) __attribute__((sentinel));
void wg_html_close(struct wg_html *h); /* the innermost element */
void wg_html_text(struct wg_html *h, const char *s);
/* <tag class="cls">text</tag>; cls may be NULL. */
void wg_html_element(struct wg_html *h, const char *tag, const char *cls, const char *text);
/* Markup of this program, not escaped; a literal. */
void wg_html_literal(struct wg_html *h, const char *markup);

/* Escaping alone, for text and for quoted attribute values. */
void wg_html_escape(struct wg_buf *b, const char *s);

#endif
