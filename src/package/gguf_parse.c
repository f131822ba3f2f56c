/*
 * The bytes of one GGUF file to keys and tensor rows: every rule for untrusted input that concerns
 * a single file is here. Layout: magic, version, tensor count, key count, keys, tensor rows,
 * padding, data (specification: ggml docs/gguf.md).
 */
#include "package/gguf_part.h"

#include "base/mem.h"
#include "base/rd.h"
#include "package/limits.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_ALIGNMENT = 32,
    KEY_MIN_BYTES = 8 + 1 + 4 + 1,        /* length, one character, kind, one byte of value */
    TENSOR_MIN_BYTES = 8 + 1 + 4 + 4 + 8, /* length, one character, dimensions, type, offset */
};

size_t wg_gguf_kind_bytes(uint32_t kind)
{
    static const uint8_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return kind < WG_COUNT(bytes) ? bytes[kind] : 0;
}

static enum wg_status no_memory(struct wg_rd *r)
{
    return wg_rd_fail(r, r->pos, WG_E_OOM, "no memory for the header, or it needs over %zu bytes",
                      WG_GGUF_MAX_INDEX_BYTES);
}

static struct wg_gguf_str read_string(struct wg_rd *r, const char *what, size_t max)
{
    size_t at = r->pos;
    uint64_t n = wg_rd_u64(r, what);
    struct wg_gguf_str s = {"", 0};

    if (!wg_rd_ok(r))
        return s;
    if (n > wg_rd_left(r)) {
        wg_rd_fail(r, at, WG_E_INPUT, "the length of %s is %llu, %zu bytes are left", what,
                   (unsigned long long)n, wg_rd_left(r));
        return s;
    }
    if (n > max) {
        wg_rd_fail(r, at, WG_E_INPUT, "the length of %s is %llu, the limit is %zu", what,
                   (unsigned long long)n, max);
        return s;
    }
    const char *p = wg_rd_take(r, (size_t)n, what);
    if (p)
        s = (struct wg_gguf_str){p, (size_t)n};
    return s;
}

/* A key or a tensor name: at least one byte, no NUL or other control character (names end up in
 * C strings, messages and terminals), as a NUL-terminated copy. */
static const char *read_name(struct wg_gguf_part *part, struct wg_rd *r, const char *what,
                             size_t max)
{
    size_t at = r->pos;
    struct wg_gguf_str s = read_string(r, what, max);

    if (!wg_rd_ok(r))
        return NULL;
    if (s.n == 0) {
        wg_rd_fail(r, at, WG_E_INPUT, "%s is empty", what);
        return NULL;
    }
    if (wg_has_control(s.p, s.n)) {
        wg_rd_fail(r, at, WG_E_INPUT, "%s holds a control character", what);
        return NULL;
    }
    char *copy = wg_arena_strndup(&part->arena, s.p, s.n);
    if (!copy)
        no_memory(r);
    return copy;
}

static enum wg_status read_strings(struct wg_gguf_part *part, struct wg_rd *r,
                                   struct wg_gguf_kv *kv)
{
    struct wg_gguf_str *strs = wg_arena_alloc(&part->arena, (size_t)kv->count, sizeof *strs);

    if (!strs)
        return no_memory(r);
    for (uint64_t i = 0; i < kv->count && wg_rd_ok(r); i++)
        strs[i] = read_string(r, "a string value", WG_GGUF_MAX_STRING_BYTES);
    kv->strs = strs;
    return r->failed;
}

static enum wg_status read_array_head(struct wg_rd *r, struct wg_gguf_kv *kv)
{
    size_t at = r->pos;
    uint32_t item = wg_rd_u32(r, "the kind of an array's items");
    size_t count_at = r->pos;
    uint64_t count = wg_rd_u64(r, "the length of an array");
    size_t item_bytes = item == WG_GGUF_STRING ? 8 : wg_gguf_kind_bytes(item);

    if (!wg_rd_ok(r))
        return r->failed;
    if (item == WG_GGUF_ARRAY)
        return wg_rd_fail(r, at, WG_E_UNSUPPORTED, "key \"%.120s\" is an array of arrays", kv->key);
    if (item_bytes == 0)
        return wg_rd_fail(r, at, WG_E_INPUT, "the items of key \"%.120s\" are of unknown kind %u",
                          kv->key, item);
    if (count > wg_rd_left(r) / item_bytes)
        return wg_rd_fail(r, count_at, WG_E_INPUT,
                          "the array of key \"%.120s\" has %llu items, %zu bytes are left", kv->key,
                          (unsigned long long)count, wg_rd_left(r));
    kv->item_kind = (enum wg_gguf_kind)item;
    kv->count = count;
    return WG_OK;
}

