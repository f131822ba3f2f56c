/* The frame of checkkern: options, guarded memory, crash handling, random input, comparison. */
#include "checkkern.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct check ck;

#define DEFAULT_SEED 20240613

static uint64_t seed0 = DEFAULT_SEED, state;
static sigjmp_buf crash_point;
static volatile sig_atomic_t in_call;

static struct {
    void *base;
    size_t bytes;
} maps[64];
static int n_maps;

void ck_begin(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(ck.what, sizeof ck.what, fmt, ap);
    va_end(ap);
}

void ck_fail(const char *fmt, ...)
{
    va_list ap;

    ck.failed++;
    printf("FAILED %s %s: ", wg_isa_name(ck.k.isa), ck.what);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

static void on_signal(int sig)
{
    if (!in_call)
        _exit(128 + sig);
    siglongjmp(crash_point, sig);
}

bool ck_call(void (*fn)(void *arg), void *arg)
{
    int sig = sigsetjmp(crash_point, 1);

    if (sig) {
        in_call = 0;
        ck_fail("%s in the kernel", strsignal(sig));
        return false;
    }
    in_call = 1;
    fn(arg);
    in_call = 0;
    ck.passed++;
    return true;
}

void ck_seed(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15ull + 1;
}

uint64_t ck_seed_default(void)
{
    return seed0;
}

uint32_t ck_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

int ck_random_below(int n)
{
    return (int)(ck_random() % (uint32_t)n);
}

float ck_random_float(void)
{
    int sum = 0;

    for (int i = 0; i < 4; i++)
        sum += ck_random_below(65536) - 32768;
    return (float)sum / 40000.0f;
}

void *ck_alloc(size_t bytes, size_t align)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), body = (bytes + page - 1) / page * page + page;
    uint8_t *base =
        mmap(NULL, body + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (base == MAP_FAILED || n_maps == (int)WG_COUNT(maps)) {
        fputs("checkkern: out of memory\n", stderr);
        exit(1);
    }
    mprotect(base, page, PROT_NONE);
    mprotect(base + page + body, page, PROT_NONE);
    memset(base + page, 0xcd, body);
    maps[n_maps].base = base;
    maps[n_maps++].bytes = body + 2 * page;
    uintptr_t p = (uintptr_t)(base + page + body - bytes);
    return (void *)(p / align * align);
}

void ck_free_all(void)
{
    while (n_maps > 0) {
        n_maps--;
        munmap(maps[n_maps].base, maps[n_maps].bytes);
    }
}

void ck_fill_floats(float *x, int64_t n, enum ck_fill kind)
{
    for (int64_t i = 0; i < n; i++) {
        float sign = ck_random() & 1 ? 1.0f : -1.0f;
        switch (kind) {
        case CK_NORMAL:
            x[i] = ck_random_float();
            break;
        case CK_ZERO:
            x[i] = 0;
            break;
        case CK_MAX:
            x[i] = sign * 1e15f;
            break;
        case CK_MIN:
            x[i] = sign * 1e-15f;
            break;
        case CK_DENORMAL:
            x[i] = sign * 1e-41f * (float)ck_random_below(100);
            break;
        case CK_MIXED:
        case CK_FILL_COUNT:
            x[i] = ck_random_float();
            x[i] = ldexpf(x[i], ck_random_below(24) - 16);
            break;
        }
    }
}

static uint32_t bits(float f)
{
    uint32_t b;

    memcpy(&b, &f, sizeof b);
    return b;
}

bool ck_equal(const float *got, const float *want, int64_t n, float tol, float scale)
{
    for (int64_t i = 0; i < n; i++) {
        bool same = bits(got[i]) == bits(want[i]) || (isnan(got[i]) && isnan(want[i])) ||
                    (tol > 0 && fabsf(got[i] - want[i]) <= tol * scale);
        if (!same) {
            ck_fail("value %lld is %.9g (%08x), not %.9g (%08x)", (long long)i, (double)got[i],
                    bits(got[i]), (double)want[i], bits(want[i]));
            return false;
        }
    }
    return true;
}

bool ck_wanted(const char *name)
{
    return !ck.filter || strcmp(ck.filter, name) == 0;
}

void ck_digest(const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t b = isnan(x[i]) ? 0x7fc00000 : bits(x[i]); /* which NaN is the machine's choice */
        ck.digest = (ck.digest ^ b) * 0x100000001b3ull;
    }
}

