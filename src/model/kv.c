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

static size_t align_up(size_t n)
{
    return (n + HEAD_ALIGN - 1) & ~(size_t)(HEAD_ALIGN - 1);
}

static size_t past_bytes(const struct wg_delta_spec *d)
{
    return align_up((size_t)wg_delta_past_values(d) * sizeof(float));
}

static size_t state_bytes(const struct wg_delta_spec *d)
{
    return align_up((size_t)wg_delta_state_values(d) * sizeof(float));
}

/* Bytes of all positions of one head of n values, and of all heads of a layer's K and V. */
static bool head_bytes(int n, int elem, int64_t capacity, size_t *out)
{
    if (!wg_mul_ok((size_t)n * (size_t)elem, (size_t)capacity, out) ||
        !wg_add_ok(*out, HEAD_ALIGN - 1, out))
        return false;
    *out &= ~(size_t)(HEAD_ALIGN - 1);
    return true;
}

static bool layer_bytes(const struct wg_kv_shape *s, int elem, int64_t capacity, size_t *k,
                        size_t *v, size_t *total)
{
    return head_bytes(s->d_k, elem, capacity, k) && head_bytes(s->d_v, elem, capacity, v) &&
           wg_add_ok(*k, *v, total) && wg_mul_ok(*total, (size_t)s->heads, total);
}

enum wg_status wg_kv_init(struct wg_kv *kv, const struct wg_spec *spec, enum wg_kv_type type,
                          int64_t capacity, struct wg_err *err)
{
    size_t k, v, bytes, total = 0;
    int elem = wg_kv_type_bytes(type);

    *kv = (struct wg_kv){.type = type,
                         .capacity = capacity,
                         .n_layers = spec->n_layers,
                         .recurrent = wg_spec_recurrent(spec)};
    if (capacity < 1)
        return wg_fail(err, WG_E_USAGE, "a context of %lld tokens", (long long)capacity);
    kv->layers = wg_calloc((size_t)spec->n_layers, sizeof *kv->layers);
    if (!kv->layers)
        return wg_oom(err, "the KV cache");
    for (int i = 0; i < spec->n_layers; i++) {
        struct wg_kv_shape shape = wg_kv_shape_of(&spec->layers[i].attn);
        const struct wg_delta_spec *d = &spec->layers[i].delta;
        if (!layer_bytes(&shape, elem, capacity, &k, &v, &bytes) ||
            !wg_add_ok(total, past_bytes(d) + state_bytes(d), &total) ||
            !wg_add_ok(total, bytes, &total))
            return wg_fail(err, WG_E_LIMIT, "a context of %lld tokens does not fit in memory",
                           (long long)capacity);
    }
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
        struct wg_kv_shape shape = wg_kv_shape_of(&spec->layers[i].attn);
        const struct wg_delta_spec *d = &spec->layers[i].delta;
        layer_bytes(&shape, elem, capacity, &k, &v, &bytes);
        struct wg_kv_layer *l = &kv->layers[i];
        *l = (struct wg_kv_layer){.k = at,
                                  .v = at + k * (size_t)shape.heads,
                                  .k_row_bytes = (size_t)shape.d_k * (size_t)elem,
                                  .v_row_bytes = (size_t)shape.d_v * (size_t)elem,
                                  .k_head_bytes = k,
                                  .v_head_bytes = v};
        /* A latent row is key and value in one. */
        if (shape.d_v == 0) {
            l->v = l->k;
            l->v_row_bytes = l->k_row_bytes;
        }
        at += bytes;
        l->past = (float *)(void *)at;
        l->state = (float *)(void *)(at + past_bytes(d));
        l->state_bytes = past_bytes(d) + state_bytes(d);
        at += l->state_bytes;
    }
    return WG_OK;
}

void wg_kv_truncate(struct wg_kv *kv, int64_t length)
{
    if (length >= kv->length)
        return;
    kv->length = kv->recurrent ? 0 : length;
    for (int i = 0; i < kv->n_layers; i++)
        memset(kv->layers[i].past, 0, kv->layers[i].state_bytes);
}

void wg_kv_release(struct wg_kv *kv)
{
    if (kv->memory)
        munmap(kv->memory, kv->memory_bytes);
    wg_free(kv->layers);
    *kv = (struct wg_kv){0};
}
