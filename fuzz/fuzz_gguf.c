/* package/gguf.h: any bytes are refused or read, and what is read lies inside the input. */
#include "fuzz.h"

#include "package/gguf.h"

#include <stdlib.h>
#include <string.h>

static uint8_t sum; /* keeps the reads below from being optimized away */

static void touch(const void *p, size_t n)
{
    const uint8_t *bytes = p;

    if (n)
        sum ^= bytes[0] ^ bytes[n - 1];
}

static void read_keys(const struct wg_gguf *g)
{
    struct wg_err err;
    int64_t v;
    double d;

    for (size_t i = 0; i < wg_gguf_kv_count(g); i++) {
        const struct wg_gguf_kv *kv = wg_gguf_kv_at(g, i);
        if (wg_gguf_find(g, kv->key) != kv)
            abort();
        for (uint64_t k = 0; kv->strs && k < kv->count; k++)
            touch(kv->strs[k].p, kv->strs[k].n);
        if (kv->count && !kv->strs &&
            (wg_gguf_item_i64(kv, kv->count - 1, &v, &err) == WG_OK ||
             wg_gguf_item_f64(kv, kv->count - 1, &d, &err) == WG_OK))
            touch(kv->data, 1);
        if (wg_gguf_item_i64(kv, kv->count, &v, &err) == WG_OK)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wg_err err = {0};
    struct wg_gguf *g = NULL;
    uint8_t *copy = malloc(size ? size : 1); /* exact size: a read of one more is seen */

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    if (wg_gguf_parse(copy, size, false, 0, "fuzz", &g, &err) == WG_OK) {
        read_keys(g);
        for (size_t i = 0; i < wg_gguf_tensor_count(g); i++) {
            const struct wg_tensor *t = wg_gguf_tensor_at(g, i);
            if (wg_gguf_tensor(g, t->name) != t)
                abort();
            touch(t->data, t->bytes);
        }
        wg_gguf_close(g);
    } else if (err.status == WG_OK || err.msg[0] == '\0') {
        abort();
    }
    if (wg_gguf_parse(copy, size, true, UINT64_MAX, "fuzz", &g, &err) == WG_OK)
        wg_gguf_close(g);
    free(copy);
    return 0;
}
