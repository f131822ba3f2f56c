/*
 * GGUF reader, versions 2 and 3 (specification: ggml docs/gguf.md). The file is mapped; strings
 * and tensor data stay in the mapping, so everything returned here is borrowed and lives until
 * wg_gguf_close. A split set (general key split.count) is opened by its first file and reads as
 * one: keys of the first part, tensors of all parts.
 *
 * Untrusted input. Every count is compared with the bytes that are left before memory is taken;
 * names are unique; strings bounded, keys and tensor names free of control characters; types known;
 * alignment a power of two from 1 to 65536; dimensions 1..2^40 and their product checked; every
 * tensor inside the file, aligned, and overlapping no other. The first broken rule gives
 * WG_E_INPUT with "FILE: offset N: RULE". Limits are in package/limits.h.
 *
 * Big-endian files, version 1 and later than 3, and arrays of arrays are refused by name
 * (WG_E_UNSUPPORTED).
 */
#ifndef WG_PACKAGE_GGUF_H
#define WG_PACKAGE_GGUF_H

#include "base/status.h"
#include "package/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wg_gguf_kind {
    WG_GGUF_U8 = 0,
    WG_GGUF_I8 = 1,
    WG_GGUF_U16 = 2,
    WG_GGUF_I16 = 3,
    WG_GGUF_U32 = 4,
    WG_GGUF_I32 = 5,
    WG_GGUF_F32 = 6,
    WG_GGUF_BOOL = 7,
    WG_GGUF_STRING = 8,
    WG_GGUF_ARRAY = 9,
    WG_GGUF_U64 = 10,
    WG_GGUF_I64 = 11,
    WG_GGUF_F64 = 12,
};

struct wg_gguf_str {
    const char *p; /* not NUL-terminated */
    size_t n;
};

const char *wg_gguf_kind_name(enum wg_gguf_kind kind); /* "U32", "STRING", ... */

/* One metadata value. Arrays of arrays are refused. */
struct wg_gguf_kv {
    const char *key; /* NUL-terminated copy */
    enum wg_gguf_kind kind;
    enum wg_gguf_kind item_kind; /* of an array */
    uint64_t count;              /* of an array, else 1 */
    const void *data;            /* raw little-endian values, unaligned; NULL for string arrays */
    const struct wg_gguf_str *strs; /* count entries for a string or an array of strings */
};

struct wg_gguf;

/* WG_E_USAGE names the first file when `path` is a later part of a split set. */
enum wg_status wg_gguf_open(const char *path, struct wg_gguf **out,
                            struct wg_err *err) WG_NODISCARD;
/* As wg_gguf_open for a file or the parts of a set that have other names, in order. */
enum wg_status wg_gguf_open_set(const char *const *paths, size_t n, struct wg_gguf **out,
                                struct wg_err *err) WG_NODISCARD;
/* Parses bytes in memory (tests, fuzzing, headers fetched by range requests). With header_only the
 * tensor data may be absent: data pointers are NULL and ranges are checked against file_bytes
 * (else file_bytes is not read). `bytes` stay the caller's and must outlive *out; `name` is copied.
 * Of a split set this is the one part that the bytes are. */
enum wg_status wg_gguf_parse(const void *bytes, size_t n, bool header_only, uint64_t file_bytes,
                             const char *name, struct wg_gguf **out,
                             struct wg_err *err) WG_NODISCARD;
void wg_gguf_close(struct wg_gguf *g);

const char *wg_gguf_path(const struct wg_gguf *g); /* of the first part */
uint32_t wg_gguf_version(const struct wg_gguf *g);
uint32_t wg_gguf_alignment(const struct wg_gguf *g); /* of the first part, in bytes */
int wg_gguf_parts(const struct wg_gguf *g);          /* files that were read */
size_t wg_gguf_kv_count(const struct wg_gguf *g);
const struct wg_gguf_kv *wg_gguf_kv_at(const struct wg_gguf *g, size_t i);
const struct wg_gguf_kv *wg_gguf_find(const struct wg_gguf *g, const char *key); /* or NULL */
size_t wg_gguf_tensor_count(const struct wg_gguf *g);
const struct wg_tensor *wg_gguf_tensor_at(const struct wg_gguf *g, size_t i);
const struct wg_tensor *wg_gguf_tensor(const struct wg_gguf *g, const char *name); /* or NULL */

/*
 * Typed reads. An absent key leaves *out as it is and returns WG_OK with *found = false (found may
 * be NULL); a key of another kind is WG_E_INPUT naming key, kind and file. Integers of any width
 * and sign are accepted where they fit; floats accept F32 and F64.
 */
enum wg_status wg_gguf_i64(const struct wg_gguf *g, const char *key, int64_t *out, bool *found,
                           struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_f64(const struct wg_gguf *g, const char *key, double *out, bool *found,
                           struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_bool(const struct wg_gguf *g, const char *key, bool *out, bool *found,
                            struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_string(const struct wg_gguf *g, const char *key, struct wg_gguf_str *out,
                              bool *found, struct wg_err *err) WG_NODISCARD;
/* Item i of a numeric array (or the scalar itself when i is 0). */
enum wg_status wg_gguf_item_i64(const struct wg_gguf_kv *kv, uint64_t i, int64_t *out,
                                struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_item_f64(const struct wg_gguf_kv *kv, uint64_t i, double *out,
                                struct wg_err *err) WG_NODISCARD;

#endif
