#include "base/type.h"

#include "base/mem.h"

static const struct wg_type_info types[WG_TYPE_LIMIT] = {
#define WG_TYPE_ROW(e, id, name, block, bytes) [id] = {name, block, bytes},
    WG_TYPES(WG_TYPE_ROW)
#undef WG_TYPE_ROW
};

const struct wg_type_info *wg_type_info(uint32_t id)
{
    return id < WG_TYPE_LIMIT && types[id].name ? &types[id] : NULL;
}

bool wg_type_bytes(enum wg_type type, uint64_t n, size_t *bytes)
{
    const struct wg_type_info *t = wg_type_info((uint32_t)type);

    if (!t || n % t->block_values != 0)
        return false;
    return wg_mul_ok((size_t)(n / t->block_values), t->block_bytes, bytes);
}