static enum wg_status check_bools(struct wg_rd *r, const struct wg_gguf_kv *kv, size_t at)
{
    const uint8_t *p = kv->data;

    for (size_t i = 0; i < kv->count; i++)
        if (p[i] > 1)
            return wg_rd_fail(r, at + i, WG_E_INPUT, "key \"%.120s\" is a bool with the value %d",
                              kv->key, p[i]);
    return WG_OK;
}

static enum wg_status read_kv(struct wg_gguf_part *part, struct wg_rd *r, struct wg_gguf_kv *kv)
{
    kv->key = read_name(part, r, "a key", WG_GGUF_MAX_KEY_BYTES);
    size_t at = r->pos;
    uint32_t kind = wg_rd_u32(r, "the kind of a value");
    if (!wg_rd_ok(r))
        return r->failed;
    if (kind > WG_GGUF_F64)
        return wg_rd_fail(r, at, WG_E_INPUT, "key \"%.120s\" is of unknown kind %u", kv->key, kind);
    kv->kind = (enum wg_gguf_kind)kind;
    kv->item_kind = kv->kind;
    kv->count = 1;
    if (kv->kind == WG_GGUF_ARRAY)
        WG_TRY(read_array_head(r, kv));
    if (kv->item_kind == WG_GGUF_STRING)
        return read_strings(part, r, kv);
    at = r->pos;
    /* read_array_head compared count with the bytes left, so the product cannot overflow. */
    kv->data = wg_rd_take(r, wg_gguf_kind_bytes(kv->item_kind) * (size_t)kv->count, "a value");
    if (!kv->data)
        return r->failed;
    return kv->item_kind == WG_GGUF_BOOL ? check_bools(r, kv, at) : WG_OK;
}

static enum wg_status read_keys(struct wg_gguf_part *part, struct wg_rd *r, uint64_t n)
{
    struct wg_arena *a = &part->arena;
    size_t *at = wg_calloc((size_t)n, sizeof *at);

    part->kv = wg_arena_alloc(a, (size_t)n, sizeof *part->kv);
    part->kv_names = wg_arena_alloc(a, (size_t)n, sizeof *part->kv_names);
    if (!at || !part->kv || !part->kv_names)
        no_memory(r);
    for (size_t i = 0; i < n && wg_rd_ok(r); i++) {
        at[i] = r->pos;
        if (read_kv(part, r, &part->kv[i]) != WG_OK)
            break;
        part->kv_names[i] = (struct wg_name){part->kv[i].key, i};
        part->n_kv = i + 1;
    }
    if (wg_rd_ok(r)) {
        size_t twice = wg_names_sort(part->kv_names, part->n_kv);
        if (twice != SIZE_MAX)
            wg_rd_fail(r, at[twice], WG_E_INPUT, "key \"%.120s\" is there twice",
                       part->kv[twice].key);
    }
    wg_free(at);
    return r->failed;
}

static enum wg_status read_alignment(struct wg_gguf_part *part, struct wg_rd *r)
{
    int64_t v = DEFAULT_ALIGNMENT;
    bool found;

    enum wg_status st = wg_gguf_part_i64(part, "general.alignment", &v, &found, r->err);
    if (st != WG_OK)
        return r->failed = st;
    if (v < 1 || v > WG_GGUF_MAX_ALIGNMENT || (v & (v - 1)) != 0) {
        size_t row = wg_names_find(part->kv_names, part->n_kv, "general.alignment");
        size_t at = (size_t)((const uint8_t *)part->kv[row].data - r->base);
        return wg_rd_fail(r, at, WG_E_INPUT,
                          "general.alignment is %lld: it must be a power of two from 1 to %u",
                          (long long)v, WG_GGUF_MAX_ALIGNMENT);
    }
    part->alignment = (uint32_t)v;
    return WG_OK;
}

static enum wg_status read_dims(struct wg_rd *r, struct wg_tensor *t, uint64_t *values)
{
    size_t at = r->pos;
    uint32_t n = wg_rd_u32(r, "the number of dimensions");

