/*
 * A file of known size that is written piece by piece and appears at its path whole or not at all:
 * the pieces go to a temporary file beside it, which wg_out_commit renames. wg_file_write is the
 * same for bytes that are in memory. One thread at a time.
 */
#ifndef WG_BASE_OUT_H
#define WG_BASE_OUT_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct wg_out;

/* Takes the space on the disk now where the file system can, so that a full disk is WG_E_IO before
 * the work and not after hours of it. Bytes that are never written are 0. */
enum wg_status wg_out_open(const char *path, uint64_t bytes, struct wg_out **out,
                           struct wg_err *err) WG_NODISCARD;
/* n bytes at `offset`; WG_E_USAGE when they do not lie in the file. */
enum wg_status wg_out_write(struct wg_out *o, uint64_t offset, const void *bytes, size_t n,
                            struct wg_err *err) WG_NODISCARD;
/* Syncs and renames. Close o afterwards in any case. */
enum wg_status wg_out_commit(struct wg_out *o, struct wg_err *err) WG_NODISCARD;
/* Removes the temporary file unless it was committed. NULL is nothing. */
void wg_out_close(struct wg_out *o);

#endif
