/* Building a wg_pkg: private to this room. */
#ifndef WG_PACKAGE_PKG_BUILD_H
#define WG_PACKAGE_PKG_BUILD_H

#include "package/package.h"

/* Adds a file with the role of its path; `path` and `full` are copied. */
enum wg_status wg_pkg_add(struct wg_pkg *p, const char *path, const char *full, uint64_t bytes,
                          struct wg_err *err) WG_NODISCARD;
/* Sorts the files by path, then sets format and weights. */
enum wg_status wg_pkg_finish(struct wg_pkg *p, struct wg_err *err) WG_NODISCARD;
/* The model of the store with this name or reference; WG_E_NOT_FOUND with near names. */
enum wg_status wg_pkg_from_store(struct wg_pkg *p, const char *model,
                                 struct wg_err *err) WG_NODISCARD;
/* A name "STEM-00002-of-00003.gguf": fills *no (from 1) and *count and returns the length of STEM,
 * else returns 0. */
size_t wg_split_stem(const char *name, unsigned *no, unsigned *count);
/* The same with another ending than ".gguf". */
size_t wg_numbered_stem(const char *name, const char *end, unsigned *no, unsigned *count);
/* Sets format and weights to the safetensors of the sorted package; when it has GGUF weights, only
 * says which are taken. */
enum wg_status wg_pkg_choose_safetensors(struct wg_pkg *p, struct wg_err *err) WG_NODISCARD;

#endif