    if (!wg_rd_ok(r))
        return r->failed;
    if (n > WG_GGUF_MAX_DIMS)
        return wg_rd_fail(r, at, WG_E_INPUT,
                          "tensor \"%.120s\" has %u dimensions, at most %u are known", t->name, n,
                          WG_GGUF_MAX_DIMS);
    t->n_dims = (int)n;
    *values = 1;
    for (int i = 0; i < WG_MAX_DIMS; i++) {
        at = r->pos;
        uint64_t d = i < t->n_dims ? wg_rd_u64(r, "a dimension") : 1;
        if (!wg_rd_ok(r))
            return r->failed;
        if (d < 1 || d > WG_GGUF_MAX_DIM)
            return wg_rd_fail(
                r, at, WG_E_INPUT,
                "dimension %d of tensor \"%.120s\" is %llu: it must be from 1 to 2^40", i, t->name,
                (unsigned long long)d);
        if (__builtin_mul_overflow(*values, d, values) || *values > INT64_MAX)
            return wg_rd_fail(r, at, WG_E_INPUT,
                              "the dimensions of tensor \"%.120s\" multiply to over 2^63", t->name);
        t->ne[i] = (int64_t)d;
    }
    return WG_OK;
}

/* A tensor row; *offset is relative to the data section, which is not known yet. */
static enum wg_status read_tensor(struct wg_gguf_part *part, struct wg_rd *r, struct wg_tensor *t)
{
    uint64_t values = 0;

    t->name = read_name(part, r, "a tensor name", WG_GGUF_MAX_NAME_BYTES);
    if (!t->name)
        return r->failed;
    WG_TRY(read_dims(r, t, &values));
    size_t at = r->pos;
    uint32_t type = wg_rd_u32(r, "the type of a tensor");
    if (!wg_rd_ok(r))
        return r->failed;
    const struct wg_type_info *info = type < WG_TYPE_GGUF_LIMIT ? wg_type_info(type) : NULL;
    if (!info)
        return wg_rd_fail(r, at, WG_E_INPUT, "tensor \"%.120s\" is of unknown type %u", t->name,
                          type);
    t->type = (enum wg_type)type;
    if (t->ne[0] % info->block_values != 0)
        return wg_rd_fail(
            r, at, WG_E_INPUT,
            "rows of tensor \"%.120s\" have %lld values, which is not a multiple of the "
            "%u of a %s block",
            t->name, (long long)t->ne[0], info->block_values, info->name);
    if (!wg_type_bytes(t->type, values, &t->bytes))
        return wg_rd_fail(r, at, WG_E_INPUT, "the size of tensor \"%.120s\" overflows", t->name);
    at = r->pos;
    t->offset = wg_rd_u64(r, "the offset of a tensor");
    if (wg_rd_ok(r) && t->offset % part->alignment != 0)
        return wg_rd_fail(r, at, WG_E_INPUT,
                          "the data offset %llu of tensor \"%.120s\" is not a multiple of the "
                          "alignment %u",
                          (unsigned long long)t->offset, t->name, part->alignment);
    t->part = part->number;
    return r->failed;
}

/* Offsets from the data section to the file, and data inside it. */
static enum wg_status place_tensors(struct wg_gguf_part *part, struct wg_rd *r)
{
    uint64_t mask = part->alignment - 1, data_at = (r->pos + mask) & ~mask;

    for (size_t i = 0; i < part->n_tensors; i++) {
        struct wg_tensor *t = &part->tensors[i];
        uint64_t end;
        if (__builtin_add_overflow(t->offset, data_at, &t->offset) ||
            __builtin_add_overflow(t->offset, t->bytes, &end) || end > part->file_bytes)
            return wg_rd_fail(
                r, (size_t)part->tensor_at[i], WG_E_INPUT,
                "the %zu bytes of tensor \"%.120s\" from offset %llu on end behind the "
                "end of the file (%llu bytes): the file is cut short or damaged",
                t->bytes, t->name, (unsigned long long)t->offset,
                (unsigned long long)part->file_bytes);
        if (!part->header_only)
            t->data = part->base + t->offset;
    }
    return WG_OK;
}

struct range {
    uint64_t begin, end;
    size_t row;
};

