/*
 * One file of a GGUF set, parsed: private to gguf*.c. A part owns its mapping and an arena that
 * holds its keys, tensor rows and names; all of them live until wg_gguf_part_close.
 */
#ifndef WG_PACKAGE_GGUF_PART_H
#define WG_PACKAGE_GGUF_PART_H

#include "base/arena.h"
#include "base/file.h"
#include "package/gguf.h"
#include "package/names.h"

struct wg_gguf_part {
    char *path;
    struct wg_map map; /* size 0 when the bytes are the caller's */
    const uint8_t *base;
    size_t size;         /* bytes at base */
    uint64_t file_bytes; /* of the whole file; more than size when header_only */
    bool header_only;
    int number; /* in the set, from 0 */

    struct wg_arena arena;
    uint32_t version, alignment;
    struct wg_gguf_kv *kv;
    struct wg_name *kv_names; /* n_kv, sorted */
    size_t n_kv;
    struct wg_tensor *tensors;
    uint64_t *tensor_at; /* n_tensors: offset of each tensor's row in the header */
    size_t n_tensors;
};

/* Parses part->base into the rest of the part. On failure close the part as after success. */
enum wg_status wg_gguf_part_parse(struct wg_gguf_part *part, struct wg_err *err) WG_NODISCARD;
void wg_gguf_part_close(struct wg_gguf_part *part);

/* Bytes of one value of a kind; 0 for strings, arrays and kinds that do not exist. */
size_t wg_gguf_kind_bytes(uint32_t kind);

/* Typed read of a key of one part, as wg_gguf_i64. */
enum wg_status wg_gguf_part_i64(const struct wg_gguf_part *part, const char *key, int64_t *out,
                                bool *found, struct wg_err *err) WG_NODISCARD;

#endif
