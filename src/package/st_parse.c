/*
 * The bytes of one safetensors file to tensor rows: every rule for untrusted input that concerns a
 * single file is here. Layout: u64 length of the header, the header (a JSON object, maybe padded
 * with spaces), the data that it describes.
 */
#include "package/st_part.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/rd.h"
#include "package/limits.h"
#include "package/names.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8 };

enum wg_status wg_st_header_bytes(const void *bytes, size_t n, uint64_t file_bytes,
                                  const char *name, uint64_t *header_bytes, struct wg_err *err)
{
    struct wg_rd r;

    wg_rd_init(&r, bytes, n, name, err);
    uint64_t len = wg_rd_u64(&r, "the length of the header");
    if (!wg_rd_ok(&r))
        return r.failed;
    if (len > WG_ST_MAX_HEADER_BYTES)
        return wg_rd_fail(&r, 0, WG_E_INPUT,
                          "the length of the header is %llu, the limit is %llu: this is not a "
                          "safetensors file, or it is damaged",
                          (unsigned long long)len, (unsigned long long)WG_ST_MAX_HEADER_BYTES);
    if (file_bytes < LENGTH_BYTES || len > file_bytes - LENGTH_BYTES)
        return wg_rd_fail(&r, 0, WG_E_INPUT,
                          "the length of the header is %llu, the file has %llu bytes: it is cut "
                          "short or damaged",
                          (unsigned long long)len, (unsigned long long)file_bytes);
    *header_bytes = LENGTH_BYTES + len;
    return WG_OK;
}

/* Fails with "FILE: tensor "NAME": RULE". */
static enum wg_status broken(const struct wg_st_part *part, const char *name, enum wg_status status,
                             struct wg_err *err, const char *fmt, ...) WG_PRINTF(5, 6);

static enum wg_status broken(const struct wg_st_part *part, const char *name, enum wg_status status,
                             struct wg_err *err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    wg_vfail(err, status, fmt, ap);
    va_end(ap);
    wg_err_prefix(err, "%s: tensor \"%.120s\"", part->path, name);
    return status;
}

/* A JSON string without a NUL inside, or NULL. */
static const char *text_of(const json_t *v)
{
    const char *s = json_string_value(v);
    return s && strlen(s) == json_string_length(v) ? s : NULL;
}

static enum wg_status read_name(struct wg_st_part *part, const char *name, struct wg_tensor *t,
                                struct wg_err *err)
{
    size_t n = strlen(name);

    if (n == 0)
        return wg_fail(err, WG_E_INPUT, "%s: a tensor name is empty", part->path);
    if (n > WG_ST_MAX_NAME_BYTES)
        return broken(part, name, WG_E_INPUT, err, "the name has %zu bytes, the limit is %u", n,
                      WG_ST_MAX_NAME_BYTES);
    if (wg_has_control(name, n))
        return broken(part, name, WG_E_INPUT, err, "the name holds a control character");
    t->name = wg_arena_strndup(&part->arena, name, n);
    return t->name ? WG_OK : wg_oom(err, part->path);
}

/* The dtype names are the names of the types of one value a block. */
static enum wg_status read_dtype(const struct wg_st_part *part, const json_t *v,
                                 struct wg_tensor *t, struct wg_err *err)
{
    static const char *const others[] = {"C64",     "F4",          "F6_E2M3",
                                         "F6_E3M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"};
    const char *name = text_of(v);

    if (!name)
        return broken(part, t->name, WG_E_INPUT, err, "\"dtype\" is missing or not a string");
    if (wg_type_find(name, &t->type) && wg_type_info((uint32_t)t->type)->block_values == 1)
        return WG_OK;
    for (size_t i = 0; i < WG_COUNT(others); i++)
        if (strcmp(name, others[i]) == 0)
            return broken(part, t->name, WG_E_UNSUPPORTED, err, "dtype %s is not supported", name);
    return broken(part, t->name, WG_E_INPUT, err, "dtype \"%.40s\" is not known", name);
}

static enum wg_status read_shape(const struct wg_st_part *part, const json_t *v,
                                 struct wg_tensor *t, struct wg_err *err)
{
    uint64_t values = 1;
    size_t n = json_array_size(v);

