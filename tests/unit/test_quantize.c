/* Quantizers against the gguf package (bit for bit) and against llama.cpp's (error at most theirs);
 * fixtures by tools/make_quantize_fixtures.py. */
#include "base/file.h"
#include "base/mem.h"
#include "kernel/kernel.h"
#include "kernel/quantize.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "tests/fixtures/quantize/"

enum { ROW = 256, SET = 32 * ROW };

static float *values;
static int64_t n_values;

static size_t read_all(const char *name, void **out)
{
    struct wg_buf b;
    char path[128];

    snprintf(path, sizeof path, FOLDER "%s", name);
    wg_buf_init(&b, 1 << 20);
    assert_int_equal(wg_file_read(&b, path, 1 << 20, NULL), WG_OK);
    size_t n = b.len;
    *out = wg_buf_detach(&b);
    return n;
}

static int setup(void **state)
{
    (void)state;
    n_values = (int64_t)(read_all("values.bin", (void **)&values) / sizeof *values);
    return n_values > 2 * SET ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    wg_free(values);
    return 0;
}

static void test_equals_the_gguf_package(void **state)
{
    static const char *const names[] = {"F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"};

    (void)state;
    for (size_t i = 0; i < WG_COUNT(names); i++) {
        char file[32];
        enum wg_type type;
        void *want;
        snprintf(file, sizeof file, "%s.bin", names[i]);
        size_t n = read_all(file, &want);
        assert_true(wg_type_find(names[i], &type));
        assert_int_equal(n, wg_row_bytes(type, n_values));
        uint8_t *got = wg_calloc(n + 1, 1);
        wg_quantizer(type)(values, NULL, got + 1, n_values); /* at an odd address */
        for (size_t at = 0; at < n; at++)
            if (got[1 + at] != ((uint8_t *)want)[at])
                fail_msg("%s: byte %zu is %02x, the package has %02x", names[i], at, got[1 + at],
                         ((uint8_t *)want)[at]);
        wg_free(got);
        wg_free(want);
    }
}

/* Square error and sum of squares over n values. */
static double relative_error(enum wg_type type, const float *x, const float *importance, int64_t n)
{
    uint8_t *blocks = wg_calloc(wg_row_bytes(type, n), 1);
    float *back = wg_calloc((size_t)n, sizeof *back);
    double error = 0, square = 0;

    wg_quantizer(type)(x, importance, blocks, n);
    wg_kernels()->dequant[type](blocks, back, n);
    for (int64_t i = 0; i < n; i++) {
        double w = importance ? (double)importance[i] : 1, d = (double)back[i] - (double)x[i];
        assert_true(isfinite(back[i]));
        error += w * d * d;
        square += w * (double)x[i] * (double)x[i];
    }
    wg_free(back);
    wg_free(blocks);
    return square > 0 ? error / square : error;
}

static void test_error_is_at_most_the_peers(void **state)
{
    FILE *f = fopen(FOLDER "peer.txt", "r");
    char name[16];
    double normal, heavy;
    int seen = 0;

    (void)state;
    assert_non_null(f);
    while (fscanf(f, "%15s %lf %lf", name, &normal, &heavy) == 3) {
        enum wg_type type;
        assert_true(wg_type_find(name, &type));
        double a = relative_error(type, values, NULL, SET);
        double b = relative_error(type, values + SET, NULL, SET);
        if (a > normal || b > heavy)
            fail_msg("%s: %g and %g, llama.cpp has %g and %g", name, a, b, normal, heavy);
        seen++;
    }
    fclose(f);
    assert_int_equal(seen, 7);
}

/* Zeros stay zeros, a constant keeps its value, and no odd row gives an error of a whole order more
 * than a normal one. */
static void test_edge_rows(void **state)
{
    /* largest relative error of a row whose groups are of one size */
    static const struct {
        enum wg_type type;
        double most;
    } bounds[] = {{WG_TYPE_Q2_K, 0.15},   {WG_TYPE_Q3_K, 0.06},  {WG_TYPE_Q4_K, 0.015},
                  {WG_TYPE_Q5_K, 0.004},  {WG_TYPE_Q6_K, 0.001}, {WG_TYPE_IQ4_NL, 0.015},
                  {WG_TYPE_IQ4_XS, 0.015}};

    (void)state;
    for (size_t i = 0; i < WG_COUNT(bounds); i++)
        for (int64_t row = 2 * SET; row < n_values; row += ROW) {
            double e = relative_error(bounds[i].type, values + row, NULL, ROW);
            if (e > bounds[i].most)
                fail_msg("%s: row %lld: error %g", wg_type_info(bounds[i].type)->name,
                         (long long)(row / ROW), e);
        }
}

static void test_blocks_do_not_know_their_neighbours(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < WG_TYPE_LIMIT; id++) {
        wg_quant_fn *quantize = wg_quantizer((enum wg_type)id);
        if (!quantize)
            continue;
        size_t bytes = wg_row_bytes((enum wg_type)id, ROW);
        uint8_t *whole = wg_calloc(8, bytes), *piece = wg_calloc(1, bytes);
        quantize(values, NULL, whole, 8 * ROW);
        for (int i = 0; i < 8; i++) {
            quantize(values + i * ROW, NULL, piece, ROW);
            assert_memory_equal(piece, whole + (size_t)i * bytes, bytes);
        }
        wg_free(whole);
        wg_free(piece);
    }
}

static void test_importance_moves_the_error(void **state)
{
    static const enum wg_type types[] = {WG_TYPE_Q2_K, WG_TYPE_Q3_K,   WG_TYPE_Q4_K,  WG_TYPE_Q5_K,
                                         WG_TYPE_Q6_K, WG_TYPE_IQ4_NL, WG_TYPE_IQ4_XS};
    float importance[ROW];

    (void)state;
    for (int i = 0; i < ROW; i++)
        importance[i] = i % 4 == 0 ? 100 : i % 4 == 1 ? 0 : 1;
    for (size_t i = 0; i < WG_COUNT(types); i++) {
        double with = relative_error(types[i], values, importance, ROW);
        double without = relative_error(types[i], values, NULL, ROW);
        assert_true(with < without);
    }
}

static void test_types_without_a_quantizer(void **state)
{
    (void)state;
    assert_null(wg_quantizer(WG_TYPE_IQ1_S));
    assert_null(wg_quantizer(WG_TYPE_I32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_the_gguf_package),
        cmocka_unit_test(test_error_is_at_most_the_peers),
        cmocka_unit_test(test_edge_rows),
        cmocka_unit_test(test_blocks_do_not_know_their_neighbours),
        cmocka_unit_test(test_importance_moves_the_error),
        cmocka_unit_test(test_types_without_a_quantizer),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
