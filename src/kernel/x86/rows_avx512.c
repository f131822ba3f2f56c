/* The integer matmuls at level avx512: sixteen rows, pairs of products in 16 bits. */
#define WG_LEVEL(name) avx512_##name
#include "kernel/x86/rows_avx512.h"

#include <stdbool.h>

#define U8(x)     (x) /* signed, see rows_avx2.c */
#define U8_OFFSET -1

static WG_ALWAYS_INLINE vi pair_sums(int bits, vi w, vi a)
{
    if (bits == 8) {
        a = _mm512_mask_sub_epi8(a, _mm512_movepi8_mask(w), _mm512_setzero_si512(), a);
        w = _mm512_abs_epi8(w);
    }
    return _mm512_maddubs_epi16(w, a);
}

#include "kernel/x86/dots16_tmpl.h"

#include "kernel/x86/rows_matmul_tmpl.h"

void wg_kernels_init_avx512_rows(struct wg_kernels *k)
{
    avx512_set_rows_matmuls(k);
}