    if (!json_is_array(v))
        return broken(part, t->name, WG_E_INPUT, err, "\"shape\" is missing or not an array");
    if (n > WG_MAX_DIMS)
        return broken(part, t->name, WG_E_UNSUPPORTED, err,
                      "the shape has %zu dimensions, at most %d are supported", n, WG_MAX_DIMS);
    t->n_dims = (int)n;
    for (size_t i = n; i < WG_MAX_DIMS; i++)
        t->ne[i] = 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *d = json_array_get(v, i);
        json_int_t k = json_integer_value(d);
        if (!json_is_integer(d))
            return broken(part, t->name, WG_E_INPUT, err,
                          "dimension %zu of the shape is not an integer", i);
        if (k < 0 || (uint64_t)k > WG_GGUF_MAX_DIM)
            return broken(part, t->name, WG_E_INPUT, err,
                          "dimension %zu of the shape is %lld: it must be from 0 to 2^40", i,
                          (long long)k);
        if (__builtin_mul_overflow(values, (uint64_t)k, &values) || values > INT64_MAX)
            return broken(part, t->name, WG_E_INPUT, err,
                          "the dimensions of the shape multiply to over 2^63");
        t->ne[n - 1 - i] = k;
    }
    if (!wg_type_bytes(t->type, values, &t->bytes))
        return broken(part, t->name, WG_E_INPUT, err, "the size of the data overflows");
    return WG_OK;
}

/* data_offsets are relative to the end of the header. */
static enum wg_status read_offsets(const struct wg_st_part *part, const json_t *v, uint64_t data_at,
                                   struct wg_tensor *t, struct wg_err *err)
{
    const json_t *a = json_array_get(v, 0), *b = json_array_get(v, 1);
    json_int_t begin = json_integer_value(a), end = json_integer_value(b);

    if (json_array_size(v) != 2 || !json_is_integer(a) || !json_is_integer(b))
        return broken(part, t->name, WG_E_INPUT, err,
                      "\"data_offsets\" is missing or not two integers");
    if (begin < 0 || end < begin)
        return broken(part, t->name, WG_E_INPUT, err,
                      "the data offsets %lld and %lld are not an ascending range", (long long)begin,
                      (long long)end);
    if ((uint64_t)(end - begin) != t->bytes)
        return broken(part, t->name, WG_E_INPUT, err,
                      "the data offsets %lld and %lld hold %lld bytes, dtype and shape need %zu",
                      (long long)begin, (long long)end, (long long)(end - begin), t->bytes);
    if ((uint64_t)end > part->file_bytes - data_at)
        return broken(part, t->name, WG_E_INPUT, err,
                      "the data end at %lld, the file has %llu bytes of data: it is cut short or "
                      "damaged",
                      (long long)end, (unsigned long long)(part->file_bytes - data_at));
    t->offset = data_at + (uint64_t)begin;
    t->data = part->header_only ? NULL : part->base + t->offset;
    t->part = part->number;
    return WG_OK;
}

static enum wg_status check_fields(const struct wg_st_part *part, const char *name, json_t *entry,
                                   struct wg_err *err)
{
    static const char *const known[] = {"dtype", "shape", "data_offsets"};
    const char *field;
    json_t *v;

    json_object_foreach(entry, field, v) {
        size_t i = 0;
        while (i < WG_COUNT(known) && strcmp(field, known[i]) != 0)
            i++;
        if (i == WG_COUNT(known))
            return broken(part, name, WG_E_INPUT, err, "its entry has the unknown field \"%.40s\"",
                          field);
    }
    return WG_OK;
}

static enum wg_status read_tensor(struct wg_st_part *part, const char *name, json_t *v,
                                  uint64_t data_at, struct wg_err *err)
{
    struct wg_tensor *t = &part->tensors[part->n_tensors];

    WG_TRY(read_name(part, name, t, err));
    if (!json_is_object(v))
        return broken(part, name, WG_E_INPUT, err, "its entry in the header is not an object");
    WG_TRY(check_fields(part, name, v, err));
    WG_TRY(read_dtype(part, json_object_get(v, "dtype"), t, err));
    WG_TRY(read_shape(part, json_object_get(v, "shape"), t, err));
    WG_TRY(read_offsets(part, json_object_get(v, "data_offsets"), data_at, t, err));
    part->n_tensors++;
    return WG_OK;
}

static enum wg_status read_meta(struct wg_st_part *part, json_t *v, struct wg_err *err)
{
    const char *key;
    json_t *value;

