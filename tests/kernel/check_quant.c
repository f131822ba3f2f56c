/*
 * Dequantizers: against tests/fixtures/quant (made by the gguf package) bit for bit, and against
 * the reference on random blocks at the end of a page.
 */
#include "checkkern.h"

#include <stdlib.h>
#include <string.h>

struct job {
    wg_dequant_fn *fn;
    const void *src;
    float *dst;
    int64_t n;
};

static void run(void *arg)
{
    struct job *j = arg;

    j->fn(j->src, j->dst, j->n);
}

static void check_fixture(const struct wg_type_info *t, uint32_t id)
{
    char path[256];
    uint32_t head[3];

    snprintf(path, sizeof path, "tests/fixtures/quant/%s.bin", t->name);
    ck_begin("dequant %s fixture", t->name);
    FILE *f = fopen(path, "rb");
    if (!f || fread(head, 4, 3, f) != 3 || memcmp(head, "WQFX", 4) != 0 || head[1] != id) {
        ck_fail("cannot read %s", path);
        if (f)
            fclose(f);
        return;
    }
    size_t src_bytes = (size_t)head[2] * t->block_bytes, n = (size_t)head[2] * t->block_values;
    uint8_t *src = ck_alloc(src_bytes, 1);
    float *want = ck_alloc(n * 4, 4), *got = ck_alloc(n * 4, 4);
    if (fread(src, 1, src_bytes, f) != src_bytes || fread(want, 4, n, f) != n || fgetc(f) != EOF) {
        ck_fail("%s has a wrong size", path);
    } else {
        struct job j = {ck.k.dequant[id], src, got, (int64_t)n};
        if (ck_call(run, &j))
            ck_equal(got, want, (int64_t)n, 0, 0);
    }
    fclose(f);
    ck_free_all();
}

static void check_random(const struct wg_type_info *t, uint32_t id)
{
    for (int blocks = 0; blocks <= 9; blocks++) {
        size_t n = (size_t)blocks * t->block_values, bytes = (size_t)blocks * t->block_bytes;
        uint8_t *src = ck_alloc(bytes, 1);
        float *want = ck_alloc(n * 4, 4), *got = ck_alloc(n * 4, 4);

        ck_begin("dequant %s, %d blocks", t->name, blocks);
        for (size_t i = 0; i < bytes; i++)
            src[i] = (uint8_t)ck_random();
        ck.ref.dequant[id](src, want, (int64_t)n);
        struct job j = {ck.k.dequant[id], src, got, (int64_t)n};
        if (ck_call(run, &j))
            ck_equal(got, want, (int64_t)n, 0, 0);
        ck_free_all();
    }
}

static void bench(const struct wg_type_info *t, uint32_t id)
{
    int64_t n = 65536;
    uint8_t *src = ck_alloc((size_t)n / t->block_values * t->block_bytes, 1);
    float *dst = ck_alloc((size_t)n * 4, 4);
    struct job j = {ck.k.dequant[id], src, dst, n};

    memset(src, 0x11, (size_t)n / t->block_values * t->block_bytes);
    printf("  dequant %-8s %6.2f values/ns\n", t->name, (double)n / ck_time(run, &j));
    ck_free_all();
}

void check_quant(void)
{
    for (uint32_t id = 0; id < WG_TYPE_LIMIT; id++) {
        const struct wg_type_info *t = wg_type_info(id);
        bool integer = (id >= WG_TYPE_I8 && id <= WG_TYPE_I64) || id >= WG_TYPE_BOOL;
        if (!t || integer || !ck_wanted(t->name))
            continue;
        ck_begin("dequant %s", t->name);
        if (!ck.k.dequant[id]) {
            ck_fail("has no dequantizer");
            continue;
        }
        ck_seed(ck_seed_default() + id);
        check_fixture(t, id);
        check_random(t, id);
        if (ck.bench)
            bench(t, id);
    }
}
