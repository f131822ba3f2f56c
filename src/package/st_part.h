/*
 * One safetensors file, parsed: private to safetensors.c and st_parse.c. A part owns its mapping
 * and an arena that holds its rows, names and metadata; all of them live until wg_st_part_close.
 */
#ifndef WG_PACKAGE_ST_PART_H
#define WG_PACKAGE_ST_PART_H

#include "base/arena.h"
#include "base/file.h"
#include "package/safetensors.h"

struct wg_st_part {
    char *path;
    struct wg_map map; /* size 0 when the bytes are the caller's */
    const uint8_t *base;
    size_t size;         /* bytes at base */
    uint64_t file_bytes; /* of the whole file; more than size when header_only */
    bool header_only;
    int number; /* in the set, from 0 */

    struct wg_arena arena;
    struct wg_tensor *tensors; /* in the order of their data */
    size_t n_tensors;
    struct wg_st_meta *meta;
    size_t n_meta;
};

/* Parses part->base into the rest of the part. On failure close the part as after success. */
enum wg_status wg_st_part_parse(struct wg_st_part *part, struct wg_err *err) WG_NODISCARD;
void wg_st_part_close(struct wg_st_part *part);

#endif
