/*
 * Matmul in f32 from dequantized weights: a product is rounded, then added to its lane (lanes.h).
 * No fused multiply-add: every level gives the same bits.
 */
#include "base/attr.h"
#include "kernel/dequant_tile.h"
#include "kernel/variants.h"

#include <string.h>

static int64_t round_up_lanes(int64_t k)
{
    return (k + WG_LANES - 1) / WG_LANES * WG_LANES;
}

void wg_pack_f32_ref(const float *x, void *dst, int64_t k)
{
    float *d = dst;

    memcpy(d, x, (size_t)k * sizeof *d);
    for (int64_t i = k; i < round_up_lanes(k); i++)
        d[i] = 0;
}

static void tile_ref(const float *w, const float *a, int64_t a_stride, int64_t n,
                     struct wg_tile_sums *sums, int rows, int cols)
{
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) {
            const float *x = w + r * WG_TILE_K, *z = a + c * a_stride;
            float *lane = sums->lane[r][c];
            for (int64_t i = 0; i < n; i += WG_LANES) {
                for (int j = 0; j < WG_LANES; j++)
                    lane[j] += x[i + j] * z[i + j];
            }
        }
    }
}

/* Dequantizes values [from, from + n) of `rows` rows, zero-padded to whole lanes. */
static void load_chunk(wg_dequant_fn *dequant, const struct wg_type_info *t, const uint8_t *w,
                       size_t w_stride, int64_t from, int64_t n, int rows, float *chunk)
{
    size_t offset = (size_t)from / t->block_values * t->block_bytes;

    for (int r = 0; r < rows; r++) {
        float *dst = chunk + r * WG_TILE_K;
        dequant(w + (size_t)r * w_stride + offset, dst, n);
        for (int64_t i = n; i < round_up_lanes(n); i++)
            dst[i] = 0;
    }
}

void wg_matmul_by_tiles(wg_dequant_fn *dequant, wg_tile_fn *tile, enum wg_type type, const void *w,
                        size_t w_stride, const void *act, size_t act_stride, int64_t k, float *y,
                        int64_t y_stride, int64_t rows, int64_t cols)
{
    const struct wg_type_info *t = wg_type_info((uint32_t)type);
    float chunk[WG_TILE_ROWS * WG_TILE_K] WG_ALIGNED(64);
    struct wg_tile_sums sums WG_ALIGNED(64);

    for (int64_t r0 = 0; r0 < rows; r0 += WG_TILE_ROWS) {
        int nr = (int)WG_MIN(rows - r0, (int64_t)WG_TILE_ROWS);
        const uint8_t *wr = (const uint8_t *)w + (size_t)r0 * w_stride;
        for (int64_t c0 = 0; c0 < cols; c0 += WG_TILE_COLS) {
            int nc = (int)WG_MIN(cols - c0, (int64_t)WG_TILE_COLS);
            const float *a = (const void *)((const uint8_t *)act + (size_t)c0 * act_stride);
            for (int r = 0; r < nr; r++)
                memset(sums.lane[r], 0, (size_t)nc * sizeof sums.lane[r][0]);
            for (int64_t i = 0; i < k; i += WG_TILE_K) {
                int64_t n = WG_MIN(k - i, (int64_t)WG_TILE_K);
                load_chunk(dequant, t, wr, w_stride, i, n, nr, chunk);
                tile(chunk, a + i, (int64_t)(act_stride / sizeof *a), round_up_lanes(n), &sums, nr,
                     nc);
            }
            for (int r = 0; r < nr; r++) {
                for (int c = 0; c < nc; c++)
                    y[(c0 + c) * y_stride + r0 + r] = wg_lanes_sum(sums.lane[r][c]);
            }
        }
    }
}

#define DEFINE(type, name)                                                                         \
    void wg_matmul_exact_##name##_ref(const void *w, size_t w_stride, const void *act,             \
                                      size_t act_stride, int64_t k, float *y, int64_t y_stride,    \
                                      int64_t rows, int64_t cols)                                  \
    {                                                                                              \
        wg_matmul_by_tiles(wg_dequant_##name##_ref, tile_ref, WG_TYPE_##type, w, w_stride, act,    \
                           act_stride, k, y, y_stride, rows, cols);                                \
    }
WG_DEQUANT_TYPES(DEFINE)
