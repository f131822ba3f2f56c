/* Element-wise vector operations, dot product, rotary embedding and float conversions. */
#include "kernel/half.h"
#include "kernel/lanes.h"
#include "kernel/variants.h"

void wg_add_ref(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += x[i];
}

void wg_mul_add_ref(float *y, const float *x, float a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

void wg_scale_ref(float *y, float a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] *= a;
}

float wg_dot_ref(const float *x, const float *y, int64_t n)
{
    float lane[WG_LANES] = {0};
    int64_t i = 0;

    for (; i + WG_LANES <= n; i += WG_LANES) {
        for (int j = 0; j < WG_LANES; j++)
            lane[j] += x[i + j] * y[i + j];
    }
    for (int j = 0; i < n; i++, j++)
        lane[j] += x[i] * y[i];
    return wg_lanes_sum(lane);
}

void wg_rope_neox_ref(float *x, const float *cs, int64_t half)
{
    for (int64_t i = 0; i < half; i++) {
        float a = x[i], b = x[i + half], c = cs[2 * i], s = cs[2 * i + 1];
        x[i] = a * c - b * s;
        x[i + half] = a * s + b * c;
    }
}

void wg_rope_interleaved_ref(float *x, const float *cs, int64_t half)
{
    for (int64_t i = 0; i < half; i++) {
        float a = x[2 * i], b = x[2 * i + 1], c = cs[2 * i], s = cs[2 * i + 1];
        x[2 * i] = a * c - b * s;
        x[2 * i + 1] = a * s + b * c;
    }
}

void wg_f32_to_f16_ref(const float *x, uint16_t *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = wg_f32_f16(x[i]);
}

void wg_f16_to_f32_ref(const uint16_t *x, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = wg_f16_f32(x[i]);
}

void wg_f32_to_bf16_ref(const float *x, uint16_t *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = wg_f32_bf16(x[i]);
}
