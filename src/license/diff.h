/*
 * The shortest edit script between two sequences of hashes (E. W. Myers, "An O(ND) Difference
 * Algorithm and Its Variations", 1986), up to a ceiling of differences.
 */
#ifndef WG_LICENSE_DIFF_H
#define WG_LICENSE_DIFF_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* a[a_first, a_end) became b[b_first, b_end); one of the two may be empty. */
struct wg_hunk {
    uint32_t a_first, a_end, b_first, b_end;
};

/*
 * Writes the hunks in order and their number. *same is false when the sequences differ in more than
 * max_d elements or need more than max_hunks hunks: then they are different texts and n is 0.
 */
enum wg_status wg_diff(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, size_t max_d,
                       struct wg_hunk *hunks, size_t max_hunks, size_t *n, bool *same,
                       struct wg_err *err) WG_NODISCARD;

#endif
