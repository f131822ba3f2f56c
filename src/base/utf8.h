/* UTF-8 decoding of untrusted bytes (Unicode 15, table 3-7: no overlong forms, no surrogates). */
#ifndef WG_BASE_UTF8_H
#define WG_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes one code point at s (n > 0 bytes available) into *cp and returns its length 1..4.
 * A malformed sequence gives -len, where len >= 1 is its maximal ill-formed prefix (to be replaced
 * by one U+FFFD), and *cp = 0xFFFD. A sequence cut by the end of the input gives 0.
 */
int wg_utf8_decode(const char *s, size_t n, uint32_t *cp);
bool wg_utf8_valid(const char *s, size_t n);
/* Length of the longest prefix of s that does not end inside a character that more bytes could
 * complete. Malformed bytes count as complete. */
size_t wg_utf8_complete(const char *s, size_t n);

#endif
