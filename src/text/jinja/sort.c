/* Stable merge sort by Python's order; a comparison may fail. */
#include "text/jinja/run.h"

#include <string.h>

struct sorter {
    struct wg_j_run *r;
    struct wg_j_val *key;
    size_t *order, *scratch;
    bool reverse;
};

/* Whether b goes before a, which stands before it now. */
static enum wg_status overtakes(struct sorter *s, size_t a, size_t b, bool *out)
{
    if (s->reverse)
        return wg_j_less(s->r, s->key[a], s->key[b], "<", out);
    return wg_j_less(s->r, s->key[b], s->key[a], "<", out);
}

static enum wg_status merge(struct sorter *s, size_t from, size_t mid, size_t to)
{
    size_t i = from, j = mid, k = from;
    bool second;

    while (i < mid && j < to) {
        WG_TRY(wg_j_work(s->r, 16));
        WG_TRY(overtakes(s, s->order[i], s->order[j], &second));
        s->scratch[k++] = second ? s->order[j++] : s->order[i++];
    }
    memcpy(s->scratch + k, s->order + i, (mid - i) * sizeof *s->order);
    k += mid - i;
    memcpy(s->scratch + k, s->order + j, (to - j) * sizeof *s->order);
    memcpy(s->order + from, s->scratch + from, (to - from) * sizeof *s->order);
    return WG_OK;
}

enum wg_status wg_j_sort(struct wg_j_run *r, struct wg_j_val *items, struct wg_j_val *keys,
                         size_t n, bool reverse)
{
    struct sorter s = {.r = r, .key = keys, .reverse = reverse};
    void *mem;

    if (n < 2)
        return WG_OK;
    WG_TRY(wg_j_work(r, n));
    WG_TRY(wg_j_alloc(r, n, 2 * sizeof *s.order, &mem));
    s.order = mem;
    s.scratch = s.order + n;
    for (size_t i = 0; i < n; i++)
        s.order[i] = i;
    for (size_t width = 1; width < n; width *= 2)
        for (size_t i = 0; i + width < n; i += 2 * width)
            WG_TRY(merge(&s, i, i + width, WG_MIN(i + 2 * width, n)));
    WG_TRY(wg_j_alloc(r, n, sizeof *items, &mem));
    memcpy(mem, items, n * sizeof *items);
    for (size_t i = 0; i < n; i++)
        items[i] = ((struct wg_j_val *)mem)[s.order[i]];
    return WG_OK;
}
