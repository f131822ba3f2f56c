/* Level avx2: AVX2, FMA, F16C, BMI2. */
#define WG_LEVEL(name) avx2_##name
#define WG_R           2
#define WG_C           2
#include "kernel/x86/v16_avx2.h"

#include "kernel/x86/ops_tmpl.h"

#include "kernel/x86/attn_tmpl.h"
#include "kernel/x86/matmul_float_tmpl.h"

void wg_kernels_init_avx2(struct wg_kernels *k)
{
    avx2_set_ops(k);
    avx2_set_attn(k);
    avx2_set_float_matmuls(k);
    wg_kernels_init_avx2_rows(k);
}