void ck_digest_end(const char *kind, const char *name)
{
    char line[128], want[128] = "";
    uint64_t digest = ck.digest;

    ck.digest = 0;
    if (ck.k.isa != WG_ISA_BASE || seed0 != DEFAULT_SEED || digest == 0)
        return;
    if (ck.print_digests) {
        printf("%016llx %s%s\n", (unsigned long long)digest, kind, name);
        return;
    }
    FILE *f = fopen("tests/fixtures/kernel_digests.txt", "r");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strlen(line) > 17 && strncmp(line + 17, kind, strlen(kind)) == 0 &&
            strcmp(line + 17 + strlen(kind), name) == 0)
            snprintf(want, sizeof want, "%.16s", line);
    }
    if (f)
        fclose(f);
    ck_begin("%s%s", kind, name);
    snprintf(line, sizeof line, "%016llx", (unsigned long long)digest);
    if (strcmp(line, want) != 0)
        ck_fail("the reference gives other bits: digest %s, not \"%s\". Every user's model would "
                "answer differently; if that is meant: checkkern --digests",
                line, want);
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double ck_time(void (*fn)(void *arg), void *arg)
{
    double best = HUGE_VAL;
    int calls = 1;

    for (int run = 0; run < 7;) {
        double t = now_ns();
        for (int i = 0; i < calls; i++)
            fn(arg);
        t = now_ns() - t;
        if (t < 2e6 && calls < 1 << 24) {
            calls *= 2;
            continue;
        }
        best = t / calls < best ? t / calls : best;
        run++;
    }
    return best;
}

static void run_level(enum wg_isa isa, const char *only)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } parts[] = {
        {"quant", check_quant}, {"matmul", check_matmul}, {"ops", check_ops}, {"attn", check_attn}};

    wg_kernels_fill(&ck.ref, WG_ISA_BASE, 0);
    wg_kernels_fill(&ck.k, isa, wg_cpu_features());
    for (size_t i = 0; i < WG_COUNT(parts); i++) {
        int failed = ck.failed, passed = ck.passed;
        if (only && strcmp(only, parts[i].name) != 0)
            continue;
        parts[i].fn();
        printf("%-7s %-7s %6d calls, %d failed\n", wg_isa_name(isa), parts[i].name,
               ck.passed - passed, ck.failed - failed);
        fflush(stdout);
    }
}

static void usage(void)
{
    puts(
        "usage: checkkern [--isa LEVEL] [--only quant|matmul|ops|attn] [--filter NAME] [--seed N]\n"
        "                 [--bench]\n"
        "       checkkern --isa base --digests | grep '^[0-9a-f]\\{16\\} ' "
        "> tests/fixtures/kernel_digests.txt\n"
        "Without --isa: every level that this machine and WEIGH_CPU_MASK allow.");
    exit(2);
}

int main(int argc, char **argv)
{
    static const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE};
    struct sigaction sa = {.sa_handler = on_signal};
    const char *only = NULL, *level = NULL;
    enum wg_isa isa = wg_cpu_isa();

    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--bench") == 0)
            ck.bench = true;
        else if (strcmp(argv[i], "--digests") == 0)
            ck.print_digests = true;
        else if (more && strcmp(argv[i], "--isa") == 0)
            level = argv[++i];
        else if (more && strcmp(argv[i], "--only") == 0)
            only = argv[++i];
        else if (more && strcmp(argv[i], "--filter") == 0)
            ck.filter = argv[++i];
        else if (more && strcmp(argv[i], "--seed") == 0)
            seed0 = strtoull(argv[++i], NULL, 10);
        else
            usage();
    }
    if (level && wg_isa_parse(level, &isa, NULL) != WG_OK)
        usage();
    if (isa > wg_cpu_isa()) {
        printf("this machine or the mask has no %s\n", wg_isa_name(isa));
        return 77;
    }
    for (size_t i = 0; i < WG_COUNT(signals); i++)
        sigaction(signals[i], &sa, NULL);
    printf("seed %llu\n", (unsigned long long)seed0);
    for (int l = level ? (int)isa : WG_ISA_BASE; l <= (int)isa; l++)
        run_level((enum wg_isa)l, only);
    printf("%d failed\n", ck.failed);
    return ck.failed != 0;
}
