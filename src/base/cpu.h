/*
 * Which instruction sets this machine has and the operating system saves, as bundles: one level is
 * a set of features that ship together, so that a kernel has few variants.
 *
 * x86-64:  base    SSE2 only (any x86-64)
 *          avx2    AVX2 FMA F16C BMI2
 *          avx512  AVX-512 F BW DQ VL CD
 *          vnni    avx512 and AVX512-VNNI
 *          amx     vnni and AMX tile, int8, bf16 (and AVX512-BF16)
 * aarch64: base    NEON; further bundles as kernels need them.
 * Features that only some CPUs of a level have are bits in wg_cpu_features(), cut by the mask too.
 */
#ifndef WG_BASE_CPU_H
#define WG_BASE_CPU_H

#include "base/status.h"

#include <stdint.h>

enum wg_isa { WG_ISA_BASE, WG_ISA_AVX2, WG_ISA_AVX512, WG_ISA_VNNI, WG_ISA_AMX, WG_ISA_COUNT };

enum wg_cpu_feature {
    WG_CPU_AVX512_BF16 = 1 << 0, /* counted from level vnni on */
    WG_CPU_AVX_VNNI = 1 << 1,    /* 256-bit VNNI without AVX-512; counted from level avx2 on */
    WG_CPU_AVX512_VBMI = 1 << 2, /* counted from level vnni on */
    WG_CPU_DOTPROD = 1 << 3,
    WG_CPU_I8MM = 1 << 4,
};

/* Highest level of this machine, before any mask. Detected once. */
enum wg_isa wg_cpu_detect(void);
/* Highest level in use: the detected one cut by the mask. */
enum wg_isa wg_cpu_isa(void);
/* Features in use, cut to those that count at wg_cpu_isa(). */
uint32_t wg_cpu_features(void);
/* Caps the level for this process; call before any kernel table is taken. Default: the
 * environment variable WEIGH_CPU_MASK, else no cap. */
void wg_cpu_set_mask(enum wg_isa highest);
enum wg_status wg_isa_parse(const char *name, enum wg_isa *out, struct wg_err *err) WG_NODISCARD;
const char *wg_isa_name(enum wg_isa isa);
/* CPU brand string ("AMD EPYC ..."), or the machine name where there is none. */
const char *wg_cpu_name(void);

/* Processors this process may use: affinity mask and cgroup quota (v1 and v2), at least 1. */
int wg_cpu_count(void);
/* Bytes of memory this process may use and that are free now: MemAvailable, cut by the cgroup. */
uint64_t wg_mem_available_bytes(void);
uint64_t wg_mem_total_bytes(void);
/* Largest resident size of this process so far. */
uint64_t wg_peak_rss_bytes(void);

#endif
