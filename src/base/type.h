/*
 * Tensor element types, numbered as in the GGUF specification (ggml type ids), and the size of
 * their blocks. Types that only safetensors has follow from WG_TYPE_GGUF_LIMIT on; the name of a
 * type of one value a block is its safetensors dtype. What a block means is in src/kernel/quant.h;
 * this is only the arithmetic that a file reader needs.
 *
 * To add one: 1. a row in WG_TYPES; 2. its dequantizer in src/kernel/quant*.c; 3. its row in
 * docs/FORMATS.md; tests/kernel/checkkern fails until 2 is done.
 */
#ifndef WG_BASE_TYPE_H
#define WG_BASE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enumerator, id, name, values a block, bytes a block) */
#define WG_TYPES(X)                                                                                \
    X(F32, 0, "F32", 1, 4)                                                                         \
    X(F16, 1, "F16", 1, 2)                                                                         \
    X(Q4_0, 2, "Q4_0", 32, 18)                                                                     \
    X(Q4_1, 3, "Q4_1", 32, 20)                                                                     \
    X(Q5_0, 6, "Q5_0", 32, 22)                                                                     \
    X(Q5_1, 7, "Q5_1", 32, 24)                                                                     \
    X(Q8_0, 8, "Q8_0", 32, 34)                                                                     \
    X(Q8_1, 9, "Q8_1", 32, 36)                                                                     \
    X(Q2_K, 10, "Q2_K", 256, 84)                                                                   \
    X(Q3_K, 11, "Q3_K", 256, 110)                                                                  \
    X(Q4_K, 12, "Q4_K", 256, 144)                                                                  \
    X(Q5_K, 13, "Q5_K", 256, 176)                                                                  \
    X(Q6_K, 14, "Q6_K", 256, 210)                                                                  \
    X(Q8_K, 15, "Q8_K", 256, 292)                                                                  \
    X(IQ2_XXS, 16, "IQ2_XXS", 256, 66)                                                             \
    X(IQ2_XS, 17, "IQ2_XS", 256, 74)                                                               \
    X(IQ3_XXS, 18, "IQ3_XXS", 256, 98)                                                             \
    X(IQ1_S, 19, "IQ1_S", 256, 50)                                                                 \
    X(IQ4_NL, 20, "IQ4_NL", 32, 18)                                                                \
    X(IQ3_S, 21, "IQ3_S", 256, 110)                                                                \
    X(IQ2_S, 22, "IQ2_S", 256, 82)                                                                 \
    X(IQ4_XS, 23, "IQ4_XS", 256, 136)                                                              \
    X(I8, 24, "I8", 1, 1)                                                                          \
    X(I16, 25, "I16", 1, 2)                                                                        \
    X(I32, 26, "I32", 1, 4)                                                                        \
    X(I64, 27, "I64", 1, 8)                                                                        \
    X(F64, 28, "F64", 1, 8)                                                                        \
    X(IQ1_M, 29, "IQ1_M", 256, 56)                                                                 \
    X(BF16, 30, "BF16", 1, 2)                                                                      \
    X(TQ1_0, 34, "TQ1_0", 256, 54)                                                                 \
    X(TQ2_0, 35, "TQ2_0", 256, 66)                                                                 \
    X(MXFP4, 39, "MXFP4", 32, 17)                                                                  \
    X(NVFP4, 40, "NVFP4", 64, 36)                                                                  \
    X(F8_E4M3, 48, "F8_E4M3", 1, 1)                                                                \
    X(F8_E5M2, 49, "F8_E5M2", 1, 1)                                                                \
    X(F8_E8M0, 50, "F8_E8M0", 1, 1)                                                                \
    X(BOOL, 51, "BOOL", 1, 1)                                                                      \
    X(U8, 52, "U8", 1, 1)                                                                          \
    X(U16, 53, "U16", 1, 2)                                                                        \
    X(U32, 54, "U32", 1, 4)                                                                        \
    X(U64, 55, "U64", 1, 8)

enum wg_type {
#define WG_TYPE_ENUM(e, id, name, block, bytes) WG_TYPE_##e = id,
    WG_TYPES(WG_TYPE_ENUM)
#undef WG_TYPE_ENUM
        WG_TYPE_GGUF_LIMIT = 48, /* ids from here on mean nothing in a GGUF file */
    WG_TYPE_LIMIT = 56
};

struct wg_type_info {
    const char *name;
    uint32_t block_values, block_bytes;
};

/* NULL for an id that is not in the table. */
const struct wg_type_info *wg_type_info(uint32_t id);

/* The type of this name (exact, "Q4_K"); false when there is none. */
bool wg_type_find(const char *name, enum wg_type *out);

/* Bytes of n values; false when n is not a multiple of the block, or on overflow. */
bool wg_type_bytes(enum wg_type type, uint64_t n, size_t *bytes);

/* Bytes of a row of k values, for a type and k that were validated when the file was read. */
static inline size_t wg_row_bytes(enum wg_type type, int64_t k)
{
    const struct wg_type_info *t = wg_type_info((uint32_t)type);
    return (size_t)k / t->block_values * t->block_bytes;
}

#endif
