/*
 * package/safetensors.h and package/st_index.h: any bytes are refused or read, and what is read
 * lies inside the input.
 */
#include "fuzz.h"

#include "package/safetensors.h"
#include "package/st_index.h"

#include <stdlib.h>
#include <string.h>

static uint8_t sum; /* keeps the reads below from being optimized away */

static void read_file(const uint8_t *bytes, size_t size, struct wg_err *err)
{
    struct wg_st *s = NULL;
    uint64_t head = 0, at = 0;

    if (wg_st_parse(bytes, size, false, 0, "fuzz", &s, err) != WG_OK) {
        if (err->status == WG_OK || err->msg[0] == '\0' || s)
            abort();
        return;
    }
    if (wg_st_header_bytes(bytes, size, size, "fuzz", &head, err) != WG_OK || head > size)
        abort();
    at = head;
    for (size_t i = 0; i < wg_st_tensor_count(s); i++) {
        const struct wg_tensor *t = wg_st_tensor_at(s, i);
        const uint8_t *p = t->data;
        if (wg_st_tensor_find(s, t->name) != t || t->offset != at || p != bytes + at)
            abort();
        for (size_t k = 0; k < t->bytes; k++)
            sum ^= p[k];
        at += t->bytes;
    }
    if (at != size) /* the tensors cover the file */
        abort();
    for (size_t i = 0; i < wg_st_meta_count(s); i++)
        if (!wg_st_meta_find(s, wg_st_meta_at(s, i)->key))
            abort();
    wg_st_close(s);
    if (wg_st_parse(bytes, (size_t)head, true, size, "fuzz", &s, err) != WG_OK)
        abort();
    wg_st_close(s);
}

static void read_index(const uint8_t *bytes, size_t size, struct wg_err *err)
{
    struct wg_st_index x;

    if (wg_st_index_parse((const char *)bytes, size, "fuzz", &x, err) != WG_OK)
        return;
    for (size_t i = 0; i < x.n_files; i++)
        if (strchr(x.files[i].name, '/') || x.files[i].row != i)
            abort();
    wg_st_index_release(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wg_err err = {0};
    uint8_t *copy = malloc(size ? size : 1); /* exact size: a read of one more is seen */

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    read_file(copy, size, &err);
    read_index(copy, size, &err);
    free(copy);
    return 0;
}
