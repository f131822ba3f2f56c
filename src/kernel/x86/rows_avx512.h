/*
 * Vectors whose lane is a row of W: sixteen rows at levels avx512 and vnni. rows_avx2.h has the
 * same operations for eight; rows_decode_tmpl.h and rows_matmul_tmpl.h are written in terms of
 * them.
 */
#ifndef WG_KERNEL_ROWS_AVX512_H
#define WG_KERNEL_ROWS_AVX512_H

#include "base/attr.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ROWS = 16 };

typedef __m512i vi; /* an int32 (or four bytes) of each row */
typedef __m512 vf;  /* a float of each row */

typedef uint32_t vi_words __attribute__((vector_size(64))); /* shifts by any count */

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

/* The four bytes at p of each row. */
static WG_ALWAYS_INLINE vi rows_dword(const uint8_t *p, size_t stride)
{
    __m256i lo = _mm256_set_m128i(rows_x4(p + 4 * stride, stride), rows_x4(p, stride));
    __m256i hi =
        _mm256_set_m128i(rows_x4(p + 12 * stride, stride), rows_x4(p + 8 * stride, stride));
    return _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi, 1);
}

/* Sixteen bytes of rows p, p + 4, p + 8, p + 12 strides. */
static WG_ALWAYS_INLINE __m512i rows_every4(const uint8_t *p, size_t stride)
{
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const void *)p));
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const void *)(p + 4 * stride)), 1);
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const void *)(p + 8 * stride)), 2);
    return _mm512_inserti32x4(x, _mm_loadu_si128((const void *)(p + 12 * stride)), 3);
}

/* The sixteen bytes at p of each row: bytes 4j..4j+3 to out[j]. */
static WG_ALWAYS_INLINE void rows_quad(const uint8_t *p, size_t stride, vi *out)
{
    __m512i a = rows_every4(p, stride), b = rows_every4(p + stride, stride);
    __m512i c = rows_every4(p + 2 * stride, stride), d = rows_every4(p + 3 * stride, stride);
    __m512i ab0 = _mm512_unpacklo_epi32(a, b), ab1 = _mm512_unpackhi_epi32(a, b);
    __m512i cd0 = _mm512_unpacklo_epi32(c, d), cd1 = _mm512_unpackhi_epi32(c, d);

    out[0] = _mm512_unpacklo_epi64(ab0, cd0);
    out[1] = _mm512_unpackhi_epi64(ab0, cd0);
    out[2] = _mm512_unpacklo_epi64(ab1, cd1);
    out[3] = _mm512_unpackhi_epi64(ab1, cd1);
}

static WG_ALWAYS_INLINE vi vi_set1(int x)
{
    return _mm512_set1_epi32(x);
}

static WG_ALWAYS_INLINE vi vi_bytes(int x)
{
    return _mm512_set1_epi8((char)x);
}

static WG_ALWAYS_INLINE vi vi_and(vi a, vi b)
{
    return _mm512_and_si512(a, b);
}

static WG_ALWAYS_INLINE vi vi_or(vi a, vi b)
{
    return _mm512_or_si512(a, b);
}

static WG_ALWAYS_INLINE vi vi_xor(vi a, vi b)
{
    return _mm512_xor_si512(a, b);
}

static WG_ALWAYS_INLINE vi vi_add(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}

static WG_ALWAYS_INLINE vi vi_sub(vi a, vi b)
{
    return _mm512_sub_epi32(a, b);
}

static WG_ALWAYS_INLINE vi vi_left(vi a, int n)
{
    return (vi)((vi_words)a << n);
}

static WG_ALWAYS_INLINE vi vi_right(vi a, int n)
{
    return (vi)((vi_words)a >> n);
}

/* Byte b of each lane as a signed number. */
static WG_ALWAYS_INLINE vi vi_signed_byte(vi a, int b)
{
    return _mm512_srai_epi32(vi_left(a, 24 - 8 * b), 24);
}

/* table[byte & 15] of every byte < 16. */
static WG_ALWAYS_INLINE vi vi_lookup(const int8_t table[16], vi a)
{
    __m128i t = _mm_loadu_si128((const void *)table);
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(t), a);
}

/* 16 in byte b where bit 4 j + b of the lane is set, j in 0..7; else 0. */
static WG_ALWAYS_INLINE vi vi_fifth_bits(vi high, int j)
{
    __m512i from = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c));
    __m512i x = _mm512_shuffle_epi8(high, _mm512_add_epi8(from, vi_bytes(j / 2)));
    __mmask64 set = _mm512_test_epi8_mask(x, vi_set1(j % 2 ? (int)0x80402010 : 0x08040201));

    return _mm512_maskz_set1_epi8(set, 16);
}

static WG_ALWAYS_INLINE vi vi_add16(vi a, vi b)
{
    return _mm512_add_epi16(a, b);
}

/* Sums of the pairs of 16-bit numbers. */
static WG_ALWAYS_INLINE vi vi_widen_sum(vi a)
{
    return _mm512_madd_epi16(a, _mm512_set1_epi16(1));
}

static WG_ALWAYS_INLINE vf vf_set1(float x)
{
    return _mm512_set1_ps(x);
}

static WG_ALWAYS_INLINE vf vf_from_int(vi a)
{
    return _mm512_cvtepi32_ps(a);
}

static WG_ALWAYS_INLINE vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}

static WG_ALWAYS_INLINE vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}

static WG_ALWAYS_INLINE vf vf_neg(vf a)
{
    return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f));
}

/* The f16 in the low or high half of each lane. */
static WG_ALWAYS_INLINE vf vf_low_f16(vi a)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(a));
}

static WG_ALWAYS_INLINE vf vf_high_f16(vi a)
{
    return vf_low_f16(_mm512_srli_epi32(a, 16));
}

/* wg_e8m0_half of each lane, 0..255. */
static WG_ALWAYS_INLINE vf vf_e8m0_half(vi e)
{
    __m512i normal = _mm512_slli_epi32(_mm512_sub_epi32(e, vi_set1(1)), 23);
    __m512i tiny = _mm512_sllv_epi32(vi_set1(0x00200000), e);
    __mmask16 is_tiny = _mm512_cmplt_epi32_mask(e, vi_set1(2));

    return _mm512_castsi512_ps(_mm512_mask_blend_epi32(is_tiny, normal, tiny));
}

/* The first n rows of a column of Y. */
static WG_ALWAYS_INLINE vf vf_load_rows(const float *p, int n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

static WG_ALWAYS_INLINE void vf_store_rows(float *p, vf x, int n)
{
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x);
}

#endif
