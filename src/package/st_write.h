/*
 * safetensors writer, one file, for models that do not fit in memory: metadata and tensors are
 * declared, then the data are appended in that order in pieces of any size. The file appears at its
 * path when it is whole (base/out.h). One thread at a time.
 *
 *   wg_st_out_new, wg_st_out_meta..., wg_st_out_tensor..., wg_st_out_begin, wg_st_out_data...,
 *   wg_st_out_finish, and in any case wg_st_out_free.
 *
 * In the file the tensors of wider types come first, else in the order of their declaration: the
 * format knows no padding, and so all data are aligned for their type. What the reader would refuse
 * is refused here, with WG_E_INPUT; calls out of order, and data that are more or fewer than
 * declared, are WG_E_USAGE.
 */
#ifndef WG_PACKAGE_ST_WRITE_H
#define WG_PACKAGE_ST_WRITE_H

#include "base/status.h"
#include "package/tensor.h"

struct wg_st_out;

enum wg_status wg_st_out_new(const char *path, struct wg_st_out **out,
                             struct wg_err *err) WG_NODISCARD;
/* Drops what was not finished. NULL is nothing. */
void wg_st_out_free(struct wg_st_out *o);

/* An entry of __metadata__, UTF-8; transformers wants "format": "pt". The last of a key counts. */
enum wg_status wg_st_out_meta(struct wg_st_out *o, const char *key, const char *value,
                              struct wg_err *err) WG_NODISCARD;
/* ne as in struct wg_tensor: the shape from its last dimension. A type of one value a block. */
enum wg_status wg_st_out_tensor(struct wg_st_out *o, const char *name, enum wg_type type,
                                int n_dims, const int64_t *ne, struct wg_err *err) WG_NODISCARD;
/* Creates the file and writes the header: no more metadata and tensors after it. */
enum wg_status wg_st_out_begin(struct wg_st_out *o, struct wg_err *err) WG_NODISCARD;
/* The next n bytes of data, in the order of the declarations. */
enum wg_status wg_st_out_data(struct wg_st_out *o, const void *bytes, size_t n,
                              struct wg_err *err) WG_NODISCARD;
enum wg_status wg_st_out_finish(struct wg_st_out *o, struct wg_err *err) WG_NODISCARD;

#endif
