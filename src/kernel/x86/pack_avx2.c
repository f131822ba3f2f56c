/* Packing of activations (q8.h) at level avx2 and above: the arithmetic of matmul_q8.c. */
#include "kernel/half.h"
#include "kernel/q8.h"
#include "kernel/variants.h"

#include <immintrin.h>
#include <math.h>

static uint32_t max_magnitude(const __m256 x[4])
{
    __m256i bits = _mm256_set1_epi32(0x7fffffff), m = _mm256_setzero_si256();

    for (int i = 0; i < 4; i++)
        m = _mm256_max_epu32(m, _mm256_and_si256(_mm256_castps_si256(x[i]), bits));
    __m128i h = _mm_max_epu32(_mm256_castsi256_si128(m), _mm256_extracti128_si256(m, 1));
    h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0x4e));
    h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(h);
}

/* Rounds x * id to nearest even, stores the codes and returns the sums of both halves. */
static __m128i round_codes(const __m256 x[4], float id, int8_t *q)
{
    __m256 scale = _mm256_set1_ps(id);
    __m256i ones = _mm256_set1_epi16(1), v[4];

    for (int i = 0; i < 4; i++)
        v[i] = _mm256_cvtps_epi32(_mm256_mul_ps(x[i], scale));
    __m256i low = _mm256_packs_epi32(v[0], v[1]), high = _mm256_packs_epi32(v[2], v[3]);
    __m256i all = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high),
                                              _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((void *)q, all);
    __m256i sums = _mm256_hadd_epi32(_mm256_madd_epi16(low, ones), _mm256_madd_epi16(high, ones));
    sums = _mm256_hadd_epi32(sums, sums);
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

static void pack_block(const float *p, struct wg_q8 *b)
{
    __m256 x[4];

    for (int i = 0; i < 4; i++)
        x[i] = _mm256_loadu_ps(p + 8 * i);
    float max = wg_bits_f32(max_magnitude(x));
    if (!(max < INFINITY) || max < WG_Q8_MIN) {
        wg_pack_q8_ref(p, b, 32);
        return;
    }
    __m128i sums = round_codes(x, 127.0f / max, b->q);
    b->d = max / 127.0f;
    b->half_sum[0] = _mm_cvtsi128_si32(sums);
    b->half_sum[1] = _mm_extract_epi32(sums, 1);
    b->sum = b->half_sum[0] + b->half_sum[1];
    b->s = b->d * (float)b->sum;
    b->half_s[0] = b->d * (float)b->half_sum[0];
    b->half_s[1] = b->d * (float)b->half_sum[1];
    b->unused = 0;
}

void wg_pack_q8_avx2(const float *x, void *dst, int64_t k)
{
    struct wg_q8 *b = dst;

    for (int64_t i = 0; i < k / 32; i++)
        pack_block(x + 32 * i, b + i);
}
