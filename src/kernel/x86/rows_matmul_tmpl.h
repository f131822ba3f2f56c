/*
 * The integer matmuls with a row of W in each lane: the arithmetic of matmul_q8.c, so the same
 * bits.
 *
 * ROWS rows are decoded together, transposed so that a register holds four codes of each row; one
 * broadcast of four activations then multiplies all rows, and a block's sum needs no horizontal
 * step. A single column is multiplied as the blocks are decoded; several columns share blocks
 * decoded into a buffer. The including file gives the vectors (rows_*.h), WG_LEVEL(name), U8 and
 * dots().
 */
#include "kernel/q8.h"
#include "kernel/variants.h"
#include "kernel/x86/rows_decode_tmpl.h"

#include <string.h>

enum {
    TILE_BLOCKS = 16,    /* decoded at a time for several columns: fits the first-level cache */
    COLUMN_TILE = 4,     /* columns multiplied at a time */
    COLUMN_BLOCK_Q = 64, /* columns whose activations stay in the second-level cache */
};

typedef void rows_decode_fn(const uint8_t *p, size_t stride, struct rows_block *out);

/* One weight type; a constant in every call, so that all of it is folded. */
struct rows_type {
    rows_decode_fn *decode;
    int unit_blocks; /* 1, or 8 for super-blocks */
    int unit_bytes;
    int bits;   /* of a code, at most 8 */
    int offset; /* codes stand for code - (1 << offset); -1: for themselves */
    int group;  /* 32 or 16 */
    bool has_min;
};

/* acc += the block's products with `cols` columns. */
static WG_ALWAYS_INLINE void add_block(struct rows_type t, const struct rows_block *w,
                                       const struct wg_q8 *const *a, int cols, vf *acc)
{
    vi sum[COLUMN_TILE][2];
    const int8_t *q[COLUMN_TILE];

    for (int c = 0; c < cols; c++)
        q[c] = a[c]->q;
    dots(t.bits, t.group, w->q, q, cols, sum);
    for (int c = 0; c < cols; c++) {
        vf da = vf_set1(a[c]->d);
        for (int g = 0; g < 32 / t.group; g++) {
            int correction = t.group == 32 ? a[c]->sum : a[c]->half_sum[g];
            vi s = sum[c][g];
            if (t.offset >= 0)
                s = vi_sub(s, vi_left(vi_set1(correction), t.offset));
            acc[c] = vf_add(acc[c], vf_mul(vf_from_int(s), vf_mul(w->d[g], da)));
        }
        for (int g = 0; t.has_min && g < 32 / t.group; g++) {
            float s = t.group == 32 ? a[c]->s : a[c]->half_s[g];
            acc[c] = vf_add(acc[c], vf_mul(w->m[g], vf_set1(s)));
        }
    }
}

/* One column of `rows` (at most ROWS) rows, `units` units from p and a on; y goes on when !first.
 */
static WG_ALWAYS_INLINE void one_column(struct rows_type t, const uint8_t *p, size_t stride,
                                        int64_t units, const struct wg_q8 *a, float *y, int rows,
                                        bool first)
{
    vf acc = first ? vf_set1(0) : vf_load_rows(y, rows);
    struct rows_block w[8];

    for (int64_t u = 0; u < units; u++, p += t.unit_bytes) {
        /* The next rows follow in memory: read them ahead, in the order of memory. */
        const uint8_t *next = p + ROWS * stride + (size_t)u * (ROWS - 1) * (size_t)t.unit_bytes;
        for (int i = 0; i < ROWS * t.unit_bytes; i += 64)
            _mm_prefetch((const char *)next + i, _MM_HINT_T0);
        t.decode(p, stride, w);
        for (int b = 0; b < t.unit_blocks; b++, a++)
            add_block(t, w + b, &a, 1, &acc);
    }
    vf_store_rows(y, acc, rows);
}

static WG_ALWAYS_INLINE void columns(struct rows_type t, const struct rows_block *w, int blocks,
                                     const struct wg_q8 *a, size_t act_stride, int cols, float *y,
                                     int64_t y_stride, int rows, bool first)
{
    const struct wg_q8 *ac[COLUMN_TILE];
    vf acc[COLUMN_TILE];

    for (int c = 0; c < cols; c++) {
        ac[c] = (const void *)((const uint8_t *)a + (size_t)c * act_stride);
        acc[c] = first ? vf_set1(0) : vf_load_rows(y + c * y_stride, rows);
    }
    for (int b = 0; b < blocks; b++) {
        add_block(t, w + b, ac, cols, acc);
        for (int c = 0; c < cols; c++)
            ac[c]++;
    }
    for (int c = 0; c < cols; c++)
        vf_store_rows(y + c * y_stride, acc[c], rows);
}

/* Several columns, a buffer of decoded blocks at a time. */
static WG_ALWAYS_INLINE void many_columns(struct rows_type t, const uint8_t *p, size_t stride,
                                          int64_t units, const struct wg_q8 *a, size_t act_stride,
                                          int64_t cols, float *y, int64_t y_stride, int rows,
                                          bool first)
{
    struct rows_block w[TILE_BLOCKS];
    int per_tile = TILE_BLOCKS / t.unit_blocks;

    for (int64_t u = 0; u < units; u += per_tile) {
        int n = (int)WG_MIN(units - u, (int64_t)per_tile), blocks = n * t.unit_blocks;
        const uint8_t *ac = (const uint8_t *)(a + u * t.unit_blocks);
        int64_t c = 0;
        for (int i = 0; i < n; i++)
            t.decode(p + (size_t)(u + i) * (size_t)t.unit_bytes, stride, w + i * t.unit_blocks);
        for (; c + COLUMN_TILE <= cols; c += COLUMN_TILE)
            columns(t, w, blocks, (const void *)(ac + (size_t)c * act_stride), act_stride,
                    COLUMN_TILE, y + c * y_stride, y_stride, rows, first && u == 0);
        for (; c < cols; c++)
            columns(t, w, blocks, (const void *)(ac + (size_t)c * act_stride), act_stride, 1,
                    y + c * y_stride, y_stride, rows, first && u == 0);
    }
}

