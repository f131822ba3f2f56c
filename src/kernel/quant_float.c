/* Dequantizers of the plain float types. */
#include "kernel/half.h"
#include "kernel/variants.h"

void wg_dequant_f32_ref(const void *src, float *dst, int64_t n)
{
    memcpy(dst, src, (size_t)n * sizeof *dst);
}

void wg_dequant_f64_ref(const void *src, float *dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++) {
        double v;
        memcpy(&v, p + 8 * i, sizeof v);
        dst[i] = (float)v;
    }
}

void wg_dequant_f16_ref(const void *src, float *dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++)
        dst[i] = wg_load_f16(p + 2 * i);
}

void wg_dequant_bf16_ref(const void *src, float *dst, int64_t n)
{
    const uint8_t *p = src;

    for (int64_t i = 0; i < n; i++)
        dst[i] = wg_bf16_f32(wg_load_u16(p + 2 * i));
}
