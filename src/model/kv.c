#include "model/kv.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Each head starts on its own cache line. */
enum { HEAD_ALIGN = 64 };

int wg_kv_type_bytes(enum wg_kv_type type)
{
    return type == WG_KV_F32 ? 4 : 2;
}

static bool layer_bytes(const struct wg_attn_spec *a, int elem, int64_t capacity, size_t *row,
                        size_t *head, size_t *total)
{
    *row = (size_t)a->d_head * (size_t)elem;
    if (!wg_mul_ok(*row, (size_t)capacity, head) || !wg_add_ok(*head, HEAD_ALIGN - 1, head))
        return false;
    *head &= ~(size_t)(HEAD_ALIGN - 1);
    return wg_mul_ok(*head, 2 * (size_t)a->n_kv_heads, total);
}

enum wg_status wg_kv_init(struct wg_kv *kv, const struct wg_spec *spec, enum wg_kv_type type,
                          int64_t capacity, struct wg_err *err)
{
    size_t row, head, bytes, total = 0;
    int elem = wg_kv_type_bytes(type);

    *kv = (struct wg_kv){.type = type, .capacity = capacity, .n_layers = spec->n_layers};
    if (capacity < 1)
        return wg_fail(err, WG_E_USAGE, "a context of %lld tokens", (long long)capacity);
    kv->layers = wg_calloc((size_t)spec->n_layers, sizeof *kv->layers);
    if (!kv->layers)
        return wg_oom(err, "the KV cache");
    for (int i = 0; i < spec->n_layers; i++)
        if (!layer_bytes(&spec->layers[i].attn, elem, capacity, &row, &head, &bytes) ||
            !wg_add_ok(total, bytes, &total))
            return wg_fail(err, WG_E_LIMIT, "a context of %lld tokens does not fit in memory",
                           (long long)capacity);
    void *p = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    if (p == MAP_FAILED)
        return wg_fail(err, WG_E_OOM,
                       "no memory for a KV cache of %lld tokens (%zu bytes): %s; ask for a smaller "
                       "context",
                       (long long)capacity, total, strerror(errno));
    kv->memory = p;
    kv->memory_bytes = total;
    char *at = p;
    for (int i = 0; i < spec->n_layers; i++) {
        const struct wg_attn_spec *a = &spec->layers[i].attn;
        layer_bytes(a, elem, capacity, &row, &head, &bytes);
        kv->layers[i] = (struct wg_kv_layer){
            .k = at, .v = at + bytes / 2, .row_bytes = row, .head_bytes = head};
        at += bytes;
    }
    return WG_OK;
}

void wg_kv_truncate(struct wg_kv *kv, int64_t length)
{
    if (length < kv->length)
        kv->length = length;
}

void wg_kv_release(struct wg_kv *kv)
{
    if (kv->memory)
        munmap(kv->memory, kv->memory_bytes);
    wg_free(kv->layers);
    *kv = (struct wg_kv){0};
}