static WG_ALWAYS_INLINE void rows_tile(struct rows_type t, const uint8_t *p, size_t stride,
                                       int64_t units, const struct wg_q8 *a, size_t act_stride,
                                       int64_t cols, float *y, int64_t y_stride, int rows,
                                       bool first)
{
    if (cols == 1)
        one_column(t, p, stride, units, a, y, rows, first);
    else
        many_columns(t, p, stride, units, a, act_stride, cols, y, y_stride, rows, first);
}

/* Fewer rows than lanes: each piece of them is copied into a buffer with ROWS rows. */
static WG_ALWAYS_INLINE void few_rows(struct rows_type t, const uint8_t *p, size_t stride,
                                      int64_t units, const struct wg_q8 *a, size_t act_stride,
                                      int64_t cols, float *y, int64_t y_stride, int rows)
{
    enum { PIECE_BYTES = 640 }; /* at least 16 blocks of every type */
    uint8_t piece[ROWS * PIECE_BYTES];
    int per_piece = TILE_BLOCKS / t.unit_blocks;

    memset(piece, 0, sizeof piece);
    for (int64_t u = 0; u < units; u += per_piece) {
        int64_t n = WG_MIN(units - u, (int64_t)per_piece);
        for (int r = 0; r < rows; r++)
            memcpy(piece + r * PIECE_BYTES, p + (size_t)r * stride + (size_t)(u * t.unit_bytes),
                   (size_t)(n * t.unit_bytes));
        rows_tile(t, piece, PIECE_BYTES, n, a + u * t.unit_blocks, act_stride, cols, y, y_stride,
                  rows, u == 0);
    }
}

static WG_ALWAYS_INLINE void rows_matmul(struct rows_type t, const void *w, size_t w_stride,
                                         const void *act, size_t act_stride, int64_t k, float *y,
                                         int64_t y_stride, int64_t rows, int64_t cols)
{
    int64_t units = k / (32 * t.unit_blocks);

    for (int64_t c = 0; c < cols; c += COLUMN_BLOCK_Q) {
        const struct wg_q8 *a = (const void *)((const uint8_t *)act + (size_t)c * act_stride);
        int64_t nc = WG_MIN(cols - c, (int64_t)COLUMN_BLOCK_Q);
        float *yc = y + c * y_stride;
        if (rows < ROWS) {
            few_rows(t, w, w_stride, units, a, act_stride, nc, yc, y_stride, (int)rows);
            continue;
        }
        for (int64_t r = 0; r < rows; r += ROWS) {
            int64_t from = WG_MIN(r, rows - ROWS); /* the last rows once more, if need be */
            rows_tile(t, (const uint8_t *)w + (size_t)from * w_stride, w_stride, units, a,
                      act_stride, nc, yc + from, y_stride, ROWS, true);
        }
    }
}

#define DEFINE(name, unit_blocks, unit_bytes, bits, offset, group, has_min)                        \
    static void WG_LEVEL(matmul_##name)(const void *w, size_t w_stride, const void *act,           \
                                        size_t act_stride, int64_t k, float *y, int64_t y_stride,  \
                                        int64_t rows, int64_t cols)                                \
    {                                                                                              \
        rows_matmul((struct rows_type){decode_##name, unit_blocks, unit_bytes, bits, offset,       \
                                       group, has_min},                                            \
                    w, w_stride, act, act_stride, k, y, y_stride, rows, cols);                     \
    }
DEFINE(q4_0, 1, 18, 4, 3, 32, false)
DEFINE(q4_1, 1, 20, 4, -1, 32, true)
DEFINE(q5_0, 1, 22, 5, 4, 32, false)
DEFINE(q5_1, 1, 24, 5, -1, 32, true)
DEFINE(q8_0, 1, 34, 8, U8_OFFSET, 32, false)
DEFINE(iq4_nl, 1, 18, 8, U8_OFFSET, 32, false)
DEFINE(mxfp4, 1, 17, 5, 4, 32, false)
DEFINE(iq4_xs, 8, 136, 8, U8_OFFSET, 32, false)
DEFINE(q4_k, 8, 144, 4, -1, 32, true)
DEFINE(q5_k, 8, 176, 5, -1, 32, true)
DEFINE(q2_k, 8, 84, 4, -1, 16, true)
DEFINE(q3_k, 8, 110, 4, 2, 16, false)
DEFINE(q6_k, 8, 210, 6, 5, 16, false)
#undef DEFINE

static void WG_LEVEL(set_rows_matmuls)(struct wg_kernels *k)
{
#define SET(type, name)                                                                            \
    k->matmul[WG_TYPE_##type].run = WG_LEVEL(matmul_##name);                                       \
    k->matmul[WG_TYPE_##type].pack = wg_pack_q8_avx2;
    WG_Q8_TYPES(SET)
#undef SET
}
