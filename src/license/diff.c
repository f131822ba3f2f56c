#include "license/diff.h"

#include "base/mem.h"

#include <string.h>

/* One step of the greedy search: how far each diagonal reaches after d edits. Row d holds the
 * diagonals -d..d. */
struct search {
    const uint64_t *a, *b;
    int64_t n_a, n_b, max_d;
    int64_t *rows; /* (max_d + 1) rows of 2 * max_d + 1 */
};

static int64_t *at(const struct search *s, int64_t d, int64_t k)
{
    return &s->rows[d * (2 * s->max_d + 1) + k + s->max_d];
}

/* True when diagonal k of row d is reached by an insertion (a step down from k + 1). */
static bool came_down(const struct search *s, int64_t d, int64_t k)
{
    return k == -d || (k != d && *at(s, d - 1, k - 1) < *at(s, d - 1, k + 1));
}

/* Number of edits, or -1 when there are more than max_d. */
static int64_t forward(const struct search *s)
{
    for (int64_t d = 0; d <= s->max_d; d++) {
        for (int64_t k = -d; k <= d; k += 2) {
            int64_t x = d == 0               ? 0
                        : came_down(s, d, k) ? *at(s, d - 1, k + 1)
                                             : *at(s, d - 1, k - 1) + 1;
            while (x < s->n_a && x - k < s->n_b && x - k >= 0 && s->a[x] == s->b[x - k])
                x++;
            *at(s, d, k) = x;
            if (x >= s->n_a && x - k >= s->n_b)
                return d;
        }
    }
    return -1;
}

/* Walks back from the end and writes hunks from last to first; false when there are too many. */
static bool backward(const struct search *s, int64_t d, struct wg_hunk *hunks, size_t max,
                     size_t *n)
{
    int64_t x = s->n_a, y = s->n_b;

    *n = 0;
    for (; d > 0; d--) {
        int64_t k = x - y;
        bool down = came_down(s, d, k);
        int64_t from_x = *at(s, d - 1, down ? k + 1 : k - 1);
        int64_t from_y = from_x - (down ? k + 1 : k - 1);
        int64_t edit_x = down ? from_x : from_x + 1, edit_y = down ? from_y + 1 : from_y;
        struct wg_hunk *last = *n ? &hunks[*n - 1] : NULL;
        if (last && (int64_t)last->a_first == edit_x && (int64_t)last->b_first == edit_y) {
            last->a_first = (uint32_t)from_x;
            last->b_first = (uint32_t)from_y;
        } else if (*n == max) {
            return false;
        } else {
            hunks[(*n)++] = (struct wg_hunk){(uint32_t)from_x, (uint32_t)edit_x, (uint32_t)from_y,
                                             (uint32_t)edit_y};
        }
        x = from_x;
        y = from_y;
    }
    return true;
}

enum wg_status wg_diff(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, size_t max_d,
                       struct wg_hunk *hunks, size_t max_hunks, size_t *n, bool *same,
                       struct wg_err *err)
{
    struct search s = {.a = a, .b = b, .max_d = (int64_t)max_d};
    size_t head = 0, tail = 0;

    *n = 0;
    while (head < n_a && head < n_b && a[head] == b[head])
        head++;
    while (tail < n_a - head && tail < n_b - head && a[n_a - tail - 1] == b[n_b - tail - 1])
        tail++;
    s.a = a + head;
    s.b = b + head;
    s.n_a = (int64_t)(n_a - head - tail);
    s.n_b = (int64_t)(n_b - head - tail);
    *same = s.n_a - s.n_b <= s.max_d && s.n_b - s.n_a <= s.max_d;
    if (!*same)
        return WG_OK;
    s.rows = wg_calloc((max_d + 1) * (2 * max_d + 1), sizeof *s.rows);
    if (!s.rows)
        return wg_oom(err, "a comparison of licence texts");
    int64_t d = forward(&s);
    *same = d >= 0 && backward(&s, d, hunks, max_hunks, n);
    wg_free(s.rows);
    if (!*same)
        *n = 0;
    for (size_t i = 0; i < *n / 2; i++) {
        struct wg_hunk h = hunks[i];
        hunks[i] = hunks[*n - 1 - i];
        hunks[*n - 1 - i] = h;
    }
    for (size_t i = 0; i < *n; i++) {
        hunks[i].a_first += (uint32_t)head;
        hunks[i].a_end += (uint32_t)head;
        hunks[i].b_first += (uint32_t)head;
        hunks[i].b_end += (uint32_t)head;
    }
    return WG_OK;
}
