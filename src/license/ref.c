#include "license/ref.h"

#include "base/attr.h"

#include <string.h>
#include <strings.h>

static const struct wg_ref_text *const refs[] = {
#define WG_REF_ROW(name) &wg_ref_##name,
    WG_REFS(WG_REF_ROW)
#undef WG_REF_ROW
};

size_t wg_ref_count(void)
{
    return WG_COUNT(refs);
}

const struct wg_ref_text *wg_ref_at(size_t i)
{
    return refs[i];
}

const struct wg_ref_text *wg_ref_by_label(const char *label)
{
    for (size_t i = 0; i < WG_COUNT(refs); i++)
        if (strcasecmp(refs[i]->id, label) == 0 || strcasecmp(refs[i]->spdx, label) == 0)
            return refs[i];
    return NULL;
}
