/* Sixteen float lanes at level avx2: two registers. See v16_avx512.h. */
#ifndef WG_KERNEL_V16_AVX2_H
#define WG_KERNEL_V16_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    __m256 a, b;
} v16;
typedef v16 v16_mask;

static const int32_t v16_window[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                       -1, -1, -1, -1, -1, 0,  0,  0,  0,  0,  0,
                                       0,  0,  0,  0,  0,  0,  0,  0,  0,  0};

static inline v16 v16_make(__m256 a, __m256 b)
{
    return (v16){a, b};
}

static inline v16 v16_zero(void)
{
    return v16_make(_mm256_setzero_ps(), _mm256_setzero_ps());
}

static inline v16 v16_set1(float x)
{
    return v16_make(_mm256_set1_ps(x), _mm256_set1_ps(x));
}

static inline v16 v16_load(const void *p)
{
    const float *f = p;
    return v16_make(_mm256_loadu_ps(f), _mm256_loadu_ps(f + 8));
}

static inline void v16_store(float *p, v16 x)
{
    _mm256_storeu_ps(p, x.a);
    _mm256_storeu_ps(p + 8, x.b);
}

static inline v16 v16_load_n(const void *p, int64_t n)
{
    const float *f = p;
    const int32_t *w = v16_window + 16 - n;

    return v16_make(_mm256_maskload_ps(f, _mm256_loadu_si256((const void *)w)),
                    _mm256_maskload_ps(f + 8, _mm256_loadu_si256((const void *)(w + 8))));
}

static inline void v16_store_n(float *p, v16 x, int64_t n)
{
    const int32_t *w = v16_window + 16 - n;

    _mm256_maskstore_ps(p, _mm256_loadu_si256((const void *)w), x.a);
    _mm256_maskstore_ps(p + 8, _mm256_loadu_si256((const void *)(w + 8)), x.b);
}

static inline v16 v16_load_f16(const void *p)
{
    const uint16_t *h = p;
    return v16_make(_mm256_cvtph_ps(_mm_loadu_si128((const void *)h)),
                    _mm256_cvtph_ps(_mm_loadu_si128((const void *)(h + 8))));
}

static inline v16 v16_load_f16_n(const void *p, int64_t n)
{
    uint16_t t[16] = {0};

    memcpy(t, p, (size_t)n * sizeof *t);
    return v16_load_f16(t);
}

static inline v16 v16_load_bf16(const void *p)
{
    const uint16_t *h = p;
    __m256i a = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)h));
    __m256i b = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(h + 8)));

    return v16_make(_mm256_castsi256_ps(_mm256_slli_epi32(a, 16)),
                    _mm256_castsi256_ps(_mm256_slli_epi32(b, 16)));
}

static inline v16 v16_load_bf16_n(const void *p, int64_t n)
{
    uint16_t t[16] = {0};

    memcpy(t, p, (size_t)n * sizeof *t);
    return v16_load_bf16(t);
}

static inline void v16_store_f16(uint16_t *p, v16 x)
{
    _mm_storeu_si128((void *)p, _mm256_cvtps_ph(x.a, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128((void *)(p + 8), _mm256_cvtps_ph(x.b, _MM_FROUND_TO_NEAREST_INT));
}

static inline v16 v16_add(v16 x, v16 y)
{
    return v16_make(_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b));
}

static inline v16 v16_sub(v16 x, v16 y)
{
    return v16_make(_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b));
}

static inline v16 v16_mul(v16 x, v16 y)
{
    return v16_make(_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b));
}

static inline v16 v16_div(v16 x, v16 y)
{
    return v16_make(_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b));
}

static inline v16 v16_fma(v16 x, v16 y, v16 z)
{
    return v16_make(_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b));
}

static inline v16 v16_max(v16 x, v16 y)
{
    return v16_make(_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b));
}

static inline v16 v16_neg(v16 x)
{
    __m256 s = _mm256_set1_ps(-0.0f);
    return v16_make(_mm256_xor_ps(x.a, s), _mm256_xor_ps(x.b, s));
}

