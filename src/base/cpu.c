#include "base/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#endif
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

static const char *const isa_names[WG_ISA_COUNT] = {"base", "avx2", "avx512", "vnni", "amx"};

static enum wg_isa detected_isa;
static uint32_t detected_features;
static char brand[64];
static enum wg_isa mask = WG_ISA_COUNT;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
static uint64_t xgetbv0(void)
{
    uint32_t lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

/* Linux gives the tile state to a process only on request. */
static bool amx_permitted(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

static void read_brand(void)
{
    unsigned r[12], max = __get_cpuid_max(0x80000000u, NULL);

    if (max < 0x80000004u)
        return;
    for (unsigned i = 0; i < 3; i++)
        __cpuid(0x80000002u + i, r[4 * i], r[4 * i + 1], r[4 * i + 2], r[4 * i + 3]);
    memcpy(brand, r, 48);
}

static void detect(void)
{
    unsigned a, b, c, d, b7 = 0, c7 = 0, d7 = 0, a71 = 0;

    read_brand();
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return;
    uint64_t xcr = xgetbv0();
    bool ymm = (xcr & 0x6) == 0x6, zmm = (xcr & 0xE6) == 0xE6, tile = (xcr & 0x60000) == 0x60000;
    unsigned unused;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7))
        return;
    if (a >= 1)
        __get_cpuid_count(7, 1, &a71, &unused, &unused, &unused);
    if (!ymm || !(c & bit_AVX) || !(c & bit_FMA) || !(c & bit_F16C) || !(b7 & bit_AVX2) ||
        !(b7 & bit_BMI2))
        return;
    detected_isa = WG_ISA_AVX2;
    if (a71 & (1u << 4))
        detected_features |= WG_CPU_AVX_VNNI;
    unsigned f512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
    if (!zmm || (b7 & f512) != f512)
        return;
    detected_isa = WG_ISA_AVX512;
    if (!(c7 & (1u << 11)))
        return;
    detected_isa = WG_ISA_VNNI;
    if (a71 & (1u << 5))
        detected_features |= WG_CPU_AVX512_BF16;
    if (c7 & (1u << 1))
        detected_features |= WG_CPU_AVX512_VBMI;
    unsigned amx = 1u << 22 | 1u << 24 | 1u << 25; /* bf16, tile, int8 */
    if (tile && (d7 & amx) == amx && (detected_features & WG_CPU_AVX512_BF16) && amx_permitted())
        detected_isa = WG_ISA_AMX;
}
#elif defined(__aarch64__)
static void detect(void)
{
    unsigned long cap = getauxval(AT_HWCAP), cap2 = getauxval(AT_HWCAP2);

    if (cap & (1ul << 20)) /* HWCAP_ASIMDDP */
        detected_features |= WG_CPU_DOTPROD;
    if (cap2 & (1ul << 13)) /* HWCAP2_I8MM */
        detected_features |= WG_CPU_I8MM;
}
#else
static void detect(void)
{
}
#endif

static void init(void)
{
    const char *env = getenv("WEIGH_CPU_MASK");
    enum wg_isa m = WG_ISA_COUNT;

    detect();
    if (mask == WG_ISA_COUNT && env && wg_isa_parse(env, &m, NULL) == WG_OK)
        mask = m;
    if (brand[0] == '\0') {
        struct utsname u;
        if (uname(&u) == 0)
            snprintf(brand, sizeof brand, "%.60s", u.machine);
    }
}

enum wg_isa wg_cpu_detect(void)
{
    pthread_once(&once, init);
    return detected_isa;
}

enum wg_isa wg_cpu_isa(void)
{
    pthread_once(&once, init);
    return detected_isa < mask ? detected_isa : mask;
}