static int by_begin(const void *a, const void *b)
{
    const struct range *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static enum wg_status check_overlap(struct wg_gguf_part *part, struct wg_rd *r)
{
    size_t n = part->n_tensors;
    struct range *ranges = wg_calloc(n, sizeof *ranges);

    if (!ranges)
        return no_memory(r);
    for (size_t i = 0; i < n; i++)
        ranges[i] = (struct range){part->tensors[i].offset,
                                   part->tensors[i].offset + part->tensors[i].bytes, i};
    if (n > 1)
        qsort(ranges, n, sizeof *ranges, by_begin);
    for (size_t i = 1; i < n; i++)
        if (ranges[i].begin < ranges[i - 1].end) {
            size_t a = ranges[i - 1].row, b = ranges[i].row;
            wg_rd_fail(r, (size_t)part->tensor_at[WG_MAX(a, b)], WG_E_INPUT,
                       "the data of tensors \"%.120s\" and \"%.120s\" overlap",
                       part->tensors[a].name, part->tensors[b].name);
            break;
        }
    wg_free(ranges);
    return r->failed;
}

static enum wg_status read_tensors(struct wg_gguf_part *part, struct wg_rd *r, uint64_t n)
{
    struct wg_arena *a = &part->arena;
    struct wg_name *names = wg_calloc((size_t)n, sizeof *names);

    part->tensors = wg_arena_alloc(a, (size_t)n, sizeof *part->tensors);
    part->tensor_at = wg_arena_alloc(a, (size_t)n, sizeof *part->tensor_at);
    if (!names || !part->tensors || !part->tensor_at)
        no_memory(r);
    for (size_t i = 0; i < n && wg_rd_ok(r); i++) {
        part->tensor_at[i] = r->pos;
        if (read_tensor(part, r, &part->tensors[i]) != WG_OK)
            break;
        names[i] = (struct wg_name){part->tensors[i].name, i};
        part->n_tensors = i + 1;
    }
    if (wg_rd_ok(r)) {
        size_t twice = wg_names_sort(names, part->n_tensors);
        if (twice != SIZE_MAX)
            wg_rd_fail(r, (size_t)part->tensor_at[twice], WG_E_INPUT,
                       "tensor \"%.120s\" is there twice", part->tensors[twice].name);
    }
    wg_free(names);
    WG_TRY(r->failed);
    WG_TRY(place_tensors(part, r));
    return check_overlap(part, r);
}

static enum wg_status read_version(struct wg_gguf_part *part, struct wg_rd *r)
{
    const char *magic = wg_rd_take(r, 4, "the magic number");

    if (!magic)
        return r->failed;
    if (memcmp(magic, "GGUF", 4) != 0)
        return wg_rd_fail(r, 0, WG_E_INPUT, "this is not a GGUF file: it does not begin with GGUF");
    part->version = wg_rd_u32(r, "the version");
    if (!wg_rd_ok(r))
        return r->failed;
    /* A big-endian writer keeps the magic and turns the rest around: 3 reads as 0x03000000. */
    if (part->version != 0 && (part->version & 0xffff) == 0)
        return wg_rd_fail(r, 4, WG_E_UNSUPPORTED,
                          "this GGUF file is big-endian; only little-endian files are read");
    if (part->version == 1)
        return wg_rd_fail(r, 4, WG_E_UNSUPPORTED,
                          "GGUF version 1 is not read; convert the file to version 3");
    if (part->version < 2 || part->version > 3)
        return wg_rd_fail(r, 4, WG_E_UNSUPPORTED, "GGUF version %u is not known; 2 and 3 are",
                          part->version);
    return WG_OK;
}

static enum wg_status check_count(struct wg_rd *r, size_t at, const char *what, uint64_t n,
                                  size_t min_bytes, uint64_t max)
{
    if (n > wg_rd_left(r) / min_bytes)
        return wg_rd_fail(r, at, WG_E_INPUT, "the header says %llu %s, %zu bytes are left",
                          (unsigned long long)n, what, wg_rd_left(r));
    if (n > max)
        return wg_rd_fail(r, at, WG_E_INPUT, "the header says %llu %s, the limit is %llu",
                          (unsigned long long)n, what, (unsigned long long)max);
    return WG_OK;
}

enum wg_status wg_gguf_part_parse(struct wg_gguf_part *part, struct wg_err *err)
{
    struct wg_rd r;

    wg_rd_init(&r, part->base, part->size, part->path, err);
    wg_arena_init(&part->arena, WG_GGUF_MAX_INDEX_BYTES);
    WG_TRY(read_version(part, &r));
    uint64_t n_tensors = wg_rd_u64(&r, "the number of tensors");
    uint64_t n_keys = wg_rd_u64(&r, "the number of keys");
    WG_TRY(r.failed);
    WG_TRY(check_count(&r, 8, "tensors", n_tensors, TENSOR_MIN_BYTES, WG_GGUF_MAX_TENSORS));
    WG_TRY(check_count(&r, 16, "keys", n_keys, KEY_MIN_BYTES, WG_GGUF_MAX_KEYS));
    WG_TRY(read_keys(part, &r, n_keys));
    WG_TRY(read_alignment(part, &r));
    return read_tensors(part, &r, n_tensors);
}

void wg_gguf_part_close(struct wg_gguf_part *part)
{
    wg_arena_release(&part->arena);
    wg_map_close(&part->map);
    wg_free(part->path);
    *part = (struct wg_gguf_part){0};
}
