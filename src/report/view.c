#include "report/view.h"

#include <string.h>

size_t wg_view_reasons(const json_t *report, const json_t **out, size_t max)
{
    static const char *const order[] = {"no-go", "review"};
    size_t n = 0, i;
    json_t *s;

    for (size_t k = 0; k < WG_COUNT(order); k++) {
        json_array_foreach(json_object_get(report, "sections"), i, s) {
            if (n < max && strcmp(wg_view_str(s, "verdict"), order[k]) == 0)
                out[n++] = s;
        }
    }
    return n;
}
