/*
 * Numeric kernels behind one dispatch table.
 *
 * <op>.c is the scalar reference and the specification; x86/ and arm/ hold the fast variants, each
 * compiled with the flags of its level. wg_kernels() fills the table once with the reference, then
 * each level up to wg_cpu_isa() overwrites its entries. An entry carries data with its pointer
 * (activation type, row multiple); callers read it and assume nothing.
 *
 * Determinism: an output element depends only on its own row of W and its own activation row: never
 * on how many rows or columns one call has, on the thread, or on alignment. Integer dot products
 * are exact; the order in which float partial sums are added is fixed for each variant.
 *
 * To add a kernel variant:
 *   1. src/kernel/x86/<op>_<isa>.c (or arm/), with its prototype in src/kernel/variants.h;
 *   2. its line in the table fill of that level, src/kernel/x86/init_<isa>.c;
 *   3. its file in src/kernel/meson.build.
 * tests/kernel/checkkern compares every table entry with the reference at every level by itself.
 */
#ifndef WG_KERNEL_KERNEL_H
#define WG_KERNEL_KERNEL_H

#include "base/cpu.h"
#include "base/type.h"

#include <stddef.h>
#include <stdint.h>

/* dst[0..n) = values of n (a multiple of the block) quantized values at src (unaligned). Exact:
 * bit-equal to the GGUF specification's arithmetic in f32. */
typedef void wg_dequant_fn(const void *src, float *dst, int64_t n);

/* Packs one activation row of k floats for the matmul of a weight type. */
typedef void wg_act_pack_fn(const float *x, void *dst, int64_t k);

/*
 * Y[c][r] = sum over k of W[r][k] * A[c][k], for r in [0, rows), c in [0, cols).
 * w: rows of w_stride bytes in file form; act: cols packed rows of act_stride bytes, 64-byte
 * aligned; y: y[c * y_stride + r]. k is a multiple of the weight type's block.
 */
typedef void wg_matmul_fn(const void *w, size_t w_stride, const void *act, size_t act_stride,
                          int64_t k, float *y, int64_t y_stride, int64_t rows, int64_t cols);

/* How one weight type is multiplied. */
struct wg_matmul {
    wg_act_pack_fn *pack;
    size_t (*act_bytes)(int64_t k); /* of one packed row, a multiple of 64 */
    wg_matmul_fn *run;
    int row_unit; /* threads split rows in multiples of this */
};

/* Element types of the KV cache. */
enum wg_kv_type { WG_KV_F32, WG_KV_F16, WG_KV_TYPE_COUNT };

/*
 * Attention of the query heads that share one KV head, for one query position, streamed over the
 * keys (online softmax, Milakov and Gimelshein 2018; keys in order, in fixed blocks, so that the
 * result does not depend on how the prompt was cut).
 */
struct wg_attn_args {
    const float *q;    /* [n_heads][d_k], heads q_stride floats apart */
    const void *k, *v; /* first visible position; rows k_stride, v_stride bytes apart */
    float *out;        /* [n_heads][d_v], heads out_stride floats apart */
    int64_t q_stride, out_stride;
    size_t k_stride, v_stride;
    int64_t n_kv; /* visible positions, >= 1 */
    int n_heads, d_k, d_v;
    float scale;   /* applied to q.k */
    float softcap; /* 0: none; else s = softcap * tanh(s / softcap) */
    const float
        *sinks;    /* [n_heads] extra logit a head that takes weight and adds nothing; or NULL */
    void *scratch; /* wg_attn_scratch_bytes(), 64-byte aligned, one a thread */
};
typedef void wg_attn_fn(const struct wg_attn_args *a);
size_t wg_attn_scratch_bytes(int n_heads, int d_k, int d_v);

/* Activation of a gated MLP: what is applied to the gate. */
enum wg_act {
    WG_ACT_SILU,
    WG_ACT_GELU_TANH, /* 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
    WG_ACT_GELU_ERF,
    WG_ACT_RELU,
    WG_ACT_COUNT
};

struct wg_kernels {
    enum wg_isa isa;
    uint32_t features;                     /* enum wg_cpu_feature */
    wg_dequant_fn *dequant[WG_TYPE_LIMIT]; /* NULL for I8.. and types without values */

    /* Default path: activations may be rounded (int8 blocks, bf16). NULL run: not a weight type. */
    struct wg_matmul matmul[WG_TYPE_LIMIT];
    /* --exact: f32 activations, weights dequantized to f32, f32 products and sums. */
    struct wg_matmul matmul_exact[WG_TYPE_LIMIT];

    wg_attn_fn *attn[WG_KV_TYPE_COUNT];

    /* y = x / sqrt(mean(x^2) + eps) * (w or 1); x may be y; w may be NULL. */
    void (*rmsnorm)(const float *x, const float *w, float *y, int64_t n, float eps);
    /* y = (x - mean) / sqrt(var + eps) * w + b; w, b may be NULL. */
    void (*layernorm)(const float *x, const float *w, const float *b, float *y, int64_t n,
                      float eps);
    /* gate[i] = act(gate[i]) * up[i]; up may be NULL: act alone. */
    void (*gated)(enum wg_act act, float *gate, const float *up, int64_t n);
    void (*add)(float *y, const float *x, int64_t n);              /* y += x */
    void (*mul_add)(float *y, const float *x, float a, int64_t n); /* y += a x */
    void (*scale)(float *y, float a, int64_t n);
    float (*dot)(const float *x, const float *y, int64_t n);
    void (*softmax)(float *x, int64_t n); /* in place, over all n */
    /* Rotates pairs (x[i], x[i + half]) (neox) or (x[2i], x[2i+1]) (interleaved), i < half, of one
     * head by the angles whose cosine and sine are cs[2i], cs[2i+1]. */
    void (*rope_neox)(float *x, const float *cs, int64_t half);
    void (*rope_interleaved)(float *x, const float *cs, int64_t half);
    void (*f32_to_f16)(const float *x, uint16_t *y, int64_t n); /* IEEE, round to nearest even */
    void (*f16_to_f32)(const uint16_t *x, float *y, int64_t n);
    void (*f32_to_bf16)(const float *x, uint16_t *y, int64_t n); /* nearest even, NaN kept quiet */
};

/* The table for wg_cpu_isa(), filled at the first call. */
const struct wg_kernels *wg_kernels(void);
/* A table for a given level (at most the detected one): for tests and benchmarks. */
void wg_kernels_fill(struct wg_kernels *k, enum wg_isa isa, uint32_t features);

#endif
