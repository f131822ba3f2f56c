#include "package/gguf_write.h"

#include "base/buf.h"
#include "base/mem.h"
#include "package/gguf_part.h"
#include "package/limits.h"
#include "package/tensor_out.h"

#include <string.h>

enum { DEFAULT_ALIGNMENT = 32 };

struct wg_gguf_out {
    struct wg_tensor_out tensors;
    struct wg_buf keys; /* as they stand in the file */
    struct wg_name *key_names;
    size_t n_keys;
    uint32_t alignment;
};

enum wg_status wg_gguf_out_new(const char *path, struct wg_gguf_out **out, struct wg_err *err)
{
    struct wg_gguf_out *o = wg_calloc(1, sizeof *o);

    if (!o)
        return wg_oom(err, path);
    wg_buf_init(&o->keys, WG_GGUF_MAX_INDEX_BYTES);
    o->alignment = DEFAULT_ALIGNMENT;
    enum wg_status st = wg_tensor_out_init(&o->tensors, path, err);
    if (st != WG_OK) {
        wg_gguf_out_free(o);
        return st;
    }
    *out = o;
    return WG_OK;
}

void wg_gguf_out_free(struct wg_gguf_out *o)
{
    if (!o)
        return;
    wg_tensor_out_release(&o->tensors);
    wg_buf_release(&o->keys);
    wg_free(o->key_names);
    wg_free(o);
}

static void store_le(uint8_t *p, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static void add_u32(struct wg_buf *b, uint32_t v)
{
    uint8_t p[4];

    store_le(p, v, sizeof p);
    wg_buf_add(b, p, sizeof p);
}

static void add_u64(struct wg_buf *b, uint64_t v)
{
    uint8_t p[8];

    store_le(p, v, sizeof p);
    wg_buf_add(b, p, sizeof p);
}

static void add_string(struct wg_buf *b, const char *s, size_t n)
{
    add_u64(b, n);
    wg_buf_add(b, s, n);
}

static enum wg_status set_alignment(struct wg_gguf_out *o, const struct wg_gguf_kv *kv,
                                    struct wg_err *err)
{
    int64_t v = 0;

    WG_TRY(wg_gguf_item_i64(kv, 0, &v, err));
    if (kv->kind == WG_GGUF_ARRAY || v < 1 || v > WG_GGUF_MAX_ALIGNMENT || (v & (v - 1)) != 0)
        return wg_fail(err, WG_E_INPUT,
                       "%s: general.alignment is %lld: it must be a power of two from 1 to %u",
                       o->tensors.path, (long long)v, WG_GGUF_MAX_ALIGNMENT);
    o->alignment = (uint32_t)v;
    return WG_OK;
}

static enum wg_status check_key(const struct wg_gguf_out *o, const char *key, struct wg_err *err)
{
    size_t n = strlen(key);

    if (o->tensors.out)
        return wg_fail(err, WG_E_USAGE, "%s: key \"%.120s\" after the header", o->tensors.path,
                       key);
    if (n == 0 || n > WG_GGUF_MAX_KEY_BYTES || wg_has_control(key, n))
        return wg_fail(err, WG_E_INPUT,
                       "%s: key \"%.120s\" is empty, over %u bytes or holds a control character",
                       o->tensors.path, key, WG_GGUF_MAX_KEY_BYTES);
    if (strncmp(key, "split.", strlen("split.")) == 0)
        return wg_fail(err, WG_E_USAGE, "%s: key \"%.120s\" in a file that is no part of a set",
                       o->tensors.path, key);
    if (o->n_keys >= WG_GGUF_MAX_KEYS)
        return wg_fail(err, WG_E_LIMIT, "%s: over %u keys", o->tensors.path, WG_GGUF_MAX_KEYS);
    return WG_OK;
}

static enum wg_status note_key(struct wg_gguf_out *o, const char *key, struct wg_err *err)
{
    if ((o->n_keys & (o->n_keys - 1)) == 0) { /* full at every power of two */
        struct wg_name *names =
            wg_realloc(o->key_names, o->n_keys ? 2 * o->n_keys : 1, sizeof *names);
        if (!names)
            return wg_oom(err, o->tensors.path);
        o->key_names = names;
    }
    const char *copy = wg_arena_strndup(&o->tensors.arena, key, strlen(key));
    if (!copy)
        return wg_oom(err, o->tensors.path);
    o->key_names[o->n_keys] = (struct wg_name){copy, o->n_keys};
    o->n_keys++;
    return WG_OK;
}

enum wg_status wg_gguf_put(struct wg_gguf_out *o, const struct wg_gguf_kv *kv, struct wg_err *err)
{
    struct wg_buf *b = &o->keys;
    size_t item_bytes = wg_gguf_kind_bytes(kv->item_kind), bytes;

    WG_TRY(check_key(o, kv->key, err));
    if ((kv->item_kind != WG_GGUF_STRING && item_bytes == 0) ||
        !wg_mul_ok(item_bytes, (size_t)kv->count, &bytes))
        return wg_fail(err, WG_E_USAGE, "%s: key \"%.120s\" is of kind %d", o->tensors.path,
                       kv->key, (int)kv->item_kind);
    if (strcmp(kv->key, "general.alignment") == 0)
        WG_TRY(set_alignment(o, kv, err));
    WG_TRY(note_key(o, kv->key, err));
    add_string(b, kv->key, strlen(kv->key));
    add_u32(b, kv->kind);
    if (kv->kind == WG_GGUF_ARRAY) {
        add_u32(b, kv->item_kind);
        add_u64(b, kv->count);
    }
    if (kv->item_kind == WG_GGUF_STRING)
        for (uint64_t i = 0; i < kv->count; i++)
            add_string(b, kv->strs[i].p, kv->strs[i].n);
    else
        wg_buf_add(b, kv->data, bytes);
    return wg_buf_check(b, "the metadata of a GGUF file", err);
}

static enum wg_status put_scalar(struct wg_gguf_out *o, const char *key, enum wg_gguf_kind kind,
                                 uint64_t bits, struct wg_err *err)
{
    uint8_t data[8];
    struct wg_gguf_kv kv = {.key = key, .kind = kind, .item_kind = kind, .count = 1, .data = data};

    store_le(data, bits, sizeof data);
    return wg_gguf_put(o, &kv, err);
}

enum wg_status wg_gguf_put_u32(struct wg_gguf_out *o, const char *key, uint32_t v,
                               struct wg_err *err)
{
    return put_scalar(o, key, WG_GGUF_U32, v, err);
}

enum wg_status wg_gguf_put_u64(struct wg_gguf_out *o, const char *key, uint64_t v,
                               struct wg_err *err)
{
    return put_scalar(o, key, WG_GGUF_U64, v, err);
}

enum wg_status wg_gguf_put_f32(struct wg_gguf_out *o, const char *key, float v, struct wg_err *err)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    return put_scalar(o, key, WG_GGUF_F32, bits, err);
}

