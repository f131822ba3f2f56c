/* Nearest names, for "did you mean" in messages. */
#ifndef WG_BASE_NEAR_H
#define WG_BASE_NEAR_H

#include <stddef.h>

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b, case apart
 * (optimal string alignment); names are compared up to 127 bytes. */
size_t wg_edit_distance(const char *a, const char *b);

/*
 * How far `name` is from what was asked, for sorting candidates: 0 is equal. SIZE_MAX: too far to
 * be suggested, that is over a third of the longer one away and neither inside the other.
 */
size_t wg_near(const char *asked, const char *name);

#endif
