/* The dispatch table. */
#include "kernel/kernel.h"

#include "kernel/q8.h"
#include "kernel/variants.h"

#include <pthread.h>
#include <string.h>

static struct wg_kernels table;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t f32_bytes(int64_t k)
{
    return ((size_t)k * sizeof(float) + 63) / 64 * 64;
}

static void fill_reference(struct wg_kernels *k)
{
#define SET(type, name)                                                                            \
    k->dequant[WG_TYPE_##type] = wg_dequant_##name##_ref;                                          \
    k->matmul_exact[WG_TYPE_##type] =                                                              \
        (struct wg_matmul){wg_pack_f32_ref, f32_bytes, wg_matmul_exact_##name##_ref, 4};
    WG_DEQUANT_TYPES(SET)
#undef SET
    memcpy(k->matmul, k->matmul_exact, sizeof k->matmul);
#define SET(type, name)                                                                            \
    k->matmul[WG_TYPE_##type] =                                                                    \
        (struct wg_matmul){wg_pack_q8_ref, wg_q8_bytes, wg_matmul_##name##_ref, 16};
    WG_Q8_TYPES(SET)
#undef SET
    k->attn[WG_KV_F32] = wg_attn_f32_ref;
    k->attn[WG_KV_F16] = wg_attn_f16_ref;
    k->rmsnorm = wg_rmsnorm_ref;
    k->layernorm = wg_layernorm_ref;
    k->gated = wg_gated_ref;
    k->add = wg_add_ref;
    k->mul_add = wg_mul_add_ref;
    k->scale = wg_scale_ref;
    k->dot = wg_dot_ref;
    k->softmax = wg_softmax_ref;
    k->rope_neox = wg_rope_neox_ref;
    k->rope_interleaved = wg_rope_interleaved_ref;
    k->f32_to_f16 = wg_f32_to_f16_ref;
    k->f16_to_f32 = wg_f16_to_f32_ref;
    k->f32_to_bf16 = wg_f32_to_bf16_ref;
}

void wg_kernels_fill(struct wg_kernels *k, enum wg_isa isa, uint32_t features)
{
    memset(k, 0, sizeof *k);
    k->isa = isa;
    k->features = features;
    fill_reference(k);
#if defined(__x86_64__)
    if (isa < WG_ISA_AVX2)
        return;
    wg_kernels_init_avx2(k);
    if (isa < WG_ISA_AVX512)
        return;
    wg_kernels_init_avx512(k);
    if (isa < WG_ISA_VNNI)
        return;
    wg_kernels_init_vnni(k);
#endif
}

static void fill_once(void)
{
    wg_kernels_fill(&table, wg_cpu_isa(), wg_cpu_features());
}

const struct wg_kernels *wg_kernels(void)
{
    pthread_once(&once, fill_once);
    return &table;
}
