/* Unicode as Python's str sees it: white space, case, classes. Over utf8proc. */
#ifndef WG_TEXT_JINJA_UNI_H
#define WG_TEXT_JINJA_UNI_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at p, in a string that is known to be valid; *len is its length. */
uint32_t wg_j_cp(const char *p, int *len);
/* The last code point that ends at `end` (end > begin). */
uint32_t wg_j_cp_before(const char *begin, const char *end, int *len);
size_t wg_j_count_chars(const char *p, size_t n);

bool wg_j_is_space(uint32_t cp);      /* str.isspace */
bool wg_j_is_line_break(uint32_t cp); /* str.splitlines */
bool wg_j_is_alpha(uint32_t cp);
bool wg_j_is_decimal(uint32_t cp);
bool wg_j_is_digit(uint32_t cp);
bool wg_j_is_numeric(uint32_t cp);
bool wg_j_is_upper(uint32_t cp);
bool wg_j_is_lower(uint32_t cp);
bool wg_j_is_title(uint32_t cp);
bool wg_j_is_cased(uint32_t cp);
bool wg_j_is_printable(uint32_t cp); /* as repr() decides what to escape */
bool wg_j_is_word(uint32_t cp);      /* \w */
bool wg_j_is_name(uint32_t cp, bool first);

enum wg_j_case { WG_J_UPPER, WG_J_LOWER, WG_J_TITLE };

/* Appends the full mapping of the code point at p inside [begin, end), which is 1 to 3 code points;
 * the context decides the final sigma. */
void wg_j_add_case(struct wg_buf *b, enum wg_j_case to, const char *begin, const char *p,
                   const char *end);

/* Moves both ends inwards over white space. */
void wg_j_strip(const char **p, size_t *n, bool left, bool right);

#endif