uint32_t wg_cpu_features(void)
{
    enum wg_isa isa = wg_cpu_isa();
    uint32_t f = detected_features;

    if (isa < WG_ISA_VNNI)
        f &= ~(uint32_t)(WG_CPU_AVX512_BF16 | WG_CPU_AVX512_VBMI);
#if defined(__x86_64__)
    if (isa < WG_ISA_AVX2)
        f &= ~(uint32_t)WG_CPU_AVX_VNNI;
#else
    if (mask == WG_ISA_BASE)
        f = 0;
#endif
    return f;
}

void wg_cpu_set_mask(enum wg_isa highest)
{
    mask = highest;
}

enum wg_status wg_isa_parse(const char *name, enum wg_isa *out, struct wg_err *err)
{
    for (int i = 0; i < WG_ISA_COUNT; i++) {
        if (strcmp(name, isa_names[i]) == 0) {
            *out = (enum wg_isa)i;
            return WG_OK;
        }
    }
    return wg_fail(err, WG_E_USAGE,
                   "\"%s\" is not an instruction-set level; use base, avx2, avx512, vnni or amx",
                   name);
}

const char *wg_isa_name(enum wg_isa isa)
{
    return (unsigned)isa < WG_ISA_COUNT ? isa_names[isa] : "unknown";
}

const char *wg_cpu_name(void)
{
    pthread_once(&once, init);
    const char *s = brand;
    while (*s == ' ')
        s++;
    return s;
}

static bool read_line(const char *path, char *out, size_t n)
{
    FILE *f = fopen(path, "r");
    bool ok = f && fgets(out, (int)n, f) != NULL;

    if (f)
        fclose(f);
    return ok;
}

int wg_cpu_count(void)
{
    char line[128];
    long long quota = -1, period = 0;
    cpu_set_t set;
    int n = 1;

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
    else
        n = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (read_line("/sys/fs/cgroup/cpu.max", line, sizeof line)) {
        char *rest; /* "QUOTA PERIOD" or "max PERIOD" */
        quota = strtoll(line, &rest, 10);
        period = rest == line ? 0 : strtoll(rest, NULL, 10);
    } else if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", line, sizeof line)) {
        quota = strtoll(line, NULL, 10);
        if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", line, sizeof line))
            period = strtoll(line, NULL, 10);
    }
    if (quota > 0 && period > 0) {
        int limit = (int)((quota + period - 1) / period);
        n = limit < n ? limit : n;
    }
    return n < 1 ? 1 : n;
}

static uint64_t meminfo(const char *key)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    size_t n = strlen(key);

    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, key, n) == 0 && line[n] == ':') {
            kib = strtoull(line + n + 1, NULL, 10);
            break;
        }
    }
    if (f)
        fclose(f);
    return (uint64_t)kib * 1024;
}

static uint64_t cgroup_bytes(const char *v2, const char *v1)
{
    char line[64];

    if (!read_line(v2, line, sizeof line) && !read_line(v1, line, sizeof line))
        return UINT64_MAX;
    if (strncmp(line, "max", 3) == 0)
        return UINT64_MAX;
    return strtoull(line, NULL, 10);
}

uint64_t wg_mem_total_bytes(void)
{
    uint64_t total = meminfo("MemTotal");
    uint64_t limit =
        cgroup_bytes("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    return limit < total ? limit : total;
}

uint64_t wg_mem_available_bytes(void)
{
    uint64_t avail = meminfo("MemAvailable");
    uint64_t limit =
        cgroup_bytes("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    uint64_t used = cgroup_bytes("/sys/fs/cgroup/memory.current",
                                 "/sys/fs/cgroup/memory/memory.usage_in_bytes");
    if (limit != UINT64_MAX && used != UINT64_MAX) {
        uint64_t left = limit > used ? limit - used : 0;
        avail = left < avail ? left : avail;
    }
    return avail;
}

uint64_t wg_peak_rss_bytes(void)
{
    struct rusage ru;

    if (getrusage(RUSAGE_SELF, &ru) != 0)
        return 0;
    return (uint64_t)ru.ru_maxrss * 1024;
}
