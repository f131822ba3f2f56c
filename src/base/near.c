#include "base/near.h"

#include "base/attr.h"

#include <stdint.h>
#include <string.h>

enum { MAX_NAME = 127 };

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

size_t wg_edit_distance(const char *a, const char *b)
{
    uint8_t row[3][MAX_NAME + 1]; /* of this, the last and the one before character of a */
    size_t na = strnlen(a, MAX_NAME), nb = strnlen(b, MAX_NAME);

    for (size_t j = 0; j <= nb; j++)
        row[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= na; i++) {
        uint8_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (uint8_t)i;
        for (size_t j = 1; j <= nb; j++) {
            int x = lower(a[i - 1]), y = lower(b[j - 1]);
            uint8_t best = (uint8_t)(last[j - 1] + (x != y));
            best = WG_MIN(best, (uint8_t)(last[j] + 1));
            best = WG_MIN(best, (uint8_t)(now[j - 1] + 1));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                best = WG_MIN(best, (uint8_t)(before[j - 2] + 1));
            now[j] = best;
        }
    }
    return row[na % 3][nb];
}

size_t wg_near(const char *asked, const char *name)
{
    size_t d = wg_edit_distance(asked, name), longer = WG_MAX(strlen(asked), strlen(name));

    if (d * 3 <= longer)
        return d;
    if (strlen(asked) >= 3 && (strcasestr(name, asked) || strcasestr(asked, name)))
        return longer; /* after those that are a slip of the keyboard away */
    return SIZE_MAX;
}
