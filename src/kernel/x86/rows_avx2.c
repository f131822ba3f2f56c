/* The integer matmuls at level avx2: eight rows, pairs of products in 16 bits. */
#define WG_LEVEL(name) avx2_##name
#include "kernel/x86/rows_avx2.h"

#include <stdbool.h>

/* Codes of eight bits stay signed: |w| times the activation with w's sign fits VPMADDUBSW. */
#define U8(x)     (x)
#define U8_OFFSET -1

static WG_ALWAYS_INLINE vi pair_sums(int bits, vi w, vi a)
{
    if (bits == 8)
        return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
    return _mm256_maddubs_epi16(w, a);
}

#include "kernel/x86/dots16_tmpl.h"

#include "kernel/x86/rows_matmul_tmpl.h"

void wg_kernels_init_avx2_rows(struct wg_kernels *k)
{
    avx2_set_rows_matmuls(k);
}
