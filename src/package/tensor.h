/* One tensor of a weights file: what the readers of all formats give. */
#ifndef WG_PACKAGE_TENSOR_H
#define WG_PACKAGE_TENSOR_H

#include "base/type.h"

#include <stddef.h>
#include <stdint.h>

/* A GGUF file has at most 4 dimensions; the patch convolutions of vision towers, which lie in the
 * same safetensors files as the text part, have 5. */
enum { WG_MAX_DIMS = 6 };

/* ne[0] is the contiguous dimension (row length), the last one of a safetensors shape; a matrix
 * that maps [in] to [out] has ne = {in, out}. Unused dimensions are 1; one of a safetensors file
 * may be 0, and the tensor is then empty. */
struct wg_tensor {
    const char *name; /* NUL-terminated copy, without control characters */
    enum wg_type type;
    int n_dims; /* 0 for a scalar */
    int64_t ne[WG_MAX_DIMS];
    const void *data; /* in the mapping, aligned as the file says: maybe less than the type needs;
                         NULL when only a header was read */
    size_t bytes;
    int part;        /* file of a set, from 0 */
    uint64_t offset; /* of the data in that file */
};

#endif
