/*
 * Matmul of float weights on sixteen lanes. The including file defines WG_LEVEL(name), v16 and the
 * register tile WG_R x WG_C.
 *
 * Two uses: the default path of F32, F16 and BF16, straight from file form with fused multiply-add;
 * and the tile kernel of the exact path (matmul_exact.c), whose products are rounded.
 */
#include "base/attr.h"
#include "kernel/dequant_tile.h"
#include "kernel/variants.h"

enum { COLUMN_BLOCK = 32 }; /* columns whose activations stay in the second-level cache */

typedef v16 load_fn(const void *p);
typedef v16 load_n_fn(const void *p, int64_t n);

/* One weight type in memory. */
struct float_type {
    load_fn *load;
    load_n_fn *load_n;
    size_t bytes;
};

static WG_ALWAYS_INLINE void WG_LEVEL(tile)(struct float_type t, const uint8_t *w, size_t w_stride,
                                            const float *a, size_t a_stride, int64_t k, float *y,
                                            int64_t y_stride, int rows, int cols)
{
    v16 sum[WG_R][WG_C];
    int64_t i = 0;

    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++)
            sum[r][c] = v16_zero();
    }
    for (; i + 16 <= k; i += 16) {
        v16 x[WG_C];
        for (int c = 0; c < cols; c++)
            x[c] = v16_load(a + (size_t)c * a_stride + i);
        for (int r = 0; r < rows; r++) {
            v16 v = t.load(w + (size_t)r * w_stride + (size_t)i * t.bytes);
            for (int c = 0; c < cols; c++)
                sum[r][c] = v16_fma(v, x[c], sum[r][c]);
        }
    }
    if (i < k) {
        for (int r = 0; r < rows; r++) {
            v16 v = t.load_n(w + (size_t)r * w_stride + (size_t)i * t.bytes, k - i);
            for (int c = 0; c < cols; c++)
                sum[r][c] = v16_fma(v, v16_load(a + (size_t)c * a_stride + i), sum[r][c]);
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++)
            y[c * y_stride + r] = v16_sum(sum[r][c]);
    }
}

static WG_ALWAYS_INLINE void WG_LEVEL(row_tile)(struct float_type t, const uint8_t *w,
                                                size_t w_stride, const float *a, size_t a_stride,
                                                int64_t k, float *y, int64_t y_stride, int rows,
                                                int64_t cols)
{
    int64_t c = 0;

    for (; c + WG_C <= cols; c += WG_C)
        WG_LEVEL(tile)
    (t, w, w_stride, a + (size_t)c * a_stride, a_stride, k, y + c * y_stride, y_stride, rows, WG_C);
    for (; c < cols; c++)
        WG_LEVEL(tile)
    (t, w, w_stride, a + (size_t)c * a_stride, a_stride, k, y + c * y_stride, y_stride, rows, 1);
}

static WG_ALWAYS_INLINE void WG_LEVEL(matmul_float)(struct float_type t, const void *w,
                                                    size_t w_stride, const void *act,
                                                    size_t act_stride, int64_t k, float *y,
                                                    int64_t y_stride, int64_t rows, int64_t cols)
{
    size_t a_stride = act_stride / sizeof(float);

    for (int64_t c = 0; c < cols; c += COLUMN_BLOCK) {
        const float *a = (const float *)act + (size_t)c * a_stride;
        int64_t nc = WG_MIN(cols - c, (int64_t)COLUMN_BLOCK), r = 0;
        const uint8_t *wr = w;
        float *yc = y + c * y_stride;
        for (; r + WG_R <= rows; r += WG_R, wr += WG_R * w_stride)
            WG_LEVEL(row_tile)(t, wr, w_stride, a, a_stride, k, yc + r, y_stride, WG_R, nc);
        for (; r < rows; r++, wr += w_stride)
            WG_LEVEL(row_tile)(t, wr, w_stride, a, a_stride, k, yc + r, y_stride, 1, nc);
    }
}

