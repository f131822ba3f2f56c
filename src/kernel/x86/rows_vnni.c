/* Level vnni: the integer matmuls with VPDPBUSD. The rest of the level is avx512. */
#define WG_LEVEL(name) vnni_##name
#include "kernel/x86/rows_avx512.h"

#include <stdbool.h>

#define U8(x)     vi_xor(x, vi_bytes(-128)) /* VPDPBUSD takes unsigned codes: offset 128 */
#define U8_OFFSET 7

static WG_ALWAYS_INLINE void dots(int bits, int group, const vi *q, const int8_t *const *a,
                                  int cols, vi (*sum)[2])
{
    (void)bits;
    for (int c = 0; c < cols; c++)
        sum[c][0] = sum[c][1] = vi_set1(0);
    for (int j = 0; j < 8; j++) {
        int g = group == 16 ? j / 4 : 0;
        for (int c = 0; c < cols; c++)
            sum[c][g] =
                _mm512_dpbusd_epi32(sum[c][g], q[j], vi_set1((int)wg_load_u32(a[c] + 4 * j)));
    }
}

#include "kernel/x86/rows_matmul_tmpl.h"

void wg_kernels_init_vnni(struct wg_kernels *k)
{
    vnni_set_rows_matmuls(k);
}
