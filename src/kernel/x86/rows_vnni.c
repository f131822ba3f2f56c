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
    for (int j = 0; j < 4; j++) { /* two sums: the latency of one would bound a single column */
        for (int c = 0; c < cols; c++) {
            vi low = vi_set1(load_i32(a[c] + 4 * j)), high = vi_set1(load_i32(a[c] + 16 + 4 * j));
            sum[c][0] = _mm512_dpbusd_epi32(sum[c][0], q[j], low);
            sum[c][1] = _mm512_dpbusd_epi32(sum[c][1], q[j + 4], high);
        }
    }
    for (int c = 0; c < cols && group == 32; c++)
        sum[c][0] = vi_add(sum[c][0], sum[c][1]);
}

#include "kernel/x86/rows_matmul_tmpl.h"

void wg_kernels_init_vnni(struct wg_kernels *k)
{
    vnni_set_rows_matmuls(k);
}
