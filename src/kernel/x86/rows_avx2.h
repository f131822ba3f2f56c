/* Vectors whose lane is a row of W: eight rows at level avx2. See rows_avx512.h. */
#ifndef WG_KERNEL_ROWS_AVX2_H
#define WG_KERNEL_ROWS_AVX2_H

#include "base/attr.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ROWS = 8 };

typedef __m256i vi;
typedef __m256 vf;

typedef uint32_t vi_words __attribute__((vector_size(32))); /* shifts by any count */

static WG_ALWAYS_INLINE int load_i32(const void *p)
{
    int x;

    memcpy(&x, p, sizeof x);
    return x;
}

static WG_ALWAYS_INLINE __m128i rows_x4(const uint8_t *p, size_t stride)
{
    __m128i x = _mm_cvtsi32_si128(load_i32(p));
    x = _mm_insert_epi32(x, load_i32(p + stride), 1);
    x = _mm_insert_epi32(x, load_i32(p + 2 * stride), 2);
    return _mm_insert_epi32(x, load_i32(p + 3 * stride), 3);
}

static WG_ALWAYS_INLINE vi rows_dword(const uint8_t *p, size_t stride)
{
    return _mm256_set_m128i(rows_x4(p + 4 * stride, stride), rows_x4(p, stride));
}

static WG_ALWAYS_INLINE __m256i rows_every4(const uint8_t *p, size_t stride)
{
    return _mm256_set_m128i(_mm_loadu_si128((const void *)(p + 4 * stride)),
                            _mm_loadu_si128((const void *)p));
}

static WG_ALWAYS_INLINE void rows_quad(const uint8_t *p, size_t stride, vi *out)
{
    __m256i a = rows_every4(p, stride), b = rows_every4(p + stride, stride);
    __m256i c = rows_every4(p + 2 * stride, stride), d = rows_every4(p + 3 * stride, stride);
    __m256i ab0 = _mm256_unpacklo_epi32(a, b), ab1 = _mm256_unpackhi_epi32(a, b);
    __m256i cd0 = _mm256_unpacklo_epi32(c, d), cd1 = _mm256_unpackhi_epi32(c, d);

    out[0] = _mm256_unpacklo_epi64(ab0, cd0);
    out[1] = _mm256_unpackhi_epi64(ab0, cd0);
    out[2] = _mm256_unpacklo_epi64(ab1, cd1);
    out[3] = _mm256_unpackhi_epi64(ab1, cd1);
}

static WG_ALWAYS_INLINE vi vi_set1(int x)
{
    return _mm256_set1_epi32(x);
}

static WG_ALWAYS_INLINE vi vi_bytes(int x)
{
    return _mm256_set1_epi8((char)x);
}

static WG_ALWAYS_INLINE vi vi_and(vi a, vi b)
{
    return _mm256_and_si256(a, b);
}

static WG_ALWAYS_INLINE vi vi_or(vi a, vi b)
{
    return _mm256_or_si256(a, b);
}

static WG_ALWAYS_INLINE vi vi_xor(vi a, vi b)
{
    return _mm256_xor_si256(a, b);
}

static WG_ALWAYS_INLINE vi vi_add(vi a, vi b)
{
    return _mm256_add_epi32(a, b);
}

static WG_ALWAYS_INLINE vi vi_sub(vi a, vi b)
{
    return _mm256_sub_epi32(a, b);
}

static WG_ALWAYS_INLINE vi vi_left(vi a, int n)
{
    return (vi)((vi_words)a << n);
}

static WG_ALWAYS_INLINE vi vi_right(vi a, int n)
{
    return (vi)((vi_words)a >> n);
}

static WG_ALWAYS_INLINE vi vi_signed_byte(vi a, int b)
{
    return _mm256_srai_epi32(vi_left(a, 24 - 8 * b), 24);
}

static WG_ALWAYS_INLINE vi vi_lookup(const int8_t table[16], vi a)
{
    __m128i t = _mm_loadu_si128((const void *)table);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(t), a);
}

static WG_ALWAYS_INLINE vi vi_fifth_bits(vi high, int j)
{
    __m256i from =
        _mm256_broadcastsi128_si256(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c));
    __m256i x = _mm256_shuffle_epi8(high, _mm256_add_epi8(from, vi_bytes(j / 2)));
    __m256i bit = vi_set1(j % 2 ? (int)0x80402010 : 0x08040201);

    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(x, bit), bit), vi_bytes(16));
}

static WG_ALWAYS_INLINE vi vi_add16(vi a, vi b)
{
    return _mm256_add_epi16(a, b);
}

/* Sums of the pairs of 16-bit numbers. */
static WG_ALWAYS_INLINE vi vi_widen_sum(vi a)
{
    return _mm256_madd_epi16(a, _mm256_set1_epi16(1));
}

static WG_ALWAYS_INLINE vf vf_set1(float x)
{
    return _mm256_set1_ps(x);
}

static WG_ALWAYS_INLINE vf vf_from_int(vi a)
{
    return _mm256_cvtepi32_ps(a);
}

static WG_ALWAYS_INLINE vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}

static WG_ALWAYS_INLINE vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}

static WG_ALWAYS_INLINE vf vf_neg(vf a)
{
    return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f));
}

static WG_ALWAYS_INLINE vf vf_high_f16(vi a)
{
    __m256i x = _mm256_srli_epi32(a, 16);
    return _mm256_cvtph_ps(
        _mm_packus_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1)));
}

static WG_ALWAYS_INLINE vf vf_low_f16(vi a)
{
    return vf_high_f16(_mm256_slli_epi32(a, 16));
}

static WG_ALWAYS_INLINE vf vf_e8m0_half(vi e)
{
    __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(e, vi_set1(1)), 23);
    __m256i tiny = _mm256_sllv_epi32(vi_set1(0x00200000), e);
    __m256i is_tiny = _mm256_cmpgt_epi32(vi_set1(2), e);

    return _mm256_castsi256_ps(_mm256_blendv_epi8(normal, tiny, is_tiny));
}

static WG_ALWAYS_INLINE __m256i vf_row_mask(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static WG_ALWAYS_INLINE vf vf_load_rows(const float *p, int n)
{
    return _mm256_maskload_ps(p, vf_row_mask(n));
}

static WG_ALWAYS_INLINE void vf_store_rows(float *p, vf x, int n)
{
    _mm256_maskstore_ps(p, vf_row_mask(n), x);
}

#endif