enum wg_status wg_gguf_put_bool(struct wg_gguf_out *o, const char *key, bool v, struct wg_err *err)
{
    return put_scalar(o, key, WG_GGUF_BOOL, v, err);
}

enum wg_status wg_gguf_put_string(struct wg_gguf_out *o, const char *key, const char *s, size_t n,
                                  struct wg_err *err)
{
    struct wg_gguf_str str = {s, n};
    struct wg_gguf_kv kv = {
        .key = key, .kind = WG_GGUF_STRING, .item_kind = WG_GGUF_STRING, .count = 1, .strs = &str};

    return wg_gguf_put(o, &kv, err);
}

enum wg_status wg_gguf_put_strings(struct wg_gguf_out *o, const char *key,
                                   const struct wg_gguf_str *strs, size_t count, struct wg_err *err)
{
    struct wg_gguf_kv kv = {.key = key,
                            .kind = WG_GGUF_ARRAY,
                            .item_kind = WG_GGUF_STRING,
                            .count = count,
                            .strs = strs};

    return wg_gguf_put(o, &kv, err);
}

enum wg_status wg_gguf_put_array(struct wg_gguf_out *o, const char *key,
                                 enum wg_gguf_kind item_kind, const void *data, size_t count,
                                 struct wg_err *err)
{
    struct wg_gguf_kv kv = {
        .key = key, .kind = WG_GGUF_ARRAY, .item_kind = item_kind, .count = count, .data = data};

    if (item_kind == WG_GGUF_STRING)
        return wg_fail(err, WG_E_USAGE, "%s: key \"%.120s\" is of strings", o->tensors.path, key);
    return wg_gguf_put(o, &kv, err);
}

