/*
 * What the writers of all weights formats share: the list of tensors that was declared, then their
 * data, appended in that order to where the format put each. Private to gguf_write.c and
 * st_write.c.
 */
#ifndef WG_PACKAGE_TENSOR_OUT_H
#define WG_PACKAGE_TENSOR_OUT_H

#include "base/arena.h"
#include "base/out.h"
#include "package/tensor.h"

struct wg_tensor_out {
    char *path;
    struct wg_arena arena;
    struct wg_tensor *rows; /* offset: from the begin of the file, once the format has set it */
    size_t n_rows;
    struct wg_out *out;   /* NULL until begin */
    size_t current, done; /* the row that is being written, and how many of its bytes are */
};

enum wg_status wg_tensor_out_init(struct wg_tensor_out *o, const char *path,
                                  struct wg_err *err) WG_NODISCARD;
void wg_tensor_out_release(struct wg_tensor_out *o);
/* Declares a tensor; name and dimensions are checked as the readers check them. */
enum wg_status wg_tensor_out_add(struct wg_tensor_out *o, const char *name, enum wg_type type,
                                 int n_dims, const int64_t *ne, struct wg_err *err) WG_NODISCARD;
/* WG_E_INPUT when a name was declared twice. */
enum wg_status wg_tensor_out_unique(const struct wg_tensor_out *o, struct wg_err *err) WG_NODISCARD;
/* Creates the file of `bytes` bytes and writes its header. */
enum wg_status wg_tensor_out_begin(struct wg_tensor_out *o, const void *header, size_t n,
                                   uint64_t bytes, struct wg_err *err) WG_NODISCARD;
enum wg_status wg_tensor_out_data(struct wg_tensor_out *o, const void *bytes, size_t n,
                                  struct wg_err *err) WG_NODISCARD;
enum wg_status wg_tensor_out_finish(struct wg_tensor_out *o, struct wg_err *err) WG_NODISCARD;

#endif
