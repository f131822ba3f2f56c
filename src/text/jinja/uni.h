/* Unicode as Python's str sees it: white space, case, classes. Over utf8proc. */
#ifndef WG_TEXT_JINJA_UNI_H
#define WG_TEXT_JINJA_UNI_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at p, in a string that is known to be valid; *len is its length. */
uint32_t wgj_cp(const char *p, int *len);
/* The last code point that ends at `end` (end > begin). */
uint32_t wgj_cp_before(const char *begin, const char *end, int *len);
size_t wgj_count_chars(const char *p, size_t n);

bool wgj_is_space(uint32_t cp);      /* str.isspace */
bool wgj_is_line_break(uint32_t cp); /* str.splitlines */
bool wgj_is_alpha(uint32_t cp);
bool wgj_is_decimal(uint32_t cp);
bool wgj_is_digit(uint32_t cp);
bool wgj_is_numeric(uint32_t cp);
bool wgj_is_upper(uint32_t cp);
bool wgj_is_lower(uint32_t cp);
bool wgj_is_title(uint32_t cp);
bool wgj_is_cased(uint32_t cp);
bool wgj_is_printable(uint32_t cp); /* as repr() decides what to escape */
bool wgj_is_word(uint32_t cp);      /* \w */
bool wgj_is_name(uint32_t cp, bool first);

enum wgj_case { WGJ_UPPER, WGJ_LOWER, WGJ_TITLE };

/* Appends the full mapping of the code point at p inside [begin, end), which is 1 to 3 code points;
 * the context decides the final sigma. */
void wgj_add_case(struct wg_buf *b, enum wgj_case to, const char *begin, const char *p,
                  const char *end);

/* Moves both ends inwards over white space. */
void wgj_strip(const char **p, size_t *n, bool left, bool right);

#endif
