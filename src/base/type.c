#include "base/type.h"

#include "base/mem.h"

#include <string.h>

static const struct wg_type_info types[WG_TYPE_LIMIT] = {
#define WG_TYPE_ROW(e, id, name, block, bytes) [id] = {name, block, bytes},
    WG_TYPES(WG_TYPE_ROW)
#undef WG_TYPE_ROW
};

const struct wg_type_info *wg_type_info(uint32_t id)
{
    return id < WG_TYPE_LIMIT && types[id].name ? &types[id] : NULL;
}

bool wg_type_find(const char *name, enum wg_type *out)
{
    for (uint32_t id = 0; id < WG_TYPE_LIMIT; id++)
        if (types[id].name && strcmp(types[id].name, name) == 0) {
            *out = (enum wg_type)id;
            return true;
        }
    return false;
}

bool wg_type_bytes(enum wg_type type, uint64_t n, size_t *bytes)
{
    const struct wg_type_info *t = wg_type_info((uint32_t)type);

    if (!t || n % t->block_values != 0)
        return false;
    return wg_mul_ok((size_t)(n / t->block_values), t->block_bytes, bytes);
}
