/* Files: mapping, whole reads with a ceiling, atomic writes, paths. */
#ifndef WG_BASE_FILE_H
#define WG_BASE_FILE_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* A read-only private mapping. An empty file maps to p = "" with size 0. */
struct wg_map {
    const void *p;
    size_t size;
};

/* WG_E_NOT_FOUND when there is no such file, WG_E_INPUT when it is not a regular file. */
enum wg_status wg_map_open(struct wg_map *m, const char *path, struct wg_err *err) WG_NODISCARD;
void wg_map_close(struct wg_map *m);

/* Appends the whole file to b; a file over max_bytes is WG_E_LIMIT. Reads pipes too. */
enum wg_status wg_file_read(struct wg_buf *b, const char *path, size_t max_bytes,
                            struct wg_err *err) WG_NODISCARD;
/* All n bytes to fd; `path` is for the message. */
enum wg_status wg_write_all(int fd, const char *path, const void *bytes, size_t n,
                            struct wg_err *err) WG_NODISCARD;
/* Writes to a temporary file beside `path`, fsyncs, renames: other processes see the old content
 * or the new one. */
enum wg_status wg_file_write(const char *path, const void *bytes, size_t n,
                             struct wg_err *err) WG_NODISCARD;
enum wg_status wg_mkdirs(const char *path, struct wg_err *err) WG_NODISCARD;
/* fsync of the directory that holds `path`, so that a rename or unlink in it is durable. */
enum wg_status wg_sync_parent(const char *path, struct wg_err *err) WG_NODISCARD;
/* Removes a folder and all below it; does not follow symbolic links. */
enum wg_status wg_rmtree(const char *path, struct wg_err *err) WG_NODISCARD;

bool wg_is_dir(const char *path);
bool wg_is_file(const char *path);
/* "a/b" from "a" and "b" (one slash between); NULL when out of memory; wg_free it. */
char *wg_path_join(const char *a, const char *b) WG_NODISCARD;
/* Part after the last '/'; borrowed from path. */
const char *wg_basename(const char *path);
bool wg_has_suffix(const char *s, const char *suffix);

#endif
