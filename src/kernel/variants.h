/*
 * Prototypes of the kernels behind the dispatch table; only src/kernel includes this. Names end in
 * their level: _ref for the reference.
 */
#ifndef WG_KERNEL_VARIANTS_H
#define WG_KERNEL_VARIANTS_H

#include "kernel/kernel.h"

/* X(type, name): every type with values. */
#define WG_DEQUANT_TYPES(X)                                                                        \
    X(F32, f32)                                                                                    \
    X(F16, f16)                                                                                    \
    X(BF16, bf16)                                                                                  \
    X(F64, f64)                                                                                    \
    X(F8_E4M3, f8_e4m3)                                                                            \
    X(F8_E5M2, f8_e5m2)                                                                            \
    X(F8_E8M0, f8_e8m0)                                                                            \
    X(Q4_0, q4_0)                                                                                  \
    X(Q4_1, q4_1)                                                                                  \
    X(Q5_0, q5_0)                                                                                  \
    X(Q5_1, q5_1)                                                                                  \
    X(Q8_0, q8_0)                                                                                  \
    X(Q8_1, q8_1)                                                                                  \
    X(Q2_K, q2_k)                                                                                  \
    X(Q3_K, q3_k)                                                                                  \
    X(Q4_K, q4_k)                                                                                  \
    X(Q5_K, q5_k)                                                                                  \
    X(Q6_K, q6_k)                                                                                  \
    X(Q8_K, q8_k)                                                                                  \
    X(IQ1_S, iq1_s)                                                                                \
    X(IQ1_M, iq1_m)                                                                                \
    X(IQ2_XXS, iq2_xxs)                                                                            \
    X(IQ2_XS, iq2_xs)                                                                              \
    X(IQ2_S, iq2_s)                                                                                \
    X(IQ3_XXS, iq3_xxs)                                                                            \
    X(IQ3_S, iq3_s)                                                                                \
    X(IQ4_NL, iq4_nl)                                                                              \
    X(IQ4_XS, iq4_xs)                                                                              \
    X(TQ1_0, tq1_0)                                                                                \
    X(TQ2_0, tq2_0)                                                                                \
    X(MXFP4, mxfp4)                                                                                \
    X(NVFP4, nvfp4)

/* X(type, name): the types multiplied in integers by default (q8.h). */
#define WG_Q8_TYPES(X)                                                                             \
    X(Q4_0, q4_0)                                                                                  \
    X(Q4_1, q4_1)                                                                                  \
    X(Q5_0, q5_0)                                                                                  \
    X(Q5_1, q5_1)                                                                                  \
    X(Q8_0, q8_0)                                                                                  \
    X(Q2_K, q2_k)                                                                                  \
    X(Q3_K, q3_k)                                                                                  \
    X(Q4_K, q4_k)                                                                                  \
    X(Q5_K, q5_k)                                                                                  \
    X(Q6_K, q6_k)                                                                                  \
    X(IQ4_NL, iq4_nl)                                                                              \
    X(IQ4_XS, iq4_xs)                                                                              \
    X(MXFP4, mxfp4)

/* quant_*.c is compiled once a level, with WG_SUFFIX set to its name: element-wise, so the same
 * bits, faster. */
#ifndef WG_SUFFIX
#define WG_SUFFIX ref
#endif
#define WG_PASTE_(a, b)  wg_dequant_##a##_##b
#define WG_PASTE(a, b)   WG_PASTE_(a, b)
#define WG_DEQUANT(name) WG_PASTE(name, WG_SUFFIX)

#define WG_DECLARE(type, name)                                                                     \
    wg_dequant_fn wg_dequant_##name##_avx2, wg_dequant_##name##_avx512;                            \
    wg_dequant_fn wg_dequant_##name##_ref;                                                         \
    wg_matmul_fn wg_matmul_exact_##name##_ref;
WG_DEQUANT_TYPES(WG_DECLARE)
#undef WG_DECLARE
#define WG_DECLARE(type, name) wg_matmul_fn wg_matmul_##name##_ref;
WG_Q8_TYPES(WG_DECLARE)
#undef WG_DECLARE

wg_act_pack_fn wg_pack_f32_ref, wg_pack_q8_ref, wg_pack_q8_avx2;
wg_attn_fn wg_attn_f32_ref, wg_attn_f16_ref;
void wg_rmsnorm_ref(const float *x, const float *w, float *y, int64_t n, float eps);
void wg_layernorm_ref(const float *x, const float *w, const float *b, float *y, int64_t n,
                      float eps);
void wg_gated_ref(enum wg_act kind, float *gate, const float *up, int64_t n);
void wg_add_ref(float *y, const float *x, int64_t n);
void wg_mul_add_ref(float *y, const float *x, float a, int64_t n);
void wg_scale_ref(float *y, float a, int64_t n);
float wg_dot_ref(const float *x, const float *y, int64_t n);
void wg_softmax_ref(float *x, int64_t n);
void wg_rope_neox_ref(float *x, const float *cs, int64_t half);
void wg_rope_interleaved_ref(float *x, const float *cs, int64_t half);
void wg_f32_to_f16_ref(const float *x, uint16_t *y, int64_t n);
void wg_f16_to_f32_ref(const uint16_t *x, float *y, int64_t n);
void wg_f32_to_bf16_ref(const float *x, uint16_t *y, int64_t n);

/* Each overwrites the entries that its level does better. */
void wg_kernels_init_avx2(struct wg_kernels *k);
void wg_kernels_init_avx2_rows(struct wg_kernels *k);
void wg_kernels_init_avx512(struct wg_kernels *k);
void wg_kernels_init_avx512_rows(struct wg_kernels *k);
void wg_kernels_init_vnni(struct wg_kernels *k);

#endif
