/* Level avx512: AVX-512 F, BW, DQ, VL, CD. */
#define WG_LEVEL(name) avx512_##name
#define WG_R           4
#define WG_C           4
#include "kernel/x86/v16_avx512.h"

#include "kernel/x86/ops_tmpl.h"

#include "kernel/x86/attn_tmpl.h"
#include "kernel/x86/matmul_float_tmpl.h"

void wg_kernels_init_avx512(struct wg_kernels *k)
{
    avx512_set_ops(k);
    avx512_set_attn(k);
    avx512_set_float_matmuls(k);
    wg_kernels_init_avx512_rows(k);
}
