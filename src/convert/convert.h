/*
 * Conversion of weights: a package, in any form that this program reads, to one GGUF file, with the
 * types as they are or quantized by a recipe. Tensor by tensor in pieces, so that memory does not
 * grow with the model; the file appears at its path when it is whole; interruptible.
 */
#ifndef WG_CONVERT_CONVERT_H
#define WG_CONVERT_CONVERT_H

#include "base/status.h"
#include "convert/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wg_pkg;

struct wg_convert_opts {
    const char *out;                /* path of the new file */
    const struct wg_recipe *recipe; /* NULL: each tensor keeps its type */
    bool allow_requantize;          /* quantize what is quantized already */
    bool no_tokenizer;              /* a folder may be without one */
    int threads;                    /* >= 1 */
};

struct wg_convert_result {
    uint64_t bytes; /* of the new file */
    size_t tensors;
    size_t by_type[WG_TYPE_LIMIT]; /* how many of each */
};

/* WG_E_USAGE when the output is one of the package's own files. */
enum wg_status wg_convert(const struct wg_pkg *pkg, const struct wg_convert_opts *o,
                          struct wg_convert_result *result, struct wg_err *err) WG_NODISCARD;

#endif
