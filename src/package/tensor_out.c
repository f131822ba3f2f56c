#include "package/tensor_out.h"

#include "base/mem.h"
#include "package/limits.h"
#include "package/names.h"

#include <string.h>

enum wg_status wg_tensor_out_init(struct wg_tensor_out *o, const char *path, struct wg_err *err)
{
    *o = (struct wg_tensor_out){.path = wg_strdup(path)};
    wg_arena_init(&o->arena, WG_GGUF_MAX_INDEX_BYTES);
    return o->path ? WG_OK : wg_oom(err, path);
}

void wg_tensor_out_release(struct wg_tensor_out *o)
{
    wg_out_close(o->out);
    wg_arena_release(&o->arena);
    wg_free(o->rows);
    wg_free(o->path);
    *o = (struct wg_tensor_out){0};
}

static enum wg_status check(const struct wg_tensor_out *o, const char *name, enum wg_type type,
                            int n_dims, const int64_t *ne, size_t *bytes, struct wg_err *err)
{
    const struct wg_type_info *t = wg_type_info((uint32_t)type);
    uint64_t values = 1;

    if (name[0] == '\0' || wg_has_control(name, strlen(name)))
        return wg_fail(err, WG_E_INPUT, "%s: the tensor name \"%.120s\" %s", o->path, name,
                       name[0] ? "holds a control character" : "is empty");
    if (!t || n_dims < 0 || n_dims > WG_MAX_DIMS)
        return wg_fail(err, WG_E_USAGE, "%s: tensor \"%.120s\": type %d, %d dimensions", o->path,
                       name, (int)type, n_dims);
    for (int i = 0; i < n_dims; i++)
        if (ne[i] < 0 || (uint64_t)ne[i] > WG_GGUF_MAX_DIM ||
            __builtin_mul_overflow(values, (uint64_t)ne[i], &values))
            return wg_fail(err, WG_E_INPUT, "%s: tensor \"%.120s\": dimension %d is %lld", o->path,
                           name, i, (long long)ne[i]);
    if ((n_dims ? ne[0] : 1) % t->block_values != 0)
        return wg_fail(err, WG_E_INPUT,
                       "%s: tensor \"%.120s\": rows of %lld values are no multiple of the %u of a "
                       "%s block",
                       o->path, name, (long long)(n_dims ? ne[0] : 1), t->block_values, t->name);
    if (!wg_type_bytes(type, values, bytes))
        return wg_fail(err, WG_E_INPUT, "%s: the size of tensor \"%.120s\" overflows", o->path,
                       name);
    return WG_OK;
}

enum wg_status wg_tensor_out_add(struct wg_tensor_out *o, const char *name, enum wg_type type,
                                 int n_dims, const int64_t *ne, struct wg_err *err)
{
    size_t bytes = 0;

    if (o->out)
        return wg_fail(err, WG_E_USAGE, "%s: tensors are declared before their data", o->path);
    WG_TRY(check(o, name, type, n_dims, ne, &bytes, err));
    if (o->n_rows >= WG_GGUF_MAX_TENSORS)
        return wg_fail(err, WG_E_LIMIT, "%s: over %u tensors", o->path, WG_GGUF_MAX_TENSORS);
    if ((o->n_rows & (o->n_rows - 1)) == 0) { /* full at every power of two */
        struct wg_tensor *rows = wg_realloc(o->rows, o->n_rows ? 2 * o->n_rows : 1, sizeof *rows);
        if (!rows)
            return wg_oom(err, o->path);
        o->rows = rows;
    }
    struct wg_tensor *t = &o->rows[o->n_rows];
    *t = (struct wg_tensor){.type = type, .n_dims = n_dims, .bytes = bytes};
    for (int i = 0; i < WG_MAX_DIMS; i++)
        t->ne[i] = i < n_dims ? ne[i] : 1;
    t->name = wg_arena_strndup(&o->arena, name, strlen(name));
    if (!t->name)
        return wg_oom(err, o->path);
    o->n_rows++;
    return WG_OK;
}

enum wg_status wg_tensor_out_unique(const struct wg_tensor_out *o, struct wg_err *err)
{
    struct wg_name *names = wg_calloc(o->n_rows, sizeof *names);

    if (!names)
        return wg_oom(err, o->path);
    for (size_t i = 0; i < o->n_rows; i++)
        names[i] = (struct wg_name){o->rows[i].name, i};
    size_t twice = wg_names_sort(names, o->n_rows);
    wg_free(names);
    if (twice != SIZE_MAX)
        return wg_fail(err, WG_E_INPUT, "%s: tensor \"%.120s\" is there twice", o->path,
                       o->rows[twice].name);
    return WG_OK;
}

/* Tensors without bytes need no data call. */
static void skip_whole(struct wg_tensor_out *o)
{
    while (o->current < o->n_rows && o->done == o->rows[o->current].bytes) {
        o->current++;
        o->done = 0;
    }
}

enum wg_status wg_tensor_out_begin(struct wg_tensor_out *o, const void *header, size_t n,
                                   uint64_t bytes, struct wg_err *err)
{
    WG_TRY(wg_out_open(o->path, bytes, &o->out, err));
    skip_whole(o);
    return wg_out_write(o->out, 0, header, n, err);
}

enum wg_status wg_tensor_out_data(struct wg_tensor_out *o, const void *bytes, size_t n,
                                  struct wg_err *err)
{
    const char *p = bytes;

    if (!o->out)
        return wg_fail(err, WG_E_USAGE, "%s: data before the header", o->path);
    while (n > 0) {
        if (o->current == o->n_rows)
            return wg_fail(err, WG_E_USAGE, "%s: %zu bytes more than its tensors have", o->path, n);
        const struct wg_tensor *t = &o->rows[o->current];
        size_t k = WG_MIN(n, t->bytes - o->done);
        WG_TRY(wg_out_write(o->out, t->offset + o->done, p, k, err));
        o->done += k;
        p += k;
        n -= k;
        skip_whole(o);
    }
    return WG_OK;
}

enum wg_status wg_tensor_out_finish(struct wg_tensor_out *o, struct wg_err *err)
{
    if (!o->out)
        return wg_fail(err, WG_E_USAGE, "%s: finished before the header", o->path);
    if (o->current < o->n_rows)
        return wg_fail(err, WG_E_USAGE, "%s: tensor \"%.120s\" has %zu of its %zu bytes", o->path,
                       o->rows[o->current].name, o->done, o->rows[o->current].bytes);
    return wg_out_commit(o->out, err);
}
