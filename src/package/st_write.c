#include "package/st_write.h"

#include "base/json.h"
#include "base/mem.h"
#include "package/limits.h"
#include "package/tensor_out.h"

#include <string.h>

enum { LENGTH_BYTES = 8, MAX_VALUE_BYTES = 8 };

struct wg_st_out {
    struct wg_tensor_out tensors;
    json_t *meta; /* NULL without metadata */
};

enum wg_status wg_st_out_new(const char *path, struct wg_st_out **out, struct wg_err *err)
{
    struct wg_st_out *o = wg_calloc(1, sizeof *o);

    if (!o)
        return wg_oom(err, path);
    enum wg_status st = wg_tensor_out_init(&o->tensors, path, err);
    if (st != WG_OK) {
        wg_st_out_free(o);
        return st;
    }
    *out = o;
    return WG_OK;
}

void wg_st_out_free(struct wg_st_out *o)
{
    if (!o)
        return;
    wg_tensor_out_release(&o->tensors);
    json_decref(o->meta);
    wg_free(o);
}

enum wg_status wg_st_out_meta(struct wg_st_out *o, const char *key, const char *value,
                              struct wg_err *err)
{
    if (o->tensors.out)
        return wg_fail(err, WG_E_USAGE, "%s: metadata after the header", o->tensors.path);
    if (!o->meta)
        o->meta = json_object();
    if (!o->meta)
        return wg_oom(err, o->tensors.path);
    if (json_object_set_new(o->meta, key, json_string(value)) != 0)
        return wg_fail(err, WG_E_INPUT, "%s: the metadata \"%.120s\" are not UTF-8",
                       o->tensors.path, key);
    return WG_OK;
}

enum wg_status wg_st_out_tensor(struct wg_st_out *o, const char *name, enum wg_type type,
                                int n_dims, const int64_t *ne, struct wg_err *err)
{
    const struct wg_type_info *t = wg_type_info((uint32_t)type);

    if (t && t->block_values != 1)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: tensor \"%.120s\" is of type %s: safetensors has no such type",
                       o->tensors.path, name, t->name);
    if (strcmp(name, "__metadata__") == 0 || strlen(name) > WG_ST_MAX_NAME_BYTES)
        return wg_fail(err, WG_E_INPUT,
                       "%s: the tensor name \"%.120s\" is reserved or over %u bytes",
                       o->tensors.path, name, WG_ST_MAX_NAME_BYTES);
    return wg_tensor_out_add(&o->tensors, name, type, n_dims, ne, err);
}

/* Offsets from the begin of the data section, wider types first; in *end its size. */
static enum wg_status place(struct wg_st_out *o, uint64_t *end, struct wg_err *err)
{
    uint64_t at = 0;

    for (uint32_t width = MAX_VALUE_BYTES; width > 0; width /= 2)
        for (size_t i = 0; i < o->tensors.n_rows; i++) {
            struct wg_tensor *t = &o->tensors.rows[i];
            if (wg_type_info((uint32_t)t->type)->block_bytes != width)
                continue;
            t->offset = at;
            if (__builtin_add_overflow(at, t->bytes, &at) || at > INT64_MAX / 2)
                return wg_fail(err, WG_E_INPUT, "%s: the tensors have over 2^62 bytes",
                               o->tensors.path);
        }
    *end = at;
    return WG_OK;
}

static json_t *row_of(const struct wg_tensor *t)
{
    json_int_t begin = (json_int_t)t->offset, end = begin + (json_int_t)t->bytes;
    json_t *shape = json_array();

    for (int i = t->n_dims; i-- > 0;)
        if (json_array_append_new(shape, json_integer(t->ne[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", wg_type_info((uint32_t)t->type)->name,
                     "shape", shape, "data_offsets", begin, end);
}

static enum wg_status make_header(struct wg_st_out *o, json_t **out, struct wg_err *err)
{
    json_t *doc = *out = json_object();

    if (!doc || (o->meta && json_object_set(doc, "__metadata__", o->meta) != 0))
        return wg_oom(err, o->tensors.path);
    for (size_t i = 0; i < o->tensors.n_rows; i++) {
        const struct wg_tensor *t = &o->tensors.rows[i];
        json_t *row = row_of(t);
        if (!row)
            return wg_oom(err, o->tensors.path);
        if (json_object_set_new(doc, t->name, row) != 0)
            return wg_fail(err, WG_E_INPUT, "%s: the tensor name \"%.120s\" is not UTF-8",
                           o->tensors.path, t->name);
    }
    return WG_OK;
}

/* The length, the JSON text, and spaces up to where data of every type are aligned. */
static enum wg_status write_header(struct wg_buf *b, const json_t *doc, struct wg_err *err)
{
    static const char zeros[LENGTH_BYTES];

    wg_buf_init(b, LENGTH_BYTES + WG_ST_MAX_HEADER_BYTES + 1);
    wg_buf_add(b, zeros, sizeof zeros);
    WG_TRY(wg_json_write(b, doc, 0, err));
    while (b->len % MAX_VALUE_BYTES != 0 && !b->failed)
        wg_buf_addc(b, ' ');
    WG_TRY(wg_buf_check(b, "the header of a safetensors file", err));
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        b->p[i] = (char)((b->len - LENGTH_BYTES) >> (8 * i) & 0xff);
    return WG_OK;
}

enum wg_status wg_st_out_begin(struct wg_st_out *o, struct wg_err *err)
{
    uint64_t data_bytes = 0;
    struct wg_buf b = {0};
    json_t *doc = NULL;

    if (o->tensors.out)
        return wg_fail(err, WG_E_USAGE, "%s: the header is written twice", o->tensors.path);
    WG_TRY(wg_tensor_out_unique(&o->tensors, err));
    WG_TRY(place(o, &data_bytes, err));
    enum wg_status st = make_header(o, &doc, err);
    if (st == WG_OK)
        st = write_header(&b, doc, err);
    json_decref(doc);
    for (size_t i = 0; i < o->tensors.n_rows; i++)
        o->tensors.rows[i].offset += b.len;
    if (st == WG_OK)
        st = wg_tensor_out_begin(&o->tensors, b.p, b.len, b.len + data_bytes, err);
    wg_buf_release(&b);
    return st;
}

enum wg_status wg_st_out_data(struct wg_st_out *o, const void *bytes, size_t n, struct wg_err *err)
{
    return wg_tensor_out_data(&o->tensors, bytes, n, err);
}

enum wg_status wg_st_out_finish(struct wg_st_out *o, struct wg_err *err)
{
    return wg_tensor_out_finish(&o->tensors, err);
}
