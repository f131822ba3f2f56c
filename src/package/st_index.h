/*
 * The index of a sharded safetensors model: {"metadata": {...}, "weight_map": {tensor: file}}.
 * File names are checked here: plain names of .safetensors files, so that joined with the folder
 * of the index they stay in it. Whether the files hold what the map says is checked by wg_st_open.
 * Untrusted input; limits are in package/limits.h. metadata.total_size is not compared with
 * anything: published indexes have it wrong.
 */
#ifndef WG_PACKAGE_ST_INDEX_H
#define WG_PACKAGE_ST_INDEX_H

#include "base/json.h"
#include "base/status.h"
#include "package/names.h"

struct wg_st_index {
    json_t *doc;           /* owned; what the others borrow from */
    json_t *map;           /* tensor name -> file name, all checked */
    struct wg_name *files; /* n_files, sorted, each once; row is its number */
    size_t n_files;        /* >= 1 */
};

/* On failure *out is released. */
enum wg_status wg_st_index_parse(const char *text, size_t n, const char *name,
                                 struct wg_st_index *out, struct wg_err *err) WG_NODISCARD;
enum wg_status wg_st_index_load(const char *path, struct wg_st_index *out,
                                struct wg_err *err) WG_NODISCARD;
void wg_st_index_release(struct wg_st_index *x);

#endif