static inline v16 v16_abs(v16 x)
{
    __m256 s = _mm256_set1_ps(-0.0f);
    return v16_make(_mm256_andnot_ps(s, x.a), _mm256_andnot_ps(s, x.b));
}

static inline v16_mask v16_less(v16 x, v16 y)
{
    return v16_make(_mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ));
}

static inline v16_mask v16_is_nan(v16 x)
{
    return v16_make(_mm256_cmp_ps(x.a, x.a, _CMP_UNORD_Q), _mm256_cmp_ps(x.b, x.b, _CMP_UNORD_Q));
}

static inline v16 v16_select(v16_mask m, v16 x, v16 y)
{
    return v16_make(_mm256_blendv_ps(y.a, x.a, m.a), _mm256_blendv_ps(y.b, x.b, m.b));
}

static inline __m256 v16_scale2_half(__m256 x, __m256 n)
{
    __m256i whole = _mm256_cvttps_epi32(n), part = _mm256_srai_epi32(whole, 1);
    __m256i rest = _mm256_sub_epi32(whole, part), bias = _mm256_set1_epi32(127);
    __m256i p = _mm256_slli_epi32(_mm256_add_epi32(part, bias), 23);
    __m256i q = _mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23);

    return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_castsi256_ps(p)), _mm256_castsi256_ps(q));
}

static inline v16 v16_scale2(v16 x, v16 n)
{
    return v16_make(v16_scale2_half(x.a, n.a), v16_scale2_half(x.b, n.b));
}

static inline void v16_unzip_half(const float *p, __m256 *even, __m256 *odd)
{
    __m256 a = _mm256_loadu_ps(p), b = _mm256_loadu_ps(p + 8);
    __m256 lo = _mm256_permute2f128_ps(a, b, 0x20), hi = _mm256_permute2f128_ps(a, b, 0x31);

    *even = _mm256_shuffle_ps(lo, hi, 0x88);
    *odd = _mm256_shuffle_ps(lo, hi, 0xdd);
}

static inline void v16_unzip(const float *p, v16 *even, v16 *odd)
{
    v16_unzip_half(p, &even->a, &odd->a);
    v16_unzip_half(p + 16, &even->b, &odd->b);
}

static inline __m256 v16_rotate_half(__m256 x, __m256 cs)
{
    __m256 direct = _mm256_mul_ps(x, _mm256_moveldup_ps(cs));
    __m256 crossed = _mm256_mul_ps(_mm256_permute_ps(x, 0xb1), _mm256_movehdup_ps(cs));

    return _mm256_addsub_ps(direct, crossed);
}

static inline v16 v16_rotate_pairs(v16 x, v16 cs)
{
    return v16_make(v16_rotate_half(x.a, cs.a), v16_rotate_half(x.b, cs.b));
}

static inline float v16_sum(v16 x)
{
    __m256 t = _mm256_add_ps(x.a, x.b);
    __m128 u = _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1));

    u = _mm_add_ps(u, _mm_movehl_ps(u, u));
    return _mm_cvtss_f32(_mm_add_ss(u, _mm_movehdup_ps(u)));
}

/* Vectors e and e + 4, to 4 floats each. */
static inline __m256 v16_quads(v16 x, v16 y)
{
    __m256 a = _mm256_add_ps(x.a, x.b), b = _mm256_add_ps(y.a, y.b);

    return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
}

static inline __m256 v16_sums_half(const v16 s[8])
{
    __m256 q[4], p[2];

    for (int e = 0; e < 4; e++)
        q[e] = v16_quads(s[e], s[e + 4]);
    for (int e = 0; e < 2; e++)
        p[e] = _mm256_add_ps(_mm256_shuffle_ps(q[2 * e], q[2 * e + 1], 0x44),
                             _mm256_shuffle_ps(q[2 * e], q[2 * e + 1], 0xee));
    return _mm256_add_ps(_mm256_shuffle_ps(p[0], p[1], 0x88), _mm256_shuffle_ps(p[0], p[1], 0xdd));
}

static inline v16 v16_sums(const v16 s[16])
{
    return v16_make(v16_sums_half(s), v16_sums_half(s + 8));
}

#endif