enum wg_status wg_gguf_out_tensor(struct wg_gguf_out *o, const char *name, enum wg_type type,
                                  int n_dims, const int64_t *ne, struct wg_err *err)
{
    if ((uint32_t)type >= WG_TYPE_GGUF_LIMIT || n_dims > (int)WG_GGUF_MAX_DIMS)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: tensor \"%.120s\" is of type %s with %d dimensions: GGUF has no such "
                       "type or no more than %u dimensions",
                       o->tensors.path, name,
                       wg_type_info((uint32_t)type) ? wg_type_info((uint32_t)type)->name : "none",
                       n_dims, WG_GGUF_MAX_DIMS);
    if (strlen(name) > WG_GGUF_MAX_NAME_BYTES)
        return wg_fail(err, WG_E_INPUT, "%s: the tensor name \"%.120s\" is over %u bytes",
                       o->tensors.path, name, WG_GGUF_MAX_NAME_BYTES);
    for (int i = 0; i < n_dims; i++)
        if (ne[i] == 0)
            return wg_fail(err, WG_E_UNSUPPORTED,
                           "%s: tensor \"%.120s\" is empty (dimension %d is 0): GGUF has no such "
                           "tensors",
                           o->tensors.path, name, i);
    return wg_tensor_out_add(&o->tensors, name, type, n_dims, ne, err);
}

/* Offsets of the data from the begin of the data section, in *end its size. Every tensor is padded,
 * the last too, as ggml's reader wants it. */
static enum wg_status place(struct wg_gguf_out *o, uint64_t *end, struct wg_err *err)
{
    uint64_t at = 0, mask = o->alignment - 1;

    for (size_t i = 0; i < o->tensors.n_rows; i++) {
        struct wg_tensor *t = &o->tensors.rows[i];
        t->offset = at;
        if (__builtin_add_overflow(at, t->bytes, &at) || at > INT64_MAX - mask)
            return wg_fail(err, WG_E_INPUT, "%s: the tensors have over 2^63 bytes",
                           o->tensors.path);
        at = (at + mask) & ~mask;
    }
    *end = at;
    return WG_OK;
}

static void add_header(struct wg_gguf_out *o, struct wg_buf *b)
{
    wg_buf_add(b, "GGUF", 4);
    add_u32(b, 3);
    add_u64(b, o->tensors.n_rows);
    add_u64(b, o->n_keys);
    wg_buf_add(b, o->keys.p, o->keys.len);
    for (size_t i = 0; i < o->tensors.n_rows; i++) {
        const struct wg_tensor *t = &o->tensors.rows[i];
        add_string(b, t->name, strlen(t->name));
        add_u32(b, (uint32_t)t->n_dims);
        for (int k = 0; k < t->n_dims; k++)
            add_u64(b, (uint64_t)t->ne[k]);
        add_u32(b, t->type);
        add_u64(b, t->offset);
    }
    while (b->len % o->alignment != 0 && !b->failed)
        wg_buf_addc(b, '\0');
}

static enum wg_status check_keys(const struct wg_gguf_out *o, struct wg_err *err)
{
    size_t twice = wg_names_sort(o->key_names, o->n_keys);

    if (twice == SIZE_MAX)
        return WG_OK;
    size_t i = 0;
    while (o->key_names[i].row != twice)
        i++;
    return wg_fail(err, WG_E_INPUT, "%s: key \"%.120s\" is there twice", o->tensors.path,
                   o->key_names[i].name);
}

enum wg_status wg_gguf_out_begin(struct wg_gguf_out *o, struct wg_err *err)
{
    uint64_t data_bytes = 0;
    struct wg_buf b;

    if (o->tensors.out)
        return wg_fail(err, WG_E_USAGE, "%s: the header is written twice", o->tensors.path);
    WG_TRY(check_keys(o, err));
    WG_TRY(wg_tensor_out_unique(&o->tensors, err));
    WG_TRY(place(o, &data_bytes, err));
    wg_buf_init(&b, 2 * WG_GGUF_MAX_INDEX_BYTES);
    add_header(o, &b);
    enum wg_status st = wg_buf_check(&b, "the header of a GGUF file", err);
    for (size_t i = 0; i < o->tensors.n_rows; i++)
        o->tensors.rows[i].offset += b.len;
    if (st == WG_OK)
        st = wg_tensor_out_begin(&o->tensors, b.p, b.len, b.len + data_bytes, err);
    wg_buf_release(&b);
    return st;
}

enum wg_status wg_gguf_out_data(struct wg_gguf_out *o, const void *bytes, size_t n,
                                struct wg_err *err)
{
    return wg_tensor_out_data(&o->tensors, bytes, n, err);
}

enum wg_status wg_gguf_out_finish(struct wg_gguf_out *o, struct wg_err *err)
{
    return wg_tensor_out_finish(&o->tensors, err);
}