    if (!json_is_object(v))
        return wg_fail(err, WG_E_INPUT, "%s: \"__metadata__\" is not an object", part->path);
    part->meta = wg_arena_alloc(&part->arena, json_object_size(v), sizeof *part->meta);
    if (!part->meta)
        return wg_oom(err, part->path);
    json_object_foreach(v, key, value) {
        const char *s = text_of(value);
        if (!s)
            return wg_fail(err, WG_E_INPUT,
                           "%s: the value of \"%.120s\" in \"__metadata__\" is not a string",
                           part->path, key);
        struct wg_st_meta *m = &part->meta[part->n_meta++];
        m->key = wg_arena_strndup(&part->arena, key, strlen(key));
        m->value = wg_arena_strndup(&part->arena, s, strlen(s));
        if (!m->key || !m->value)
            return wg_oom(err, part->path);
    }
    return WG_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct wg_tensor *x = a, *y = b;

    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->bytes != y->bytes) /* empty ones before the one that begins where they lie */
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Every byte behind the header belongs to one tensor: there is no room for hidden data. */
static enum wg_status check_cover(const struct wg_st_part *part, uint64_t data_at,
                                  struct wg_err *err)
{
    uint64_t at = data_at;

    for (size_t i = 0; i < part->n_tensors; i++) {
        const struct wg_tensor *t = &part->tensors[i];
        if (t->offset < at)
            return broken(part, t->name, WG_E_INPUT, err,
                          "the data overlap those of tensor \"%.120s\"", part->tensors[i - 1].name);
        if (t->offset > at)
            return broken(part, t->name, WG_E_INPUT, err,
                          "before its data, from offset %llu, are %llu bytes of no tensor",
                          (unsigned long long)at, (unsigned long long)(t->offset - at));
        at += t->bytes;
    }
    if (at != part->file_bytes)
        return wg_fail(err, WG_E_INPUT,
                       "%s: offset %llu: the file has %llu bytes after the data of its tensors",
                       part->path, (unsigned long long)at,
                       (unsigned long long)(part->file_bytes - at));
    return WG_OK;
}

static enum wg_status read_header(struct wg_st_part *part, json_t *doc, uint64_t data_at,
                                  struct wg_err *err)
{
    const char *name;
    json_t *v;

    part->tensors = wg_arena_alloc(&part->arena, json_object_size(doc), sizeof *part->tensors);
    if (!part->tensors)
        return wg_oom(err, part->path);
    json_object_foreach(doc, name, v) {
        bool meta = strcmp(name, "__metadata__") == 0;
        WG_TRY(meta ? read_meta(part, v, err) : read_tensor(part, name, v, data_at, err));
    }
    if (part->n_tensors > 1)
        qsort(part->tensors, part->n_tensors, sizeof *part->tensors, by_place);
    return check_cover(part, data_at, err);
}

enum wg_status wg_st_part_parse(struct wg_st_part *part, struct wg_err *err)
{
    const char *text = (const char *)part->base + LENGTH_BYTES;
    uint64_t data_at = 0;
    json_t *doc;

    wg_arena_init(&part->arena, WG_ST_MAX_ROWS_BYTES);
    WG_TRY(wg_st_header_bytes(part->base, part->size, part->file_bytes, part->path, &data_at, err));
    if (data_at > part->size)
        return wg_fail(err, WG_E_INPUT, "%s: the header has %llu bytes, %zu of them are here",
                       part->path, (unsigned long long)data_at, part->size);
    size_t n = (size_t)data_at - LENGTH_BYTES;
    if (n == 0 || text[0] != '{')
        return wg_fail(err, WG_E_INPUT,
                       "%s: offset 8: the header does not begin with '{': this is not a "
                       "safetensors file",
                       part->path);
    enum wg_status st = wg_json_parse_within(text, n, WG_ST_MAX_TREE_BYTES, "header", &doc, err);
    if (st != WG_OK) {
        wg_err_prefix(err, "%s", part->path);
        return st;
    }
    st = read_header(part, doc, data_at, err);
    json_decref(doc);
    return st;
}

void wg_st_part_close(struct wg_st_part *part)
{
    wg_arena_release(&part->arena);
    wg_map_close(&part->map);
    wg_free(part->path);
    *part = (struct wg_st_part){0};
}
