/*
 * Sixteen float lanes at level avx512: one register. The same operations as in v16_avx2.h, so that
 * one template (ops_tmpl.h, matmul_float_tmpl.h) serves both.
 */
#ifndef WG_KERNEL_V16_AVX512_H
#define WG_KERNEL_V16_AVX512_H

#include <immintrin.h>
#include <stdint.h>

typedef __m512 v16;
typedef __mmask16 v16_mask;

static inline __mmask16 v16_first(int64_t n) /* n in 0..15 */
{
    return (__mmask16)((1u << n) - 1);
}

static inline v16 v16_zero(void)
{
    return _mm512_setzero_ps();
}

static inline v16 v16_set1(float x)
{
    return _mm512_set1_ps(x);
}

static inline v16 v16_load(const void *p)
{
    return _mm512_loadu_ps(p);
}

static inline void v16_store(float *p, v16 x)
{
    _mm512_storeu_ps(p, x);
}

/* The first n < 16 lanes; the others are zero, and are not written. */
static inline v16 v16_load_n(const void *p, int64_t n)
{
    return _mm512_maskz_loadu_ps(v16_first(n), p);
}

static inline void v16_store_n(float *p, v16 x, int64_t n)
{
    _mm512_mask_storeu_ps(p, v16_first(n), x);
}

static inline v16 v16_load_f16(const void *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}

static inline v16 v16_load_f16_n(const void *p, int64_t n)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(v16_first(n), p));
}

static inline v16 v16_load_bf16(const void *p)
{
    __m512i x = _mm512_cvtepu16_epi32(_mm256_loadu_si256(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16));
}

static inline v16 v16_load_bf16_n(const void *p, int64_t n)
{
    __m512i x = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(v16_first(n), p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16));
}

static inline void v16_store_f16(uint16_t *p, v16 x)
{
    _mm256_storeu_si256((void *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}

static inline v16 v16_add(v16 a, v16 b)
{
    return _mm512_add_ps(a, b);
}

static inline v16 v16_sub(v16 a, v16 b)
{
    return _mm512_sub_ps(a, b);
}

static inline v16 v16_mul(v16 a, v16 b)
{
    return _mm512_mul_ps(a, b);
}

static inline v16 v16_div(v16 a, v16 b)
{
    return _mm512_div_ps(a, b);
}

/* a * b + c rounded once. */
static inline v16 v16_fma(v16 a, v16 b, v16 c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* a > b ? a : b, lane by lane. */
static inline v16 v16_max(v16 a, v16 b)
{
    return _mm512_max_ps(a, b);
}

static inline v16 v16_neg(v16 a)
{
    return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f));
}

static inline v16 v16_abs(v16 a)
{
    return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a);
}

static inline v16_mask v16_less(v16 a, v16 b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

static inline v16_mask v16_is_nan(v16 a)
{
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}

/* m ? a : b */
static inline v16 v16_select(v16_mask m, v16 a, v16 b)
{
    return _mm512_mask_blend_ps(m, b, a);
}

/* x * 2^n in two steps (mathf.h), n whole and in -150..128. */
static inline v16 v16_scale2(v16 x, v16 n)
{
    __m512i whole = _mm512_cvttps_epi32(n), part = _mm512_srai_epi32(whole, 1);
    __m512i rest = _mm512_sub_epi32(whole, part), bias = _mm512_set1_epi32(127);
    __m512i p = _mm512_slli_epi32(_mm512_add_epi32(part, bias), 23);
    __m512i q = _mm512_slli_epi32(_mm512_add_epi32(rest, bias), 23);

    return _mm512_mul_ps(_mm512_mul_ps(x, _mm512_castsi512_ps(p)), _mm512_castsi512_ps(q));
}

/* Even and odd elements of 32. */
static inline void v16_unzip(const float *p, v16 *even, v16 *odd)
{
    v16 a = v16_load(p), b = v16_load(p + 16);
    __m512i e = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);

    *even = _mm512_permutex2var_ps(a, e, b);
    *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(e, _mm512_set1_epi32(1)), b);
}

/* Rotates the eight pairs of x by the eight (cosine, sine) of cs. */
static inline v16 v16_rotate_pairs(v16 x, v16 cs)
{
    v16 direct = _mm512_mul_ps(x, _mm512_moveldup_ps(cs));
    v16 crossed = _mm512_mul_ps(_mm512_permute_ps(x, 0xb1), _mm512_movehdup_ps(cs));

    return _mm512_mask_sub_ps(_mm512_add_ps(direct, crossed), 0x5555, direct, crossed);
}

/* Sums of the lanes of 16 vectors, each in the order of lanes.h. */
static inline v16 v16_sums(const v16 s[16])
{
    v16 quad[4], pair[2];

    for (int e = 0; e < 4; e++) { /* vectors e, e + 4, e + 8, e + 12, to 4 floats each */
        v16 a = s[e], b = s[e + 4], c = s[e + 8], d = s[e + 12];
        v16 x = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
        v16 y = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
        quad[e] = _mm512_add_ps(_mm512_shuffle_f32x4(x, y, 0x88), _mm512_shuffle_f32x4(x, y, 0xdd));
    }
    for (int e = 0; e < 2; e++)
        pair[e] = _mm512_add_ps(_mm512_shuffle_ps(quad[2 * e], quad[2 * e + 1], 0x44),
                                _mm512_shuffle_ps(quad[2 * e], quad[2 * e + 1], 0xee));
    return _mm512_add_ps(_mm512_shuffle_ps(pair[0], pair[1], 0x88),
                         _mm512_shuffle_ps(pair[0], pair[1], 0xdd));
}

static inline float v16_sum(v16 x)
{
    __m256 t = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    __m128 u = _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1));

    u = _mm_add_ps(u, _mm_movehl_ps(u, u));
    return _mm_cvtss_f32(_mm_add_ss(u, _mm_movehdup_ps(u)));
}

#endif
