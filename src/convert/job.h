/*
 * A conversion as data: the tensors of the new file, each with where its rows come from. Readers of
 * a format (from_gguf.c, from_hf.c) fill a job; conv_write.c computes and writes it.
 */
#ifndef WG_CONVERT_JOB_H
#define WG_CONVERT_JOB_H

#include "base/arena.h"
#include "base/status.h"
#include "convert/convert.h"
#include "convert/recipe.h"
#include "package/tensor.h"

struct wg_gguf_out;

struct wg_conv_tensor {
    const char *name; /* of the new file */
    enum wg_type type;
    int n_dims;
    int64_t ne[4];
    /* n_parts tensors of equal shape whose rows follow each other; or values, all of them. */
    const struct wg_tensor *const *parts;
    int64_t n_parts;
    const float *values;
    /* The two halves of each head of this many rows are interleaved: from the order of Hugging Face
     * files to that of GGUF files of Llama. 0: rows stay. */
    int64_t head_rows;
    float add; /* to every value */
};

struct wg_conv_job {
    const char *source; /* for messages */
    struct wg_arena arena;
    struct wg_conv_tensor *tensors; /* in the arena */
    size_t n_tensors;
};

/* Gives the tensor its type: that of the recipe, or of `as_is`. Refuses to make a quantized tensor
 * into another type unless it is allowed to. */
enum wg_status wg_conv_choose(const struct wg_conv_job *j, const struct wg_convert_opts *o,
                              const struct wg_recipe_model *m, enum wg_type as_is,
                              struct wg_conv_tensor *t, struct wg_err *err) WG_NODISCARD;

/* Puts the keys that say how the tensors are quantized. */
enum wg_status wg_conv_put_types(struct wg_gguf_out *out, const struct wg_recipe *r,
                                 struct wg_err *err) WG_NODISCARD;

/* Declares the tensors, computes and writes them all, and finishes the file. */
enum wg_status wg_conv_write(const struct wg_conv_job *j, struct wg_gguf_out *out, int threads,
                             struct wg_err *err) WG_NODISCARD;

/* Bytes of all tensors. */
uint64_t wg_conv_bytes(const struct wg_conv_job *j);

#endif
