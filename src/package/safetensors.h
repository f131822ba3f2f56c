/*
 * safetensors reader (format: the README of huggingface/safetensors): one file, or the shards that
 * an index (model.safetensors.index.json) names, which read as one. Files are mapped; tensor data
 * stay in the mapping, so everything returned here is borrowed and lives until wg_st_close.
 *
 * Untrusted input. The header's length lies inside the file and under its limit; the header is a
 * JSON object without duplicate keys; every tensor has a dtype, a shape and data offsets and
 * nothing else; dimensions are 0..2^40 and their product checked; the offsets fit the shape; the
 * data of all tensors together cover the rest of the file: no hole, no overlap, no byte behind.
 * Names are bounded and free of control characters. An index names plain files beside it, each
 * there, each tensor in the file that the index says and in no other. The first broken rule gives
 * WG_E_INPUT with "FILE: tensor "NAME": RULE". Limits are in package/limits.h.
 *
 * Data may lie at any alignment: the format does not promise one, and old files have none. An
 * empty tensor (a dimension of 0) is valid. WG_E_UNSUPPORTED: complex numbers and the dtypes of
 * less than a byte (C64, F4, F6_*), the FNUZ floats, and more than WG_MAX_DIMS dimensions.
 */
#ifndef WG_PACKAGE_SAFETENSORS_H
#define WG_PACKAGE_SAFETENSORS_H

#include "base/status.h"
#include "package/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One entry of __metadata__. */
struct wg_st_meta {
    const char *key, *value; /* NUL-terminated copies; a value with a NUL inside is refused */
};

struct wg_st;

/* A path that ends in .json is an index, any other one file (a shard alone, too). */
enum wg_status wg_st_open(const char *path, struct wg_st **out, struct wg_err *err) WG_NODISCARD;
/* Parses bytes of one file in memory (tests, fuzzing, headers fetched by range requests). With
 * header_only the tensor data may be absent: data pointers are NULL and ranges are checked against
 * file_bytes (else file_bytes is not read). `bytes` stay the caller's and must outlive *out;
 * `name` is copied. */
enum wg_status wg_st_parse(const void *bytes, size_t n, bool header_only, uint64_t file_bytes,
                           const char *name, struct wg_st **out, struct wg_err *err) WG_NODISCARD;
void wg_st_close(struct wg_st *s);

/* From the first 8 bytes of a file of file_bytes bytes: how many bytes, those 8 included, are its
 * header, which is what wg_st_parse needs at least. */
enum wg_status wg_st_header_bytes(const void *bytes, size_t n, uint64_t file_bytes,
                                  const char *name, uint64_t *header_bytes,
                                  struct wg_err *err) WG_NODISCARD;

const char *wg_st_path(const struct wg_st *s);                /* as it was opened */
int wg_st_parts(const struct wg_st *s);                       /* files with tensors, >= 1 */
const char *wg_st_part_path(const struct wg_st *s, int part); /* NULL past the last */

/* Tensors by part, in a part by the place of their data. */
size_t wg_st_tensor_count(const struct wg_st *s);
const struct wg_tensor *wg_st_tensor_at(const struct wg_st *s, size_t i);           /* or NULL */
const struct wg_tensor *wg_st_tensor_find(const struct wg_st *s, const char *name); /* or NULL */

/* The entries of __metadata__ of the first part, in the order of the file. */
size_t wg_st_meta_count(const struct wg_st *s);
const struct wg_st_meta *wg_st_meta_at(const struct wg_st *s, size_t i); /* or NULL */
const char *wg_st_meta_find(const struct wg_st *s, const char *key);     /* value, or NULL */

#endif
