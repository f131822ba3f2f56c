/*
 * Growable byte buffer with a ceiling and a sticky failure: append freely, test once at the end.
 * `p` is always NUL-terminated when not NULL; len does not count the NUL.
 */
#ifndef WG_BASE_BUF_H
#define WG_BASE_BUF_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct wg_buf {
    char *p;
    size_t len, cap, max;
    enum wg_status failed; /* WG_OK, WG_E_LIMIT or WG_E_OOM; nothing is appended after a failure */
};

void wg_buf_init(struct wg_buf *b, size_t max_bytes);
void wg_buf_add(struct wg_buf *b, const void *bytes, size_t n);
void wg_buf_addc(struct wg_buf *b, char c);
void wg_buf_adds(struct wg_buf *b, const char *s);
void wg_buf_addf(struct wg_buf *b, const char *fmt, ...) WG_PRINTF(2, 3);
/* UTF-8 encoding of a code point (surrogates and > 0x10FFFF become U+FFFD). */
void wg_buf_add_utf8(struct wg_buf *b, uint32_t cp);
/* Room for n more bytes; returns where to write them (then add to len), NULL on failure. */
char *wg_buf_reserve(struct wg_buf *b, size_t n) WG_NODISCARD;
void wg_buf_clear(struct wg_buf *b); /* len = 0 and the failure is forgotten; keeps the memory */
void wg_buf_release(struct wg_buf *b);
/* WG_OK, or the sticky failure with a message that names `what`. */
enum wg_status wg_buf_check(const struct wg_buf *b, const char *what,
                            struct wg_err *err) WG_NODISCARD;
/* The string, owned by the caller (wg_free); the buffer is empty afterwards. Never NULL unless
 * the buffer failed. */
char *wg_buf_detach(struct wg_buf *b) WG_NODISCARD;

#endif
