/* Limits of this room. */
#ifndef WG_CONVERT_LIMITS_H
#define WG_CONVERT_LIMITS_H

#include <stddef.h>

enum {
    WG_CONV_MAX_ROW = 1 << 26,     /* values of a row that is computed: threads hold one each */
    WG_CONV_CHUNK_BYTES = 1 << 20, /* of output that is computed at once; at least a row */
    WG_CONV_MAX_TOKENIZER_BYTES = 128 << 20,
    WG_CONV_MAX_CARD_BYTES = 4 << 20,
    WG_CONV_MAX_TEMPLATE_BYTES = 4 << 20,
};

/* Names and lists; values of tensors are never kept. */
#define WG_CONV_ARENA_BYTES ((size_t)256 << 20)

#endif
