/*
 * GGUF writer, version 3 (specification: ggml docs/gguf.md), for models that do not fit in memory:
 * keys and tensors are declared, then the data are appended in that order in pieces of any size.
 * The file appears at its path when it is whole (base/out.h). One thread at a time.
 *
 *   wg_gguf_out_new, wg_gguf_put..., wg_gguf_out_tensor..., wg_gguf_out_begin,
 *   wg_gguf_out_data..., wg_gguf_out_finish, and in any case wg_gguf_out_free.
 *
 * What the reader would refuse is refused here: WG_E_INPUT for names, dimensions and duplicates,
 * which come from the file that is converted; WG_E_USAGE for calls out of order and data that are
 * more or fewer than declared.
 */
#ifndef WG_PACKAGE_GGUF_WRITE_H
#define WG_PACKAGE_GGUF_WRITE_H

#include "package/gguf.h"

struct wg_gguf_out;

enum wg_status wg_gguf_out_new(const char *path, struct wg_gguf_out **out,
                               struct wg_err *err) WG_NODISCARD;
/* Drops what was not finished. NULL is nothing. */
void wg_gguf_out_free(struct wg_gguf_out *o);

/*
 * Metadata, written in the order of the calls; values are copied. wg_gguf_put copies a value of the
 * reader through, of any kind. Keys split.* are WG_E_USAGE, as one file is written.
 * general.alignment sets the alignment, which is 32 without it.
 */
enum wg_status wg_gguf_put(struct wg_gguf_out *o, const struct wg_gguf_kv *kv,
                           struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_put_u32(struct wg_gguf_out *o, const char *key, uint32_t v,
                               struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_put_u64(struct wg_gguf_out *o, const char *key, uint64_t v,
                               struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_put_f32(struct wg_gguf_out *o, const char *key, float v,
                               struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_put_bool(struct wg_gguf_out *o, const char *key, bool v,
                                struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_put_string(struct wg_gguf_out *o, const char *key, const char *s, size_t n,
                                  struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_put_strings(struct wg_gguf_out *o, const char *key,
                                   const struct wg_gguf_str *strs, size_t count,
                                   struct wg_err *err) WG_NODISCARD;
/* count little-endian values of a kind other than STRING and ARRAY. */
enum wg_status wg_gguf_put_array(struct wg_gguf_out *o, const char *key,
                                 enum wg_gguf_kind item_kind, const void *data, size_t count,
                                 struct wg_err *err) WG_NODISCARD;

/* 0 to 4 dimensions of 1 and more; a type of GGUF (below WG_TYPE_GGUF_LIMIT). */
enum wg_status wg_gguf_out_tensor(struct wg_gguf_out *o, const char *name, enum wg_type type,
                                  int n_dims, const int64_t *ne, struct wg_err *err) WG_NODISCARD;
/* Creates the file and writes the header: no more keys and tensors after it. */
enum wg_status wg_gguf_out_begin(struct wg_gguf_out *o, struct wg_err *err) WG_NODISCARD;
/* The next n bytes of data, in the order of the declarations, without padding. */
enum wg_status wg_gguf_out_data(struct wg_gguf_out *o, const void *bytes, size_t n,
                                struct wg_err *err) WG_NODISCARD;
enum wg_status wg_gguf_out_finish(struct wg_gguf_out *o, struct wg_err *err) WG_NODISCARD;

#endif