#define DEFINE(name, load, size)                                                                   \
    static void WG_LEVEL(matmul_##name)(const void *w, size_t w_stride, const void *act,           \
                                        size_t act_stride, int64_t k, float *y, int64_t y_stride,  \
                                        int64_t rows, int64_t cols)                                \
    {                                                                                              \
        WG_LEVEL(matmul_float)                                                                     \
        ((struct float_type){load, load##_n, size}, w, w_stride, act, act_stride, k, y, y_stride,  \
         rows, cols);                                                                              \
    }
DEFINE(f32, v16_load, 4)
DEFINE(f16, v16_load_f16, 2)
DEFINE(bf16, v16_load_bf16, 2)
#undef DEFINE

static WG_ALWAYS_INLINE void WG_LEVEL(exact_tile)(const float *w, const float *a, int64_t a_stride,
                                                  int64_t n, float (*lanes)[WG_TILE_COLS][WG_LANES],
                                                  int rows, int cols)
{
    v16 sum[WG_R][WG_C];

    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++)
            sum[r][c] = v16_load(lanes[r][c]);
    }
    for (int64_t i = 0; i < n; i += 16) {
        v16 x[WG_C];
        for (int c = 0; c < cols; c++)
            x[c] = v16_load(a + c * a_stride + i);
        for (int r = 0; r < rows; r++) {
            v16 v = v16_load(w + r * WG_TILE_K + i);
            for (int c = 0; c < cols; c++)
                sum[r][c] = v16_add(sum[r][c], v16_mul(v, x[c]));
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++)
            v16_store(lanes[r][c], sum[r][c]);
    }
}

static void WG_LEVEL(exact_tiles)(const float *w, const float *a, int64_t a_stride, int64_t n,
                                  struct wg_tile_sums *sums, int rows, int cols)
{
    for (int c = 0; c < cols;) {
        int nc = cols - c >= WG_C ? WG_C : 1;
        const float *ac = a + c * a_stride;
        for (int r = 0; r < rows;) {
            int nr = rows - r >= WG_R ? WG_R : 1;
            float(*lanes)[WG_TILE_COLS][WG_LANES] = (void *)&sums->lane[r][c];
            if (nr == WG_R && nc == WG_C)
                WG_LEVEL(exact_tile)(w + r * WG_TILE_K, ac, a_stride, n, lanes, WG_R, WG_C);
            else if (nr == WG_R)
                WG_LEVEL(exact_tile)(w + r * WG_TILE_K, ac, a_stride, n, lanes, WG_R, 1);
            else if (nc == WG_C)
                WG_LEVEL(exact_tile)(w + r * WG_TILE_K, ac, a_stride, n, lanes, 1, WG_C);
            else
                WG_LEVEL(exact_tile)(w + r * WG_TILE_K, ac, a_stride, n, lanes, 1, 1);
            r += nr;
        }
        c += nc;
    }
}

/* The exact matmuls use the level's dequantizers. */
#define DEFINE(type, name)                                                                         \
    static void WG_LEVEL(matmul_exact_##name)(const void *w, size_t w_stride, const void *act,     \
                                              size_t act_stride, int64_t k, float *y,              \
                                              int64_t y_stride, int64_t rows, int64_t cols)        \
    {                                                                                              \
        wg_matmul_by_tiles(WG_DEQUANT(name), WG_LEVEL(exact_tiles), WG_TYPE_##type, w, w_stride,   \
                           act, act_stride, k, y, y_stride, rows, cols);                           \
    }
WG_DEQUANT_TYPES(DEFINE)
#undef DEFINE

static void WG_LEVEL(set_float_matmuls)(struct wg_kernels *k)
{
    /* Types without an integer path still point to the reference's exact kernel by default. */
#define SET(type, name)                                                                            \
    if (k->matmul[WG_TYPE_##type].run == k->matmul_exact[WG_TYPE_##type].run)                      \
        k->matmul[WG_TYPE_##type].run = WG_LEVEL(matmul_exact_##name);                             \
    k->matmul_exact[WG_TYPE_##type].run = WG_LEVEL(matmul_exact_##name);                           \
    k->dequant[WG_TYPE_##type] = WG_DEQUANT(name);
    WG_DEQUANT_TYPES(SET)
#undef SET
    k->matmul[WG_TYPE_F32].run = WG_LEVEL(matmul_f32);
    k->matmul[WG_TYPE_F16].run = WG_LEVEL(matmul_f16);
    k->matmul[WG_TYPE_BF16].run = WG_LEVEL(matmul_bf16);
}
