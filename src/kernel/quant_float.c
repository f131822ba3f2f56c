/* Dequantizers of the plain float types. */
#include "kernel/half.h"
#include "kernel/variants.h"

void WG_DEQUANT(f32)(const void *restrict src, float *restrict dst, int64_t n)
{
    memcpy(dst, src, (size_t)n * sizeof *dst);
}

void WG_DEQUANT(f64)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++) {
        double v;
        memcpy(&v, p + 8 * i, sizeof v);
        dst[i] = (float)v;
    }
}

void WG_DEQUANT(f16)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++)
        dst[i] = wg_load_f16(p + 2 * i);
}

void WG_DEQUANT(bf16)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++)
        dst[i] = wg_bf16_f32(wg_load_u16(p + 2 * i));
}

void WG_DEQUANT(f8_e4m3)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++)
        dst[i] = wg_f8e4m3_f32(p[i]);
}

void WG_DEQUANT(f8_e5m2)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++)
        dst[i] = wg_f8e5m2_f32(p[i]);
}

void WG_DEQUANT(f8_e8m0)(const void *restrict src, float *restrict dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++)
        dst[i] = wg_e8m0_f32(p[i]);
}
