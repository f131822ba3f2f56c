/* Activations of the MLP, and softmax. */
#include "kernel/lanes.h"
#include "kernel/mathf.h"
#include "kernel/variants.h"

#include <math.h>

static float act(enum wg_act kind, float x)
{
    switch (kind) {
    case WG_ACT_SILU:
        return x / (1.0f + wg_expf(-x));
    case WG_ACT_GELU_TANH: {
        float u = WG_GELU_SCALE * (x + WG_GELU_CUBE * (x * x * x));
        return 0.5f * x * (1.0f + wg_tanhf(u));
    }
    case WG_ACT_GELU_ERF:
        return 0.5f * x * (1.0f + erff(x * WG_SQRT_HALF));
    case WG_ACT_RELU:
    case WG_ACT_COUNT:
        break;
    }
    return x > 0 ? x : 0;
}

void wg_gated_ref(enum wg_act kind, float *gate, const float *up, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float v = act(kind, gate[i]);
        gate[i] = up ? v * up[i] : v;
    }
}

void wg_softmax_ref(float *x, int64_t n)
{
    float lane[WG_LANES] = {0}, max = -INFINITY;

    for (int64_t i = 0; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (int64_t i = 0; i < n; i++) {
        x[i] = wg_expf(x[i] - max);
        lane[i % WG_LANES] += x[i];
    }
    float r = 1.0f / wg_lanes_sum(lane);
    for (int64_t i = 0; i < n; i++)
        x[i] *= r;
}
