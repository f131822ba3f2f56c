/*
 * What is done to text before it is cut into tokens: malformed bytes, Unicode normal forms, spaces
 * as U+2581, case and accents for WordPiece. All functions append to a buffer whose failure is
 * sticky, and are linear in n. Unicode data: utf8proc.
 */
#ifndef WG_TEXT_NORMALIZE_H
#define WG_TEXT_NORMALIZE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text with U+FFFD for each maximal ill-formed part. Returns how many parts were replaced. */
size_t wg_norm_utf8(struct wg_buf *b, const char *s, size_t n);

enum wg_norm_form { WG_NORM_NFC, WG_NORM_NFD, WG_NORM_NFKC, WG_NORM_NFKD };
/* Normal form (Unicode standard annex 15) of well-formed UTF-8. */
enum wg_status wg_norm_unicode(struct wg_buf *b, const char *s, size_t n, enum wg_norm_form form,
                               struct wg_err *err) WG_NODISCARD;

/* Every ' ' becomes U+2581. */
void wg_norm_spaces(struct wg_buf *b, const char *s, size_t n);

/* White_Space of Unicode: bytes of it at the start of s, and where it begins at the end of s. */
size_t wg_space_after(const char *s, size_t n);
size_t wg_space_before(const char *s, size_t n);
bool wg_is_space(uint32_t cp);

#endif
