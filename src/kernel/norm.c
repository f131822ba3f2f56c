/* Normalisations. Sums are in f32 lanes (lanes.h); the root and the quotient are IEEE. */
#include "kernel/lanes.h"
#include "kernel/variants.h"

#include <math.h>

void wg_rmsnorm_ref(const float *x, const float *w, float *y, int64_t n, float eps)
{
    float r = 1.0f / sqrtf(wg_dot_ref(x, x, n) / (float)n + eps);

    for (int64_t i = 0; i < n; i++)
        y[i] = w ? x[i] * r * w[i] : x[i] * r;
}

void wg_layernorm_ref(const float *x, const float *w, const float *b, float *y, int64_t n,
                      float eps)
{
    float lane[WG_LANES] = {0}, var[WG_LANES] = {0};

    for (int64_t i = 0; i < n; i++)
        lane[i % WG_LANES] += x[i];
    float mean = wg_lanes_sum(lane) / (float)n;
    for (int64_t i = 0; i < n; i++)
        var[i % WG_LANES] += (x[i] - mean) * (x[i] - mean);
    float r = 1.0f / sqrtf(wg_lanes_sum(var) / (float)n + eps);
    for (int64_t i = 0; i < n; i++) {
        float v = (x[i] - mean) * r;
        v = w ? v * w[i] : v;
        y[i] = b ? v + b[i] : v;
    }
}
