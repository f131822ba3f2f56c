/* Typed reads of GGUF metadata: numbers of any width where they fit, never a silent cast. */
#include "package/gguf_part.h"

#include <string.h>

const char *wg_gguf_kind_name(enum wg_gguf_kind kind)
{
    static const char *const names[] = {"U8",   "I8",     "U16",   "I16", "U32", "I32", "F32",
                                        "BOOL", "STRING", "ARRAY", "U64", "I64", "F64"};
    return (unsigned)kind < WG_COUNT(names) ? names[kind] : "unknown";
}

static uint64_t load_le(const void *data, uint64_t i, size_t bytes)
{
    const uint8_t *p = (const uint8_t *)data + i * bytes;
    uint64_t v = 0;

    for (size_t k = bytes; k-- > 0;)
        v = v << 8 | p[k];
    return v;
}

static bool in_range(const struct wg_gguf_kv *kv, uint64_t i)
{
    return i < kv->count && kv->data != NULL;
}

static enum wg_status wrong_kind(const struct wg_gguf_kv *kv, const char *wanted,
                                 struct wg_err *err)
{
    bool array = kv->kind == WG_GGUF_ARRAY;

    return wg_fail(err, WG_E_INPUT, "key \"%.120s\" is %s%s, wanted is %s", kv->key,
                   array ? "an array of " : "", wg_gguf_kind_name(kv->item_kind), wanted);
}

static enum wg_status no_item(const struct wg_gguf_kv *kv, uint64_t i, struct wg_err *err)
{
    return wg_fail(err, WG_E_INPUT, "key \"%.120s\" has %llu items, item %llu was asked for",
                   kv->key, (unsigned long long)kv->count, (unsigned long long)i);
}

enum wg_status wg_gguf_item_i64(const struct wg_gguf_kv *kv, uint64_t i, int64_t *out,
                                struct wg_err *err)
{
    int64_t v;

    switch (kv->item_kind) {
    case WG_GGUF_U8:
    case WG_GGUF_I8:
    case WG_GGUF_U16:
    case WG_GGUF_I16:
    case WG_GGUF_U32:
    case WG_GGUF_I32:
    case WG_GGUF_U64:
    case WG_GGUF_I64:
        break;
    default:
        return wrong_kind(kv, "an integer", err);
    }
    if (!in_range(kv, i))
        return no_item(kv, i, err);
    switch (kv->item_kind) {
    case WG_GGUF_U8:
        v = (uint8_t)load_le(kv->data, i, 1);
        break;
    case WG_GGUF_I8:
        v = (int8_t)load_le(kv->data, i, 1);
        break;
    case WG_GGUF_U16:
        v = (uint16_t)load_le(kv->data, i, 2);
        break;
    case WG_GGUF_I16:
        v = (int16_t)load_le(kv->data, i, 2);
        break;
    case WG_GGUF_U32:
        v = (uint32_t)load_le(kv->data, i, 4);
        break;
    case WG_GGUF_I32:
        v = (int32_t)load_le(kv->data, i, 4);
        break;
    default:
        v = (int64_t)load_le(kv->data, i, 8);
        if (kv->item_kind == WG_GGUF_U64 && v < 0)
            return wg_fail(err, WG_E_INPUT, "key \"%.120s\" is %llu, which is over 2^63", kv->key,
                           (unsigned long long)v);
    }
    *out = v;
    return WG_OK;
}

enum wg_status wg_gguf_item_f64(const struct wg_gguf_kv *kv, uint64_t i, double *out,
                                struct wg_err *err)
{
    if (kv->item_kind != WG_GGUF_F32 && kv->item_kind != WG_GGUF_F64)
        return wrong_kind(kv, "a float", err);
    if (!in_range(kv, i))
        return no_item(kv, i, err);
    if (kv->item_kind == WG_GGUF_F32) {
        uint32_t bits = (uint32_t)load_le(kv->data, i, 4);
        float f;
        memcpy(&f, &bits, sizeof f);
        *out = (double)f;
    } else {
        uint64_t bits = load_le(kv->data, i, 8);
        memcpy(out, &bits, sizeof *out);
    }
    return WG_OK;
}

/* What the typed reads share: a found scalar in *kv, or an absent key. */
static enum wg_status scalar(const struct wg_gguf_kv *kv, const char *wanted, bool *found,
                             struct wg_err *err)
{
    if (found)
        *found = kv != NULL;
    return kv && kv->kind == WG_GGUF_ARRAY ? wrong_kind(kv, wanted, err) : WG_OK;
}

static enum wg_status in_file(enum wg_status st, const char *path, struct wg_err *err)
{
    if (st != WG_OK)
        wg_err_prefix(err, "%s", path);
    return st;
}

static enum wg_status scalar_i64(const struct wg_gguf_kv *kv, int64_t *out, bool *found,
                                 struct wg_err *err)
{
    WG_TRY(scalar(kv, "an integer", found, err));
    return kv ? wg_gguf_item_i64(kv, 0, out, err) : WG_OK;
}

enum wg_status wg_gguf_part_i64(const struct wg_gguf_part *part, const char *key, int64_t *out,
                                bool *found, struct wg_err *err)
{
    size_t row = wg_names_find(part->kv_names, part->n_kv, key);
    const struct wg_gguf_kv *kv = row == SIZE_MAX ? NULL : &part->kv[row];

    return in_file(scalar_i64(kv, out, found, err), part->path, err);
}

enum wg_status wg_gguf_i64(const struct wg_gguf *g, const char *key, int64_t *out, bool *found,
                           struct wg_err *err)
{
    return in_file(scalar_i64(wg_gguf_find(g, key), out, found, err), wg_gguf_path(g), err);
}

enum wg_status wg_gguf_f64(const struct wg_gguf *g, const char *key, double *out, bool *found,
                           struct wg_err *err)
{
    const struct wg_gguf_kv *kv = wg_gguf_find(g, key);
    enum wg_status st = scalar(kv, "a float", found, err);

    if (st == WG_OK && kv)
        st = wg_gguf_item_f64(kv, 0, out, err);
    return in_file(st, wg_gguf_path(g), err);
}

enum wg_status wg_gguf_bool(const struct wg_gguf *g, const char *key, bool *out, bool *found,
                            struct wg_err *err)
{
    const struct wg_gguf_kv *kv = wg_gguf_find(g, key);
    enum wg_status st = scalar(kv, "a bool", found, err);

    if (st == WG_OK && kv && kv->kind != WG_GGUF_BOOL)
        st = wrong_kind(kv, "a bool", err);
    if (st == WG_OK && kv)
        *out = *(const uint8_t *)kv->data != 0;
    return in_file(st, wg_gguf_path(g), err);
}

enum wg_status wg_gguf_string(const struct wg_gguf *g, const char *key, struct wg_gguf_str *out,
                              bool *found, struct wg_err *err)
{
    const struct wg_gguf_kv *kv = wg_gguf_find(g, key);
    enum wg_status st = scalar(kv, "a string", found, err);

    if (st == WG_OK && kv && kv->kind != WG_GGUF_STRING)
        st = wrong_kind(kv, "a string", err);
    if (st == WG_OK && kv)
        *out = kv->strs[0];
    return in_file(st, wg_gguf_path(g), err);
}
