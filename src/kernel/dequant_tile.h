/*
 * Matmul of any weight type by dequantizing: a tile of rows is dequantized in chunks into a buffer
 * in the first-level cache and multiplied with a group of columns there.
 */
#ifndef WG_KERNEL_DEQUANT_TILE_H
#define WG_KERNEL_DEQUANT_TILE_H

#include "kernel/kernel.h"
#include "kernel/lanes.h"

enum {
    WG_TILE_ROWS = 4,
    WG_TILE_COLS = 16,
    WG_TILE_K = 1024, /* a multiple of every block */
};

/* Lanes (lanes.h) of each row and column of a tile. */
struct wg_tile_sums {
    float lane[WG_TILE_ROWS][WG_TILE_COLS][WG_LANES];
};

/* Adds to `sums` the products of n (a multiple of 16) values of `rows` rows at w, WG_TILE_K apart,
 * and `cols` columns at a, a_stride floats apart. */
typedef void wg_tile_fn(const float *w, const float *a, int64_t a_stride, int64_t n,
                        struct wg_tile_sums *sums, int rows, int cols);

/* Arguments of wg_matmul_fn, with the type's dequantizer and the tile kernel. */
void wg_matmul_by_tiles(wg_dequant_fn *dequant, wg_tile_fn *tile, enum wg_type type, const void *w,
                        size_t w_stride, const void *act, size_t act_stride, int64_t k, float *y,
                        int64_t y_stride, int64_t rows, int64_t cols);

#endif
